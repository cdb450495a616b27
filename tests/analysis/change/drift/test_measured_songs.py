"""Songs of known onsets, periods and pitches: what is measured of them, and what rooms leave."""

import numpy as np
import pytest
from scipy import signal

from chingolo.analysis.change.drift.drift_table import DriftTable, drift_table
from chingolo.analysis.change.drift.match_theme import find_parts, plan_parts
from chingolo.analysis.change.drift.song_measures import SongMeasures, crossings, measure_song
from chingolo.analysis.change.drift.trills import TrillPlan, find_trill
from chingolo.synth.tables.files import InputError

from .closed_forms import RATE, chirps, whistles_and_trill

SONG = chirps(whistles_and_trill())
EXPECTED = {
    "pitch of part 1": 4000.0,
    "pitch of part 2": 5000.0,
    "trill period of part 3": 0.06,
    "interval from part 1 to part 2": 0.3,
}


def told(table: DriftTable, song: int = 0) -> dict[str, float]:
    return {
        measure.name: float(np.exp(value))
        for measure, value in zip(table.measures, table.values[song], strict=True)
    }


def one_theme(*waves: np.ndarray) -> DriftTable:
    return drift_table(
        [measure_song(wave, RATE) for wave in waves], np.array(["a"] * len(waves), object)
    )


def test_a_song_is_measured_as_it_was_written():
    song = measure_song(SONG, RATE)
    assert len(song.notes) == 10
    first = song.notes[0]
    assert first.is_whistle
    assert not song.notes[-1].is_whistle
    assert first.f0 == pytest.approx(4000, rel=1e-3)
    assert first.onset == pytest.approx(0.2, abs=0.004)
    assert song.notes[-1].slope == pytest.approx(-2300 / 0.035, rel=0.1)
    values = told(one_theme(SONG))
    assert {name: values[name] for name in EXPECTED} == pytest.approx(EXPECTED, rel=1e-3)
    # the trill passes 5.35 kHz in its notes' midst, 17.5 ms after they begin
    assert values["interval from part 2 to part 3"] == pytest.approx(0.3175, abs=0.005)


def test_the_time_at_which_a_sweep_passes_a_pitch():
    times, slopes = crossings(measure_song(SONG, RATE), 5350.0)
    expected = 0.8 + 0.06 * np.arange(8) + 0.0175
    np.testing.assert_allclose(times, expected, atol=1e-3)
    np.testing.assert_allclose(slopes, -2300 / 0.035, rtol=0.15)


def room(wave: np.ndarray) -> np.ndarray:
    time = np.arange(int(0.8 * RATE)) / RATE
    tail = np.random.default_rng(3).standard_normal(len(time)) * 10 ** (-3 * time / 0.8)
    tail[:60] = 0
    tail *= np.sqrt(0.6 / np.sum(tail**2))
    tail[0] = 1
    return signal.fftconvolve(wave, tail)[: len(wave)]


@pytest.mark.parametrize(
    ("chain", "error"),
    [(room, 5e-3), (lambda wave: np.clip(wave, -0.2, 0.2), 1e-3), (np.gradient, 1e-3)],
    ids=["room", "clipping", "rising response"],
)
def test_a_recorder_moves_no_trill_period_and_no_whistle(chain, error):
    values = told(one_theme(SONG, chain(SONG)), 1)
    assert values["trill period of part 3"] == pytest.approx(0.06, rel=error)
    for part, pitch in ((1, 4000.0), (2, 5000.0)):
        heard = values[f"pitch of part {part}"]
        assert np.isnan(heard) or heard == pytest.approx(pitch, rel=error)


def test_gain_control_moves_no_interval():
    size = np.abs(signal.hilbert(SONG))
    level = np.asarray(signal.lfilter([1 - 0.9998], [1, -0.9998], size)) + 0.02
    values = told(one_theme(SONG, SONG / level), 1)
    assert values["interval from part 1 to part 2"] == pytest.approx(0.3, rel=5e-3)


def wall(wave: np.ndarray) -> np.ndarray:
    """One reflection 0.9 ms late: notches at 2.8, 3.9, 5 and 6.1 kHz."""
    late = round(0.0009 * RATE)
    return wave + 0.85 * np.pad(wave, (late, 0))[: len(wave)]


@pytest.mark.parametrize("first", [3650.0, 3700.0, 3750.0, 3800.0])
def test_a_notch_that_hides_the_beginning_of_a_glide_moves_no_interval(first):
    song = chirps(
        [(0.2, 0.3, 6200.0, 6300.0), (0.6, 0.31, first, first + 1350), (1.2, 0.2, 4400.0, 4400.0)]
    )
    noisy = song + 0.06 * np.random.default_rng(1).standard_normal(len(song))
    table = one_theme(noisy, wall(noisy))
    clean, heard = told(table, 0), told(table, 1)
    both = [name for name in clean if np.isfinite([clean[name], heard[name]]).all()]
    assert {"pitch of part 1", "interval from part 1 to part 3"} <= set(both)
    assert heard["interval from part 1 to part 3"] == pytest.approx(1.0, rel=6e-3)
    for name in both:
        assert heard[name] == pytest.approx(clean[name], rel=6e-3)


def test_speed_moves_pitch_and_time_alike():
    faster = signal.resample_poly(SONG, 50, 51)
    values = told(one_theme(SONG, faster), 1)
    for name, expected in EXPECTED.items():
        factor = 1.02 if name.startswith("pitch") else 1 / 1.02
        assert values[name] == pytest.approx(expected * factor, rel=1.5e-3)


def test_a_trill_with_a_note_missing_and_others_between_keeps_its_period():
    notes = whistles_and_trill()
    del notes[5]
    values = told(one_theme(SONG, chirps(notes)), 1)
    assert values["trill period of part 3"] == pytest.approx(0.06, rel=1e-3)
    plan = TrillPlan(pitch=5350.0, slope=-66_000.0, period=0.06)
    assert find_trill(measure_song(chirps(notes[:5]), RATE), plan) is None


def test_parts_are_matched_by_pitch_and_time_not_by_number():
    parts = plan_parts(measure_song(SONG, RATE))
    assert [part.trill is not None for part in parts] == [False, False, True]
    without_first = measure_song(chirps(whistles_and_trill()[1:]), RATE)
    found, _ = find_parts(without_first, parts)
    assert found[0] is None
    assert found[1] is not None
    assert found[1].pitch == pytest.approx(5000, rel=1e-3)
    other = measure_song(chirps([(0.2, 0.3, 2500, 2500), (0.6, 0.3, 7500, 7500)]), RATE)
    assert find_parts(other, parts)[0] == [None, None, None]


def test_what_is_missing_is_missing():
    silent = measure_song(np.zeros(RATE), RATE)
    assert silent == measure_song(np.zeros(10), RATE) or not silent.notes
    table = drift_table(
        [measure_song(SONG, RATE), silent, SongMeasures(())], np.array(["a", "a", ""], object)
    )
    assert np.isfinite(table.values[0]).all()
    assert np.isnan(table.values[1:]).all()
    rows = table.rows()
    assert rows["song"].tolist() == [0] * 5 + [1] * 5
    assert rows["value"].isna().sum() == 5
    assert set(rows["unit"]) == {"s", "Hz"}
    assert not drift_table([silent], np.array(["b"], object)).measures
    with pytest.raises(InputError):
        measure_song(np.array([0.0, np.nan]), RATE)
