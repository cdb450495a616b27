"""Noise as a place makes it, its level against the song, and the frequencies of a spectrum."""

from collections.abc import Callable

import numpy as np
from scipy import fft

from chingolo.synth.spectra.array_cache import cached_arrays

NOISE_BAND = (1000.0, 10_000.0)
"""Hz, in which the level of noise is told."""


def spectrum_size(length: int, sample_rate: int) -> int:
    """A fast length of a transform, in steps of 0.1 s so that gains of one size are met again.

    Args:
        length: samples that have to fit.
        sample_rate: Hz.
    """
    step = max(1, sample_rate // 10)
    return int(fft.next_fast_len(-(-length // step) * step, real=True) or length)


@cached_arrays
def frequencies(size: int, sample_rate: int) -> np.ndarray:
    """Of the bins of a real transform of `size` samples, Hz, [size // 2 + 1]; not to be written."""
    return np.asarray(fft.rfftfreq(size, 1 / sample_rate), np.float32)


def energy(spectrum: np.ndarray) -> float:
    """Sum of squared magnitudes of a spectrum, [bins]."""
    return float(np.vdot(spectrum, spectrum).real)


def song_power(wave: np.ndarray, sample_rate: int) -> float:
    """Mean power over the stretches within 20 dB of the loudest (20 ms windows).

    Args:
        wave: [samples].
        sample_rate: Hz.
    """
    window = max(1, sample_rate // 50)
    count = len(wave) // window
    if not count:
        return float(np.mean(wave**2))
    power = (wave[: count * window] ** 2).reshape(count, -1).mean(axis=1)
    return float(power[power >= 0.01 * power.max()].mean())


def background(
    slope: float, power: float, size: int, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    """Spectrum of Gaussian noise, flat below 500 Hz.

    Args:
        slope: above 500 Hz, dB per octave.
        power: mean square in 1-10 kHz; of a slower sample rate only its share below half the rate
            is heard, so that noise is as strong for each Hz at any rate.
        size: samples of the noise.
        sample_rate: Hz.
        random: of the draw.

    Returns:
        [size // 2 + 1] complex, as `scipy.fft.rfft` scales it.
    """
    frequency = frequencies(size, sample_rate)
    noise = random.standard_normal((len(frequency), 2), dtype=np.float32).view(np.complex64)[:, 0]
    noise = noise * np.maximum(frequency, 500.0) ** np.float32(slope / (20 * np.log10(2)))
    low, high = NOISE_BAND
    in_band = (frequency >= low) & (frequency <= high)
    found = 2 * energy(noise[in_band]) / size**2
    if sample_rate < 2 * high:
        power *= share_of_band(lambda hz: hz ** (slope / (10 * np.log10(2))), sample_rate)
    return noise * np.float32(np.sqrt(power / max(found, 1e-30)))


def share_of_band(density: Callable[[np.ndarray], np.ndarray], sample_rate: float) -> float:
    """How much of the power in `NOISE_BAND` lies below half a sample rate.

    Args:
        density: of power, at frequencies [any] in Hz.
        sample_rate: Hz.
    """
    low, high = NOISE_BAND
    hz = np.linspace(low, high, 1801)
    power = density(hz)
    return float(power[hz <= 0.5 * sample_rate].sum() / power.sum())
