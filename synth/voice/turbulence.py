"""The noise of air that is pressed through the slit between the labia.

Turbulence behind a constriction makes a pressure that grows as dP^(3/2) A^(1/2), with dP the drop
of pressure and A the opening (Stevens, J. Acoust. Soc. Am. 50, 1180-1192, 1971, on fricatives), and
has hardly any colour of its own at the source. The opening swings with the labia, so that the noise
of a note comes in puffs at its pitch; where they rest, they are open and it is even. Trachea and
cavity colour it as they do the voice.
"""

from functools import lru_cache

import numpy as np
from scipy import signal

from chingolo.synth.voice.birds import SONGBIRD_GAMMA, Bird
from chingolo.synth.voice.labia.integrate import BASE_RATE, CONTROL_RATE, SAMPLES_PER_FRAME
from chingolo.synth.voice.tract import band_response

REST = 0.5
"""Opening of the labia at rest, in units of x: they swing by about as much (chosen)."""

SLOWEST_HZ = 200.0
"""Below, x does not swing but drifts with the sum of rounding, Hz at `SONGBIRD_GAMMA`."""


def turbulence(
    level: np.ndarray,
    voice: np.ndarray,
    envelope: np.ndarray,
    bird: Bird,
    random: np.random.Generator,
    *,
    tract: bool = True,
) -> np.ndarray:
    """The noise at its source.

    Args:
        level: [frames] of `Gesture.noise`.
        voice: [samples] of the same song at the source: envelope times velocity of the labia, a
            whole number of samples a frame.
        envelope: [frames] of all its sources together.
        bird: constants.
        random: of the noise.
        tract: whether trachea and cavity will follow.

    Returns:
        [(frames - 1) * 20] float64 at `BASE_RATE`.
    """
    frames = np.arange(len(level))
    time = np.arange((len(level) - 1) * SAMPLES_PER_FRAME) / SAMPLES_PER_FRAME
    wave = random.standard_normal(len(time)) * np.interp(time, frames, level)
    per_frame = len(voice) / (len(level) - 1)
    opening = np.interp(time, np.arange(len(voice)) / per_frame, _opening(voice, envelope, bird))
    return wave * np.sqrt(0.5 * opening) / (_broadband_gain(bird) if tract else 1.0)


def _opening(voice: np.ndarray, envelope: np.ndarray, bird: Bird) -> np.ndarray:
    """[samples] opening of the slit over that at rest."""
    per_frame = len(voice) // (len(envelope) - 1)
    rate = per_frame * CONTROL_RATE
    place = np.arange(len(voice)) / per_frame
    loud = np.interp(place, np.arange(len(envelope)), envelope)
    velocity = np.divide(voice, loud, out=np.zeros(len(voice)), where=loud > 1e-3 * loud.max())
    slowest = SLOWEST_HZ * bird.gamma / SONGBIRD_GAMMA
    away = signal.butter(2, slowest, "highpass", fs=rate, output="sos")
    position = np.asarray(signal.sosfilt(away, np.cumsum(velocity) * bird.gamma / rate))
    return np.maximum(1.0 + position / REST, 0.0)


@lru_cache(maxsize=64)
def _broadband_gain(bird: Bird) -> float:
    """Root mean square over frequency of what the tract and the band leave of white noise."""
    count = 2048
    gain = band_response(bird, count, BASE_RATE / 2 / count, BASE_RATE / 2)
    return float(np.sqrt(np.mean(np.abs(gain) ** 2)))
