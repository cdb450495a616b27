"""Which bird sings, where nobody says: one of a low voice, or a songbird."""

from collections.abc import Sequence

import numpy as np

from chingolo.synth.fit.fitted_song import FittedNote
from chingolo.synth.fit.measure_notes import track_notes
from chingolo.synth.fit.pitch.pace import hastened_wave, pace
from chingolo.synth.fit.ridge import RATE
from chingolo.synth.voice.birds import LOW_VOICE, RUFOUS_COLLARED_SPARROW, Bird
from chingolo.synth.voice.integrate import CONTROL_RATE

LOW = 1000.0
"""Hz: songs mostly below are low."""

LEAST_SHARE = 0.05
"""Of a recording's power above 100 Hz that must lie below `LOW` for its notes to be looked at."""

HARMONIC = 0.03
"""How far from a whole number the ratio of two pitches of one voice may be."""


def likely_bird(waves: Sequence[np.ndarray]) -> Bird:
    """`LOW_VOICE` where most songs are low, else the rufous-collared sparrow.

    Args:
        waves: [samples] each, at `ridge.RATE`.
    """
    low = sum(sung_low(wave) for wave in waves)
    return LOW_VOICE if 2 * low > len(waves) else RUFOUS_COLLARED_SPARROW


def sung_low(wave: np.ndarray) -> bool:
    """Whether most of what is sung, by energy, is of a voice below `LOW`.

    Notes that a songbird could sing count against it, unless they are harmonics of the low ones.

    Args:
        wave: [samples] at `ridge.RATE`.
    """
    power = np.abs(np.fft.rfft(wave)) ** 2
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    if not power[(frequency > 100) & (frequency < LOW)].sum() > LEAST_SHARE * (
        power[frequency > 100].sum()
    ):
        return False
    times = pace(LOW_VOICE)
    found, _ = track_notes(hastened_wave(wave, times))
    frames = len(wave) * CONTROL_RATE // RATE + 1
    pitch, low = _curves(found, frames, times)
    slow = (pitch > 0) & (pitch < LOW)
    energy = low[slow].sum()
    if not energy:
        return False
    heard, high = _curves(track_notes(wave)[0], frames, 1.0)
    ratio = heard / np.where(slow, pitch, np.inf)
    own = slow & (np.abs(ratio - np.round(ratio)) < HARMONIC * ratio)
    other = max(high[(heard > LOW) & ~own].sum(), low[~slow].sum())
    return bool(energy > other)


def _curves(notes: Sequence[FittedNote], frames: int, times: float) -> tuple[np.ndarray, ...]:
    """[frames] pitch, 0 in silence, and power, of notes heard so many times faster."""
    pitch, power = np.zeros(frames), np.zeros(frames)
    for note in notes:
        at = np.arange(frames) / times - note.first
        inside = (at >= 0) & (at <= len(note.f0) - 1)
        pitch[inside] = np.interp(at[inside], np.arange(len(note.f0)), note.f0) / times
        power[inside] = np.interp(at[inside], np.arange(len(note.f0)), note.amplitude) ** 2
    return pitch, power
