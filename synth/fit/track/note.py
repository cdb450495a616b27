"""A note as it was heard, and parts of it."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from chingolo.synth.score.notes import LONGEST_NOTE
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

CUT_EDGE = 0.004
"""s, of the sin^2 edge where a note gives way to the next."""


@dataclass(frozen=True)
class FittedNote:
    """One note as it was heard; its curves start at frame `first`, at `CONTROL_RATE`."""

    first: int
    f0: np.ndarray
    """[frames] Hz."""

    amplitude: np.ndarray
    """[frames] of the fundamental, in units of the recording; sin^2 edges to 0."""

    start: float
    """s from the recording's beginning, where the envelope leaves 0."""

    end: float
    """s, where it is 0 again."""

    attack: float
    """Rise time of the sin^2 edge, s."""

    release: float
    """Fall time, s."""

    snr: float
    """Median over the note, dB in the band of one spectral bin."""

    second_harmonic: float
    """Amplitude at 2 f0 relative to f0, as recorded; NaN where noise covers it."""

    alpha: float | None = None
    """Pressure that refinement found; None where only the second harmonic tells."""

    @cached_property
    def peak(self) -> float:
        """Amplitude of the loudest part (90th percentile)."""
        return float(np.quantile(self.amplitude, 0.9))


def cut_note(note: FittedNote, start: float, end: float) -> FittedNote:
    """The part of a note between two times, faded where it is cut: what stops at once clicks."""
    index = np.arange(len(note.f0)) + note.first
    keep = (index > start * CONTROL_RATE) & (index < end * CONTROL_RATE)
    time = index[keep] / CONTROL_RATE
    half = 0.5 * max(end - start, 1e-9)
    attack = note.attack if start <= note.start else min(CUT_EDGE, half)
    release = note.release if end >= note.end else min(CUT_EDGE, half)
    amplitude = note.amplitude[keep]
    if start > note.start:
        amplitude = amplitude * _fade(time - start, attack)
    if end < note.end:
        amplitude = amplitude * _fade(end - time, release)
    return replace(
        note,
        first=int(index[keep][0]) if keep.any() else note.first,
        f0=note.f0[keep],
        amplitude=amplitude,
        start=start,
        end=end,
        attack=min(attack, half),
        release=min(release, half),
    )


def _fade(after: np.ndarray, length: float) -> np.ndarray:
    """A sin^2 edge over `length` s, at times after its foot."""
    return np.sin(0.5 * np.pi * np.clip(after / length, 0, 1)) ** 2


def in_pieces(note: FittedNote) -> list[FittedNote]:
    """The note, cut evenly where it is longer than notation allows."""
    count = int(np.ceil((note.end - note.start) / (0.98 * LONGEST_NOTE)))
    edges = np.linspace(note.start, note.end, count + 1)
    return [cut_note(note, float(a), float(b)) for a, b in pairwise(edges)] if count > 1 else [note]
