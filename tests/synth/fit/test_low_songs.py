"""Doves and owls: tones and harmonic stacks made by numpy alone, fitted as a user would."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

import chingolo.synth.fit.quality as quality
from chingolo.scripts.fit_songs import main
from chingolo.synth.fit.fit_song import bird_by_ear, fit, track_song
from chingolo.synth.fit.fitted_song import analysis_rate, as_heard, heard_up_to, resynthesise
from chingolo.synth.fit.fitted_theme import fitted_theme, sung_from_notation
from chingolo.synth.fit.quality import judge
from chingolo.synth.score.repertoire_file import load_bird, load_repertoire
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table
from chingolo.synth.voice.birds import BIRDS, Bird, larger
from chingolo.synth.voice.tract import tract_response

RATE = 22_050
SPARROW = BIRDS["rufous_collared_sparrow"]
STARTS, NOTE_S = (0.3, 0.8, 1.3), 0.3


def coos(f0: float, harmonics: int, *, rate: int = RATE, snr: float = 30) -> np.ndarray:
    """Three notes of 0.3 s that rise by 8 % and fall, each harmonic 12 dB below the last."""
    time = np.arange(round(NOTE_S * rate)) / rate
    phase = 2 * np.pi * np.cumsum(f0 * (1 + 0.08 * np.sin(np.pi * time / NOTE_S))) / rate
    edge = np.sin(0.5 * np.pi * np.clip(np.minimum(time, NOTE_S - time) / 0.04, 0, 1)) ** 2
    note = edge * sum(10 ** (-0.6 * (k - 1)) * np.sin(k * phase) for k in range(1, harmonics + 1))
    noise = 0.5**0.5 * 10 ** (-snr / 20)
    wave = noise * np.random.default_rng(0).standard_normal(2 * rate)
    for start in STARTS:
        wave[round(start * rate) : round(start * rate) + len(note)] += note
    return 0.3 * wave


def written(folder, waves, rate: int = RATE):
    for number, wave in enumerate(waves):
        soundfile.write(folder / f"{number}.wav", wave, rate)
    rows = {"path": [f"{number}.wav" for number in range(len(waves))]}
    pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    return folder / "songs.csv"


def test_a_larger_bird_has_the_same_tract_lower():
    """Lengths and times 4 times as large: every resonance at a quarter of the frequency."""
    frequency = np.geomspace(300, 9000, 200)
    np.testing.assert_allclose(
        tract_response(frequency / 4, larger(SPARROW, 4)), tract_response(frequency, SPARROW)
    )


def test_a_song_played_slower_is_that_of_a_larger_bird():
    """The same samples, called a recording of another rate, give the same notes, slower."""
    song = coos(3000.0, 2)
    usual, slow = track_song(song, SPARROW), track_song(song, larger(SPARROW, 3))
    assert len(usual.notes) == len(slow.notes) == len(STARTS)
    for one, other in zip(usual.notes, slow.notes, strict=True):
        np.testing.assert_allclose([other.start, other.end], [3 * one.start, 3 * one.end])
        np.testing.assert_allclose(np.median(other.f0), np.median(one.f0) / 3, rtol=1e-4)
    assert len(slow.gesture.f0) == 3 * (len(usual.gesture.f0) - 1) + 1


@pytest.mark.parametrize(
    ("f0", "harmonics"),
    [
        (500.0, 1),
        pytest.param(400.0, 1, marks=pytest.mark.slow),
        pytest.param(400.0, 4, marks=pytest.mark.slow),
        pytest.param(650.0, 3, marks=pytest.mark.slow),
        pytest.param(900.0, 1, marks=pytest.mark.slow),
    ],
)
def test_low_songs_are_met_by_a_bird_that_is_chosen_for_them(tmp_path, f0: float, harmonics: int):
    table = written(tmp_path, [coos(f0, harmonics)])
    out = tmp_path / "out"
    assert main([str(table), "--out", str(out)]) == 0
    told = pd.read_csv(out / "fit.csv").iloc[0]
    assert told["verdict"] == "good", told["reason"]
    assert told["notes"] == len(STARTS)
    repertoire = load_repertoire(out / "repertoire.yaml")
    assert repertoire.singer.gamma < SPARROW.gamma
    rise = 1.08 * f0
    notes = {item.note for theme in repertoire.themes for item in theme.items}
    for note in notes:
        pitches = [pitch for _, pitch in note.points]
        np.testing.assert_allclose(max(pitches), rise, rtol=0.01)
        assert min(pitches) > 0.95 * f0  # at the very edges, where it is not heard
    sung = read_song_table(out / "songs.csv")
    assert (sung["fit_verdict"] == "good").all()


def test_the_bird_of_a_file_sings_and_its_band_is_listened_to(tmp_path):
    bird = tmp_path / "dove.yaml"
    bird.write_text(
        "bird: {name: dove, like: rufous_collared_sparrow, larger: 6, source: chosen}\n"
    )
    dove = load_bird(str(bird))
    assert (dove.name, dove.gamma) == ("dove", 4000.0)
    table = written(tmp_path, [coos(f0, 2, rate=48_000) for f0 in (450.0, 550.0)], 48_000)
    out = tmp_path / "out"
    command = [str(table), "--out", str(out), "--bird", str(bird), "--copies", "1"]
    assert main(command) == 0
    told = pd.read_csv(out / "fit.csv")
    assert list(told["verdict"]) == ["good", "good"]
    assert load_repertoire(out / "repertoire.yaml").singer == dove
    # what was fitted tells the bird of the next fit
    assert load_bird(str(out / "repertoire.yaml")) == dove


def test_songs_of_songbird_pitch_are_left_to_the_usual_bird():
    assert bird_by_ear([coos(2500.0, 1), coos(4000.0, 2)], SPARROW) is SPARROW
    assert bird_by_ear([], SPARROW) is SPARROW
    assert analysis_rate(SPARROW) == RATE
    assert as_heard(SPARROW) is SPARROW


def test_a_fit_in_memory_follows_the_bird_too():
    owl = larger(SPARROW, 16)
    found = fit(coos(200.0, 2, rate=8000), sample_rate=8000, bird=owl)
    assert len(found.notes) == len(STARTS)
    for note, start in zip(found.notes, STARTS, strict=True):
        assert abs(note.start - start) < 0.02
        assert abs(note.end - start - NOTE_S) < 0.03
        np.testing.assert_allclose(np.max(note.f0), 1.08 * 200, rtol=0.01)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bird: {name: own, larger: 6, gamma: 3000}\n", "like"),
        ("bird: {name: own, like: zebra_finch, larger: 0}\n", "larger"),
        ("bird: nobody\n", "nobody"),
        ("{}\n", "bird"),
    ],
)
def test_a_file_without_a_bird_is_refused_with_its_reason(tmp_path, text: str, told: str):
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(InputError, match=told):
        load_bird(str(tmp_path / "own.yaml"))


def test_a_bird_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="rufous_collared_sparrow"):
        load_bird("dodo")
    assert isinstance(load_bird("emberiza_citrinella"), Bird)


@pytest.mark.parametrize(("rate", "f0"), [(8000, 2500.0), (8000, 3200.0), (16_000, 4000.0)])
def test_a_recording_is_judged_in_the_band_that_its_rate_holds(rate: int, f0: float):
    """What lies above its own Nyquist frequency is neither noise nor song, and tells nothing."""
    wave = soxr.resample(coos(f0, 1, rate=rate), rate, RATE).astype(np.float32)
    found = track_song(wave, SPARROW)
    assert f0 < heard_up_to(found) < 0.51 * rate
    theme = fitted_theme(found.notes, SPARROW, name="one")
    written = sung_from_notation(found, theme, SPARROW)
    heard = judge(wave, resynthesise([found, written], SPARROW), found, written)
    assert heard.verdict == "good", heard.reason


def test_a_recording_of_the_whole_band_is_heard_whole():
    assert np.isinf(heard_up_to(track_song(coos(3000.0, 1), SPARROW)))
    silent = track_song(coos(3000.0, 1, snr=300), SPARROW)  # no noise anywhere is no cut
    assert np.isinf(heard_up_to(silent))


def test_a_long_recording_is_judged_part_by_part_as_it_would_be_whole(monkeypatch):
    wave = np.concatenate([coos(f0, 1) for f0 in (2500.0, 3000.0, 3500.0)])
    found = track_song(wave, SPARROW)
    whole = quality.reassigned_deviation(wave, found)
    monkeypatch.setattr(quality, "JUDGED", 80 * 250)
    assert quality.reassigned_deviation(wave, found) == pytest.approx(whole, rel=0.05)
    assert whole < 1e-3


def test_songs_that_want_another_bird_are_told_with_the_command(tmp_path, capsys):
    """One song two octaves below four others, which the bird of the table cannot sing purely."""
    waves = [coos(f0, 2) for f0 in (2500.0, 3000.0, 3500.0, 4000.0)]
    table = written(tmp_path, [*waves, coos(400.0, 1)])
    out = tmp_path / "out"
    assert main([str(table), "--out", str(out), "--refine-steps", "0"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "better fitted" in line]
    told = pd.read_csv(out / "fit.csv")
    assert told["verdict"].tolist()[-1] in ("poor", "failed")
    (line,) = lines
    assert line.strip().startswith("row 5: ")
    command = shlex.split(line.partition("chingolo fit ")[2])
    assert main([*command, "--refine-steps", "0"]) == 0
    alone = pd.read_csv(Path(command[-1]) / "fit.csv")
    assert len(alone) == 1
    assert alone["verdict"].tolist()[0] in ("good", "fair")
    assert load_repertoire(Path(command[-1]) / "repertoire.yaml").singer.gamma < SPARROW.gamma

    assert main([str(table), "--out", str(tmp_path / "own"), "--bird", SPARROW.name]) == 0
    assert "better fitted" not in capsys.readouterr().out
