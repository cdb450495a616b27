"""What is found in a recorded song, and how it is sung again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from chingolo.synth.fit.ridge import RATE, WINDOW
from chingolo.synth.score.notes import LONGEST_NOTE
from chingolo.synth.voice.birds import SONGBIRD_GAMMA, Bird, larger
from chingolo.synth.voice.calibration import load_calibration
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render
from chingolo.synth.voice.tract import tract_response

CUT_EDGE = 0.004
"""s, of the sin^2 edge where a note gives way to the next."""


FULL_SHARE = 0.2
"""Of the band that has noise, where what has none was cut away; else there is no noise at all."""


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


@dataclass(frozen=True)
class Fit:
    """What was found in one recording."""

    gesture: Gesture
    """Over the whole recording, frame k at k / CONTROL_RATE; amplitude 1 is its loud notes."""

    notes: tuple[FittedNote, ...]

    gain: float
    """What amplitude 1 of the gesture is in the recording."""

    floor: np.ndarray
    """[bins] noise of the recording, power density in (full scale)^2 / Hz."""

    floor_frequency: np.ndarray
    """[bins] Hz."""


def analysis_rate(bird: Bird) -> int:
    """Hz, the sampling rate at which songs of a bird are heard: `RATE` for a songbird.

    Windows, bands and shortest notes are chosen for songbirds. A bird of slower labia sings what a
    songbird sings, slower and lower in proportion, so its song is sampled as much more slowly, and
    heard as if it were at `RATE`.
    """
    return round(RATE * bird.gamma / SONGBIRD_GAMMA)


def as_heard(bird: Bird) -> Bird:
    """The bird that is heard when a wave at `analysis_rate` is taken to be at `RATE`."""
    rate = analysis_rate(bird)
    return bird if rate == RATE else larger(bird, rate / RATE)


def heard_up_to(fit: Fit) -> float:
    """Hz, up to which a recording holds anything, infinite where that is all.

    A recording of a low sample rate, or one that a codec cut, has noise up to some frequency and
    none beyond: there the floor is the least that `ridge` measures. What is sung is heard.
    """
    least = 1e-8 * (0.5 * fit.gain) ** 2 * WINDOW / (1.5 * RATE)
    noisy = fit.floor > 10 * fit.floor.min()
    if fit.floor[-1] > least or noisy.mean() < FULL_SHARE:
        return np.inf
    sung = fit.gesture.f0[fit.gesture.amplitude > 0.1].max(initial=0.0)
    return max(float(fit.floor_frequency[np.flatnonzero(noisy)[-1]]), 1.1 * float(sung))


def slowed(fit: Fit, times: float) -> Fit:
    """A fit as it is of the recording played so many times slower."""
    if times == 1:
        return fit
    gesture, last = fit.gesture, len(fit.gesture.f0) - 1
    at = np.minimum(np.arange(round(last * times) + 1) / times, last)
    f0, amplitude, alpha = (
        np.interp(at, np.arange(last + 1), curve)
        for curve in (gesture.f0, gesture.amplitude, gesture.alpha)
    )
    return replace(
        fit,
        gesture=Gesture(f0 / times, amplitude, alpha),
        notes=tuple(piece for note in fit.notes for piece in in_pieces(_slowed(note, times))),
        floor=fit.floor * times,
        floor_frequency=fit.floor_frequency / times,
    )


def _slowed(note: FittedNote, times: float) -> FittedNote:
    frames = note.first + np.arange(len(note.f0))
    # what rounding puts a hair beyond an end is that end
    first, last = np.ceil(frames[0] * times - 1e-6), np.floor(frames[-1] * times + 1e-6)
    new = np.arange(int(first), max(int(last), int(first)) + 1)
    return replace(
        note,
        first=int(new[0]),
        f0=np.interp(new / times, frames, note.f0) / times,
        amplitude=np.interp(new / times, frames, note.amplitude),
        start=note.start * times,
        end=note.end * times,
        attack=note.attack * times,
        release=note.release * times,
    )


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


def note_alpha(note: FittedNote, bird: Bird) -> float:
    """The pressure whose second harmonic, through the tract, is as strong as the note's.

    Where noise covers the harmonic the bird's own alpha is taken.
    """
    if note.alpha is not None:
        return note.alpha
    if not np.isfinite(note.second_harmonic):
        return bird.alpha
    table = load_calibration()
    f0 = float(np.median(note.f0))
    column = int(np.argmin(np.abs(table.pitch - f0 / bird.gamma)))
    ratio = np.abs(table.harmonics[:, column, 1]) / np.abs(table.harmonics[:, column, 0])
    response = np.abs(tract_response(np.array([f0, 2 * f0]), bird))
    expected = np.maximum.accumulate(ratio * response[1] / response[0])
    return float(np.exp(np.interp(note.second_harmonic, expected, np.log(table.alpha))))


def resynthesise(fits: Sequence[Fit], bird: Bird, *, sample_rate: int = RATE) -> list[np.ndarray]:
    """Sings fitted songs at the level of their recordings; [samples] each."""
    waves = render(
        [fit.gesture for fit in fits],
        bird,
        engine="wavetable",
        sample_rate=sample_rate,
        whole_band=False,
    )
    return [fit.gain * wave for fit, wave in zip(fits, waves, strict=True)]


def background(
    fit: Fit, samples: int, random: np.random.Generator, *, sample_rate: int = RATE
) -> np.ndarray:
    """[samples] noise with the spectrum of the recording's background, at its level."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / sample_rate)
    density = np.interp(frequency, fit.floor_frequency, fit.floor)
    return np.fft.irfft(spectrum * np.sqrt(density * sample_rate), samples).astype(np.float32)
