"""What is measured in one song: its notes, when each begins, and how its pitch goes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import signal

from chingolo.analysis.change.design.song_order import song_order
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.fit.track.measure_notes import track_notes
from chingolo.synth.fit.track.note import FittedNote
from chingolo.synth.fit.track.ridge import slope
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.excerpt import wave_in_memory
from chingolo.synth.tables.files import counted
from chingolo.synth.tables.words import words
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

MOST_SONGS = 1000
"""That are measured of a table: a quarter of a second of work each."""

SHORTEST_SONG = 0.03
"""s; what is shorter has no note to measure."""

SILENCE = 1e-4
"""Share of the peak. What is below at either end was padded, and is no measure of the noise."""

WHISTLE_SLOPE = 3000.0
"""Hz/s: of a steeper note a recorder moves the pitch, since it shifts the edges."""

WHISTLE_DURATION = 0.1
"""s; whistles were tried through recorders from this length on (docs/methods.md)."""

BAND_WINDOW = 0.004
"""s, of the Hann low-pass around a note's pitch, in which its rise is heard."""

RISE_BACK, RISE_ON = 0.018, 0.027
"""s before and after the half rise, where the steepest rise is looked for."""

RISE_SMOOTH = 0.006
"""s, of the Hann window over the logarithm of the amplitude."""

RISE_FLOOR = 0.03
"""Share of the largest amplitude below which a rise counts as silence's own noise."""

RISE_DB = 10.0
"""From 8-45 ms before to 4-35 ms after, that a note must rise by to have an onset: what a room
breaks a long note into begins without silence before it."""


STEADY = 0.04
"""Natural-log units that a note's pitch may range over to have an onset: of one that ranges over
more, a notch in a recorder's response can hide the beginning alone. A wall beside the microphone
moved the onset of a slow rise from 3.7 to 5 kHz by 60 ms (docs/methods.md)."""


@dataclass(frozen=True, eq=False)
class HeardNote:
    """One note of a song."""

    start: float
    """s, where its amplitude has risen to half; for matching only, since gain control moves it."""

    onset: float
    """s, where the logarithm of its amplitude rises most steeply; NaN where it does not rise enough
    out of what was before, so that it may be a piece of a longer note, and where its pitch is not
    steady, so that a recorder may hide its beginning."""

    f0: float
    """Median Hz."""

    slope: float
    """Hz/s, of the straight line through its pitch."""

    duration: float
    """s; for matching only, since echoes and thresholds change it."""

    time: np.ndarray
    """[frames] s."""

    contour: np.ndarray
    """[frames] Hz."""

    @property
    def is_whistle(self) -> bool:
        """Whether it stands still for long enough that its pitch is not its edges'."""
        return self.duration > WHISTLE_DURATION and abs(self.slope) < WHISTLE_SLOPE


@dataclass(frozen=True, eq=False)
class SongMeasures:
    """The notes of one song, in order of time; none where nothing tonal was heard."""

    notes: tuple[HeardNote, ...]


def measure_song(wave: np.ndarray, sample_rate: int) -> SongMeasures:
    """Follows the voice of a song and measures its notes, without refinement.

    Args:
        wave: [samples] of one song.
        sample_rate: Hz.

    Returns:
        The notes; none for a silent or very short wave.

    Raises:
        InputError: if the wave is not mono, not finite, or without a rate.
    """
    heard = wave_in_memory(wave, sample_rate=sample_rate, wanted=RATE)
    if len(heard) < SHORTEST_SONG * RATE or float(np.abs(heard).max()) < 1e-6:
        return SongMeasures(())
    sounding = np.flatnonzero(np.abs(heard) > SILENCE * np.abs(heard).max())
    before = int(sounding[0])
    heard = heard[before : int(sounding[-1]) + 1]
    if len(heard) < SHORTEST_SONG * RATE:
        return SongMeasures(())
    notes, _ = track_notes(heard)
    return SongMeasures(tuple(_heard(heard, note, before / RATE) for note in notes))


def measure_recordings(
    songs: pd.DataFrame,
    *,
    most: int = MOST_SONGS,
    tell: Callable[[str], None] = lambda line: None,
) -> list[SongMeasures | None]:
    """Measures the songs of a table in their recordings.

    Args:
        songs: song table with absolute paths.
        most: songs beyond which only some are measured, as many of each bird (or recording).
        tell: takes lines of progress.

    Returns:
        [songs] measures; None for a song that was not measured.

    Raises:
        InputError: if a recording cannot be read.
    """
    measured: list[SongMeasures | None] = [None] * len(songs)
    rows = some_of_each(songs, most)
    for done, row in enumerate(rows, 1):
        measured[row] = measure_song(load_song(songs.iloc[row], sample_rate=RATE), RATE)
        if done % 500 == 0:
            tell(f"{done} of {counted(len(rows), 'song')} measured")
    return measured


def some_of_each(songs: pd.DataFrame, most: int) -> list[int]:
    """Rows of at most `most` songs: the first of each bird or recording, then the second ..."""
    bird = words(songs["individual"]) if "individual" in songs.columns else songs["path"]
    unit = pd.Series(np.where(np.asarray(bird) == "", songs["path"], bird))
    order = song_order(songs.reset_index(drop=True))
    turn = unit.iloc[order].groupby(unit.iloc[order]).cumcount().to_numpy()
    return sorted(order[np.argsort(turn, kind="stable")][:most].tolist())


def _heard(wave: np.ndarray, note: FittedNote, before: float) -> HeardNote:
    time = (note.first + np.arange(len(note.f0))) / CONTROL_RATE
    start = note.start + 0.5 * note.attack
    rise = _steepest_rise(wave, time, note.f0, start) if is_steady(note.f0) else np.nan
    return HeardNote(
        start=start + before,
        onset=rise + before,
        f0=float(np.median(note.f0)),
        slope=slope(time, note.f0),
        duration=note.end - note.start,
        time=time + before,
        contour=note.f0,
    )


def is_steady(f0: np.ndarray) -> bool:
    """Whether a note's pitch, [frames] Hz, keeps within `STEADY`, but for a tenth of it."""
    low, high = np.log(np.quantile(f0, [0.05, 0.95]))
    return bool(high - low < STEADY)


def _steepest_rise(wave: np.ndarray, time: np.ndarray, f0: np.ndarray, start: float) -> float:
    """When a note's amplitude, heard in a band around its pitch, grows by the largest factor.

    A slow gain changes no steep rise of the logarithm; a share of the peak is met at another time.
    """
    margin = 0.05
    samples = np.arange(
        max(0, int((time[0] - margin) * RATE)), min(len(wave), int(time[-1] * RATE))
    )
    if len(samples) < 2 * margin * RATE / 2:
        return np.nan
    phase = 2 * np.pi * np.cumsum(np.interp(samples / RATE, time, f0)) / RATE
    low = _hann(BAND_WINDOW * RATE)
    size = np.abs(signal.fftconvolve(wave[samples] * np.exp(-1j * phase), low, mode="same"))
    step = RATE // CONTROL_RATE
    size, moment = size[::step], samples[::step] / RATE
    level = np.log(size + RISE_FLOOR * size.max())
    growth = np.gradient(np.convolve(level, _hann(RISE_SMOOTH * CONTROL_RATE), mode="same"))
    edge = int(RISE_SMOOTH * CONTROL_RATE)
    near = (moment >= start - RISE_BACK) & (moment <= start + RISE_ON)
    near[:edge] = False
    near[-edge:] = False
    if not near.any():
        return np.nan
    place = int(np.flatnonzero(near)[growth[near].argmax()])
    onset = moment[place]
    before = level[(moment > onset - 0.045) & (moment < onset - 0.008)]
    after = level[(moment > onset + 0.004) & (moment < onset + 0.035)]
    if not len(before) or not len(after):
        return np.nan
    risen = 20 / np.log(10) * (np.median(after) - np.median(before))
    return _vertex(growth, place, moment) if risen > RISE_DB else np.nan


def _hann(length: float) -> np.ndarray:
    """A Hann window of sum 1 and odd length."""
    window = np.hanning(2 * round(length / 2) + 1)
    return window / window.sum()


def _vertex(values: np.ndarray, place: int, moment: np.ndarray) -> float:
    """The time of a maximum, by the parabola through it and its neighbours."""
    left, middle, right = values[place - 1 : place + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(moment[place] + np.clip(shift, -0.5, 0.5) * (moment[1] - moment[0]))


def crossings(song: SongMeasures, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """When the song's contours pass a pitch, and how steeply.

    A recorder may hide the edges of a sweep, and hardly moves the time at which its pitch is
    passed: the point in a note that holds best (docs/methods.md).

    Args:
        song: measured.
        pitch: Hz.

    Returns:
        [crossings] s, in order, and [crossings] Hz/s.
    """
    times, slopes = [], []
    for note in song.notes:
        above = note.contour > pitch
        for place in np.flatnonzero(above[1:] != above[:-1]):
            low, high = note.contour[place], note.contour[place + 1]
            share = (pitch - low) / (high - low)
            times.append(note.time[place] + share / CONTROL_RATE)
            near = slice(max(0, place - 3), place + 5)
            slopes.append(slope(note.time[near], note.contour[near]))
    order = np.argsort(times, kind="stable")
    return np.array(times, float)[order], np.array(slopes, float)[order]
