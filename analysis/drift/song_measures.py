"""What is measured in one song: its notes, when each begins, and the pitch where it stands still."""

from dataclasses import dataclass

import numpy as np

from chingolo.synth.fit.fundamental import to_fundamental
from chingolo.synth.fit.measure_notes import FittedNote, measure_notes
from chingolo.synth.fit.ridge import RATE, best_path, find_peaks, ridges
from chingolo.synth.tables.audio import wave_in_memory
from chingolo.synth.voice.integrate import CONTROL_RATE

SHORTEST_SONG = 0.03
"""s; what is shorter has no note to measure."""

WHISTLE_SLOPE = 3000.0
"""Hz/s: of a steeper note a recorder moves the pitch, since it shifts the edges."""

WHISTLE_DURATION = 0.1
"""s; DESIGN 5 measured whistles from this length on."""


@dataclass(frozen=True, eq=False)
class HeardNote:
    """One note of a song."""

    onset: float
    """s, where its amplitude has risen to half of its edge."""

    f0: float
    """Median Hz."""

    slope: float
    """Hz/s, of the straight line through its pitch."""

    duration: float
    """s; for matching only, since echoes and thresholds change it."""

    level: float
    """Amplitude in units of the recording; for matching only."""

    time: np.ndarray
    """[frames] s."""

    contour: np.ndarray
    """[frames] Hz."""

    @property
    def is_whistle(self) -> bool:
        """Whether it stands still for long enough that its pitch is the singer's, not the edges'."""
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
    plane = find_peaks(heard)
    notes = measure_notes(heard, to_fundamental(ridges(plane, best_path(plane)), plane))
    return SongMeasures(tuple(_heard(note) for note in notes))


def _heard(note: FittedNote) -> HeardNote:
    time = (note.first + np.arange(len(note.f0))) / CONTROL_RATE
    return HeardNote(
        onset=note.start + 0.5 * note.attack,
        f0=float(np.median(note.f0)),
        slope=float(np.polyfit(time - time[0], note.f0, 1)[0]),
        duration=note.end - note.start,
        level=note.peak,
        time=time,
        contour=note.f0,
    )


def crossings(song: SongMeasures, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """When the song's contours pass a pitch, and how steeply.

    A recorder may hide the edges of a sweep, and hardly moves the time at which its pitch is passed:
    the point in a note that holds best (docs/methods.md).

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
            slopes.append(np.polyfit(note.time[near] - note.time[place], note.contour[near], 1)[0])
    order = np.argsort(times, kind="stable")
    return np.array(times, float)[order], np.array(slopes, float)[order]
