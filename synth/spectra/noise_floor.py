"""What a log-mel spectrogram holds above its noise, and its scale: the rest of the front end."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import POWER_FLOOR


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
