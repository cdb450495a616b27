"""Front end: waveform -> log-mel spectrogram, on the device, differentiable."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from train.settings import FrontEnd

POWER_FLOOR = 1e-10
"""Power below which a mel band is silence, as in librosa's power_to_db."""


@lru_cache(maxsize=8)
def filters(front_end: FrontEnd) -> tuple[np.ndarray, np.ndarray]:
    """Windowed Fourier kernels and mel weights for the bins that the mel bands use.

    Returns:
        kernels: [n_fft, 2 bins], the cosine then the sine of each bin under a Hann window.
        mel: [bins, n_mels] weights on power.
    """
    import librosa

    mel = librosa.filters.mel(
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        n_mels=front_end.n_mels,
        fmin=front_end.f_min,
        fmax=front_end.f_max,
    ).T
    used = np.flatnonzero(mel.any(axis=1))
    bins = np.arange(used[0], used[-1] + 1)
    sample = np.arange(front_end.n_fft)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * sample / front_end.n_fft)
    phase = 2 * np.pi * np.outer(sample, bins) / front_end.n_fft
    kernels = np.concatenate([np.cos(phase), np.sin(phase)], axis=1) * window[:, None]
    return kernels.astype(np.float32), mel[bins].astype(np.float32)


def frames_in(front_end: FrontEnd, samples: int) -> int:
    """Number of frames of a waveform of that many samples."""
    return 1 + samples // front_end.hop


def log_mel(waveform: Array, front_end: FrontEnd) -> Array:
    """Log-mel spectrogram, equal to librosa's `melspectrogram` (centred, zero-padded).

    The transform is one strided convolution with windowed sines: for the few bins in the band it is
    faster than framing and an FFT, on CPU too.

    Args:
        waveform: [batch, samples], full scale is 1.
        front_end: settings.

    Returns:
        [batch, frames, n_mels] natural logarithm of power, at least log(1e-10).
    """
    kernels, mel = filters(front_end)
    half = front_end.n_fft // 2
    padded = jnp.pad(waveform, ((0, 0), (half, half)))
    spectrum = jax.lax.conv_general_dilated(
        padded[:, :, None],
        jnp.asarray(kernels)[:, None, :],
        window_strides=(front_end.hop,),
        padding="VALID",
        dimension_numbers=("NWC", "WIO", "NWC"),
        precision=jax.lax.Precision.HIGHEST,
    )
    real, imaginary = jnp.split(spectrum, 2, axis=-1)
    power = jnp.matmul(real**2 + imaginary**2, mel, precision=jax.lax.Precision.HIGHEST)
    return jnp.log(jnp.maximum(power, POWER_FLOOR))


def silent_frames(log_mel: Array) -> Array:
    """True for frames without any sound: digital silence or padding. [..., frames, 1] bool."""
    return jnp.all(log_mel <= jnp.log(POWER_FLOOR) + 1e-3, axis=-1, keepdims=True)


def above_noise(log_mel: Array, front_end: FrontEnd) -> Array:
    """Applies the noise-robust option.

    With `median`, a band's floor is its median over those frames that hold sound, and what lies
    below is cut: the background is 0, and so is padding. A short song in a padded clip therefore
    looks the same as one in a long quiet recording, without a mask in the encoder.

    Args:
        log_mel: [batch, frames, n_mels], natural logarithm of power.
        front_end: settings.

    Returns:
        [batch, frames, n_mels]; `none` leaves the values as they are.
    """
    if front_end.noise == "none":
        return log_mel
    if front_end.noise == "pcen":
        return pcen(jnp.exp(log_mel), front_end)
    # every eighth frame is enough for a median, and a sort is slow on CPU
    some = log_mel[:, ::8]
    silent = silent_frames(some)
    ordered = jnp.sort(jnp.where(silent, jnp.inf, some), axis=1)
    sounding = jnp.sum(~silent, axis=1, keepdims=True)
    middle = jnp.broadcast_to(jnp.maximum(sounding - 1, 0) // 2, (len(some), 1, some.shape[2]))
    floor = jnp.take_along_axis(ordered, middle, axis=1)
    floor = jnp.where(jnp.isfinite(floor), floor, 0.0)
    return jnp.maximum(log_mel - floor, 0.0)


def pcen(power: Array, front_end: FrontEnd) -> Array:
    """Per-channel energy normalisation with the constants of Lostanlen et al. 2019 (librosa's).

    Args:
        power: [batch, frames, n_mels] mel power; full scale is 1.
        front_end: settings; the time constant is 0.4 s.

    Returns:
        [batch, frames, n_mels].
    """
    gain, bias, exponent, epsilon = 0.98, 2.0, 0.5, 1e-6
    # librosa expects magnitudes of 31-bit integers; the same scale on power
    magnitude = jnp.sqrt(power) * 2.0**31
    frames = 0.4 * front_end.sample_rate / front_end.hop
    smoothing = (np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)

    def smooth(carry: Array, frame: Array) -> tuple[Array, Array]:
        carry = (1 - smoothing) * carry + smoothing * frame
        return carry, carry

    _, smoothed = jax.lax.scan(smooth, magnitude[:, 0], jnp.moveaxis(magnitude, 1, 0))
    smoothed = jnp.moveaxis(smoothed, 0, 1)
    return (magnitude / (epsilon + smoothed) ** gain + bias) ** exponent - bias**exponent


def normalise(spectrogram: Array, mean: Array, variance: Array) -> Array:
    """Scales by running statistics of the whole corpus.

    Args:
        spectrogram: [batch, frames, n_mels].
        mean: [] running mean over every value.
        variance: [] running variance.
    """
    return (spectrogram - mean) / jnp.sqrt(variance + 1e-5)
