"""What is found in a recorded song, and how it is sung again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chingolo.synth.fit.track.chirp_plane import RATE, WINDOW
from chingolo.synth.fit.track.note import FittedNote, in_pieces
from chingolo.synth.voice.birds import SONGBIRD_GAMMA, Bird, larger
from chingolo.synth.voice.calibration import load_calibration
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.render import render
from chingolo.synth.voice.tract import tract_response

FULL_SHARE = 0.2
"""Of the band that has noise, where what has none was cut away; else there is no noise at all."""


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
