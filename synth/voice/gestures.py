"""Gestures: the curves of pitch, amplitude and pressure that a song is made of.

`source_envelope` turns the amplitude that is to be heard into what the oscillator's wave is
multiplied by.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.ndimage import map_coordinates

from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.calibration import ALPHA_NODES, PITCH_NODES, load_calibration
from chingolo.synth.voice.tract import tract_response


@dataclass(frozen=True)
class Gesture:
    """What a bird does over time, at `CONTROL_RATE`, from one source of its syrinx."""

    f0: np.ndarray
    """[frames] Hz; positive in silence too, where it is not heard."""

    amplitude: np.ndarray
    """[frames] of the radiated fundamental, 0 in silence, about 1 for loud notes."""

    alpha: np.ndarray
    """[frames] air-sac pressure parameter."""

    second: "Gesture | None" = None
    """The other source of a bird that sings with two voices."""

    noise: np.ndarray | None = None
    """[frames] of the radiated turbulence at the labia at rest, whose rms is that of a fundamental
    of this amplitude; None for none. Of both sources; that of `second` is not looked at."""


def pitch_range(bird: Bird) -> tuple[float, float]:
    """Lowest and highest f0 that a bird's labia sing at any pressure of `ALPHA_RANGE`, Hz."""
    return float(PITCH_NODES[0] * bird.gamma), float(PITCH_NODES[-1] * bird.gamma)


ALPHA_RANGE = (float(ALPHA_NODES[0]), float(ALPHA_NODES[-1]))
"""Pressures at which the labia swing at every pitch of `pitch_range`; below, low notes have no
limit cycle, far above it high ones have none."""


def held(gesture: Gesture, bird: Bird) -> Gesture:
    """The gesture with pitch and pressure held to what the bird's labia can do."""
    second = gesture.second
    return replace(
        gesture,
        f0=np.clip(gesture.f0, *pitch_range(bird)),
        alpha=np.clip(gesture.alpha, *ALPHA_RANGE),
        second=held(second, bird) if second is not None else None,
    )


def voices_of(gesture: Gesture) -> Iterator[Gesture]:
    """The sources of a gesture, first the left one."""
    voice: Gesture | None = gesture
    while voice is not None:
        yield voice
        voice = voice.second


BAND = 0.475
"""Share of a sample rate up to which sound is delivered whole: above, `through_tract` fades it."""


def refuse_beyond_band(gesture: Gesture, sample_rate: int, name: str) -> None:
    """Refuses a sample rate that would lose notes in silence, rather than sing without them.

    Args:
        gesture: to be sung.
        sample_rate: of the audio, Hz.
        name: what to call it in the message.

    Raises:
        InputError: where f0 of a frame within 40 dB of the loudest lies above `BAND` of the rate.
    """
    audible = gesture.amplitude > 0.01 * gesture.amplitude.max(initial=0)
    highest = float(gesture.f0[audible].max(initial=0))
    if highest > BAND * sample_rate:
        raise InputError(
            f"{name}: notes of up to {highest:.0f} Hz are lost at a sample rate of {sample_rate} "
            f"Hz; at least {np.ceil(highest / BAND / 100) * 100:.0f} Hz keep them"
        )
    if gesture.second is not None:
        refuse_beyond_band(gesture.second, sample_rate, name)


@lru_cache(maxsize=64)
def _radiated_gain(bird: Bird, with_tract: bool) -> tuple[np.ndarray, np.ndarray]:
    """(log pitch nodes, log of the fundamental's gain [alphas, pitches]) of cycle and tract."""
    table = load_calibration()
    gain = np.abs(table.harmonics[:, :, 0]).astype(np.float64)
    if with_tract:
        gain = gain * np.abs(tract_response(table.pitch * bird.gamma, bird))
    return np.log(table.pitch), np.log(gain)


def source_envelope(gesture: Gesture, bird: Bird, *, with_tract: bool = True) -> np.ndarray:
    """The factor on the oscillator's velocity that gives a gesture its amplitude.

    It undoes the gain of cycle and tract at f0, so that `gesture.amplitude` is what is heard of
    the fundamental (the tract alone takes 8 kHz some 25 dB down against 4 kHz).

    Args:
        gesture: [frames] curves.
        bird: constants.
        with_tract: whether the tract will follow.

    Returns:
        [frames].
    """
    table = load_calibration()
    log_pitch, gain = _radiated_gain(bird, with_tract)
    position = np.log(np.clip(gesture.f0 / bird.gamma, table.pitch[0], table.pitch[-1]))
    column = (position - log_pitch[0]) / (log_pitch[1] - log_pitch[0])
    log_alpha = np.log(np.clip(gesture.alpha, table.alpha[0], table.alpha[-1]))
    row = (log_alpha - np.log(table.alpha[0])) / np.log(table.alpha[1] / table.alpha[0])
    return gesture.amplitude / np.exp(map_coordinates(gain, [row, column], order=1, mode="nearest"))


def voiced_stretches(amplitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The stretches of frames in which something sounds, each with a silent frame at either end.

    Args:
        amplitude: [frames], 0 in the first and the last frame.

    Returns:
        ([stretches], [stretches]): first frame, and the frame after the last.
    """
    edges = np.flatnonzero(np.diff((amplitude > 0).astype(np.int8)))
    return edges[::2], edges[1::2] + 2
