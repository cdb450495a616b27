"""Low voices are fitted as songbirds' that are played faster.

gamma only scales time (Amador et al. 2013), so a bird of a quarter of a songbird's gamma, its
recording played four times faster, is a songbird: what is looked for, and how closely, follows the
bird. All steps of a fit work on the faster wave; its result is slowed down at the end.
"""

from dataclasses import replace

import numpy as np
from scipy.signal import resample_poly

from chingolo.synth.fit.fitted_song import Fit, FittedNote, in_pieces
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.integrate import CONTROL_RATE
from chingolo.synth.voice.tract import SONGBIRD_GAMMA

STEPS = 4
"""A pace is a whole number of so many parts."""


def pace(bird: Bird) -> float:
    """How many times faster a bird is played to be a songbird; 1 for all of at least its gamma."""
    return max(STEPS, round(STEPS * SONGBIRD_GAMMA / bird.gamma)) / STEPS


def hastened_wave(wave: np.ndarray, times: float) -> np.ndarray:
    """[samples / times]: the wave, to be heard at the same sample rate."""
    if times == 1:
        return wave
    return resample_poly(wave, STEPS, round(STEPS * times)).astype(wave.dtype)


def hastened(fit: Fit, times: float) -> Fit:
    """The fit of a faster wave from that of the wave, without its notes; see `slowed`."""
    return fit if times == 1 else replace(_stretched(fit, 1 / times), notes=())


def slowed(fit: Fit, times: float) -> Fit:
    """The fit of a wave from that of the wave played so many times faster."""
    if times == 1:
        return fit
    notes = [_stretched_note(note, times) for note in fit.notes]
    return replace(
        _stretched(fit, times), notes=tuple(piece for note in notes for piece in in_pieces(note))
    )


def _stretched(fit: Fit, times: float) -> Fit:
    old = np.arange(len(fit.gesture.f0))
    new = np.arange(round((len(old) - 1) * times) + 1) / times
    f0, amplitude, alpha = (
        np.interp(new, old, curve)
        for curve in (fit.gesture.f0 / times, fit.gesture.amplitude, fit.gesture.alpha)
    )
    gesture = Gesture(f0, amplitude, alpha)
    return replace(
        fit,
        gesture=gesture,
        floor=fit.floor * times,
        floor_frequency=fit.floor_frequency / times,
    )


def _stretched_note(note: FittedNote, times: float) -> FittedNote:
    old = (note.first + np.arange(len(note.f0))) * times
    new = np.arange(int(np.ceil(old[0])), int(old[-1]) + 1)
    edge = np.minimum(
        (new / CONTROL_RATE - note.start * times) / (note.attack * times),
        (note.end * times - new / CONTROL_RATE) / (note.release * times),
    )
    amplitude = np.interp(new, old, note.amplitude) * (edge > 0)
    return replace(
        note,
        first=int(new[0]),
        f0=np.interp(new, old, note.f0) / times,
        amplitude=amplitude,
        start=note.start * times,
        end=note.end * times,
        attack=note.attack * times,
        release=note.release * times,
    )
