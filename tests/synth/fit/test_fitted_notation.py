"""What `fit` writes: notation that loads, columns that are the user's, memory that is bounded."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import chingolo.synth.fit.fit_song
from chingolo.synth.fit.fit_song import track_song
from chingolo.synth.fit.fit_table import fit_songs
from chingolo.synth.fit.fitted_song import Fit
from chingolo.synth.fit.fitted_theme import fitted_repertoire, fitted_theme
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.fit.track.note import FittedNote, cut_note, in_pieces
from chingolo.synth.score.repertoire import Repertoire, Theme
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.write_repertoire import write_repertoire
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table
from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.gestures import ALPHA_RANGE
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

BIRD = BIRDS["rufous_collared_sparrow"]


def note_at(
    start: float,
    duration: float,
    *,
    f0: Sequence[float] = (3000.0, 5000.0),
    peak: float = 0.5,
    edges: tuple[float, float] = (0.01, 0.01),
    alpha: float | None = None,
) -> FittedNote:
    """A note that sweeps evenly through pitches."""
    first = int(np.ceil(start * CONTROL_RATE))
    time = np.arange(first, int((start + duration) * CONTROL_RATE) + 1) / CONTROL_RATE - start
    curve = np.interp(time / duration, np.linspace(0, 1, len(f0)), f0)
    edge = np.clip(np.minimum(time / edges[0], (duration - time) / edges[1]), 0, 1)
    amplitude = peak * np.sin(0.5 * np.pi * edge) ** 2
    end = start + duration
    return FittedNote(first, curve, amplitude, start, end, *edges, 20.0, float("nan"), alpha)


def written(theme: Theme, folder: Path) -> Repertoire:
    write_repertoire(fitted_repertoire([theme], "Avis", BIRD), folder / "one.yaml")
    return load_repertoire(folder / "one.yaml")


runs = st.tuples(
    st.floats(0, 200),  # s before
    st.floats(0.006, 2.5),  # s of each note
    st.integers(1, 9),  # notes alike
    st.floats(1.01, 15),  # interval over duration
    st.lists(st.floats(400, 13_000), min_size=1, max_size=5),
    st.floats(1e-5, 1),
    st.tuples(st.floats(1e-6, 5), st.floats(1e-6, 5)),
    st.one_of(st.none(), st.floats(*ALPHA_RANGE)),
)


@settings(max_examples=60, deadline=None)
@given(runs=st.lists(runs, min_size=1, max_size=5))
def test_what_fit_writes_can_be_loaded(runs, tmp_path_factory):
    """Of any notes: minutes apart, slower than a trill may be, at the edges of what labia do."""
    notes, now = [], 0.0
    for before, length, count, interval, f0, peak, edges, alpha in runs:
        now += before
        for _ in range(count):
            notes.append(note_at(now, length, f0=f0, peak=peak, edges=edges, alpha=alpha))
            now += interval * length
    notes = [note for note in notes if len(note.f0) >= 3]
    if not notes:
        return
    theme = fitted_theme(notes, BIRD, name="one")
    (loaded,) = written(theme, tmp_path_factory.mktemp("w")).themes
    assert sum(item.count for item in loaded.items) == len(notes)
    time = notes[0].start  # it also begins its notes where they were
    for item, plan in zip(loaded.items, theme.items, strict=True):
        assert item.gap == pytest.approx(plan.gap, abs=1e-9)
        time += item.gap + item.note.duration + (item.count - 1) / max(item.rate, 1e-9)
    assert time == pytest.approx(notes[-1].end, abs=0.1 * (1 + notes[-1].end - notes[-1].start))


def test_a_trill_of_more_notes_than_one_may_have_is_several(tmp_path):
    notes = [note_at(0.05 * number, 0.03) for number in range(1050)]
    (theme,) = written(fitted_theme(notes, BIRD, name="one"), tmp_path).themes
    assert [item.count for item in theme.items] == [1000, 50]
    assert theme.items[1].gap == pytest.approx(0.02, abs=0.002)


def test_long_notes_are_cut_and_pauses_of_minutes_kept(tmp_path):
    notes = [*in_pieces(note_at(0, 130.0, f0=[4000.0])), note_at(330.0, 0.2)]
    (theme,) = written(fitted_theme(notes, BIRD, name="one"), tmp_path).themes
    assert [item.note.duration for item in theme.items] == pytest.approx([130 / 3] * 3 + [0.2])
    assert theme.items[3].gap == pytest.approx(200.0, abs=1e-3)


def test_a_cut_note_fades():
    """From one frame to the next no more than a sin^2 edge of 4 ms rises: pi / 2 / 8.8 frames."""
    note = note_at(0.1, 0.3)
    for part in (cut_note(note, 0.1, 0.2), cut_note(note, 0.2, 0.4), cut_note(note, 0.15, 0.35)):
        steps = np.diff(np.concatenate([[0], part.amplitude, [0]]))
        assert np.abs(steps).max() < 0.5 * 0.5 * np.pi / (0.004 * CONTROL_RATE) * 1.01
        assert part.amplitude.max() == pytest.approx(0.5, rel=0.01)
    assert np.abs(np.diff(np.append(note.amplitude[:220], 0))).max() > 0.4  # without an edge


def whistles(seconds: float) -> np.ndarray:
    """0.3 s of 4 kHz each s, over noise."""
    time = np.arange(round(seconds * RATE)) / RATE
    inside = np.clip(np.minimum(time % 1 - 0.4, 0.7 - time % 1) / 0.02, 0, 1)
    wave = 0.3 * np.sin(0.5 * np.pi * inside) ** 2 * np.sin(2 * np.pi * 4000 * time)
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(time))
    return (wave + noise).astype(np.float32)


def test_a_long_recording_is_tracked_in_sections_of_bounded_memory(monkeypatch):
    def grown() -> tuple[float, list[Fit]]:
        """Bytes that 8 s more take, and what was found."""
        peaks, found = [], []
        for seconds in (8.0, 16.0):
            tracemalloc.start()
            found.append(track_song(whistles(seconds), BIRD))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        return peaks[1] - peaks[0], found

    at_once, (_, whole) = grown()
    monkeypatch.setattr(chingolo.synth.fit.fit_song, "SECTION", 4.0)
    in_sections, found = grown()
    assert in_sections < 0.3 * at_once  # the wave and the gesture alone
    assert [len(fit.notes) for fit in found] == [8, 16]
    for note, same in zip(found[1].notes, whole.notes, strict=True):
        assert note.start == pytest.approx(same.start, abs=1e-3)
        assert np.median(note.f0) == pytest.approx(4000, rel=1e-3)
    np.testing.assert_allclose(found[1].gesture.f0[900:1500], 4000, rtol=2e-3)


@pytest.fixture
def recording(tmp_path) -> Path:
    soundfile.write(tmp_path / "one.wav", whistles(2.0), RATE)
    return tmp_path


def test_columns_of_the_user_stay_theirs(recording):
    own = {"song": "dawn", "copy": "left", "verdict": "nice", "number": "7"}
    pd.DataFrame([{"path": "one.wav", **own}]).to_csv(recording / "songs.csv", index=False)
    fit_songs(recording / "songs.csv", recording / "fit", copies=1, refine_steps=0)
    made = read_song_table(recording / "fit" / "songs.csv")
    assert len(made) == 2
    for name, value in own.items():
        assert list(made[name].astype(str)) == [value, value]
    assert list(made["fit_copy"].astype(int)) == [0, 1]
    assert list(made["fit_verdict"]) == ["good", "good"]


def test_columns_that_fit_writes_are_refused_with_words(recording):
    (recording / "songs.csv").write_text("path,fit_song\none.wav,3\n")
    with pytest.raises(InputError, match=r"songs.csv: 'fit_song' is a column that fit writes"):
        fit_songs(recording / "songs.csv", recording / "fit")


def test_a_row_of_a_whole_morning_is_told_not_decoded(recording, monkeypatch):
    soundfile.write(recording / "night.wav", np.zeros(8000 * 601, np.int16), 8000)
    (recording / "songs.csv").write_text("path\none.wav\nnight.wav\n")
    fitted = fit_songs(recording / "songs.csv", recording / "fit", refine_steps=0)
    assert list(fitted.quality["verdict"]) == ["good", "failed"]
    assert "lasts 601 s; a song lasts at most 600 s" in fitted.quality["reason"][1]


def test_a_note_of_the_notation_is_as_loud_as_its_note():
    theme = fitted_theme([note_at(0, 0.2), note_at(0.4, 0.2, peak=0.05)], BIRD, name="one")
    assert [item.note.loudness for item in theme.items] == [0.0, -20.0]


def test_copies_at_a_rate_that_loses_the_song_fail_with_words(recording):
    soundfile.write(recording / "two.wav", whistles(1.0)[::2], RATE // 4)  # at 2 kHz
    (recording / "songs.csv").write_text("path\none.wav\ntwo.wav\n")
    fitted = fit_songs(recording / "songs.csv", recording / "fit", sample_rate=8000, refine_steps=0)
    assert fitted.quality["verdict"][0] == "failed"
    assert fitted.quality["verdict"][1] != "failed"
    assert "Hz are lost at a sample rate of 8000 Hz" in fitted.quality["reason"][0]
