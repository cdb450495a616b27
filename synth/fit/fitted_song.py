"""What is found in a recorded song, and how it is sung again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.synth.fit.measure_notes import FittedNote
from chingolo.synth.fit.ridge import RATE
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.calibration import load_calibration
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.render import render
from chingolo.synth.voice.tract import tract_response


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
    waves = render([fit.gesture for fit in fits], bird, engine="wavetable", sample_rate=sample_rate)
    return [fit.gain * wave for fit, wave in zip(fits, waves, strict=True)]


def background(
    fit: Fit, samples: int, random: np.random.Generator, *, sample_rate: int = RATE
) -> np.ndarray:
    """[samples] noise with the spectrum of the recording's background, at its level."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / sample_rate)
    density = np.interp(frequency, fit.floor_frequency, fit.floor)
    return np.fft.irfft(spectrum * np.sqrt(density * sample_rate), samples).astype(np.float32)
