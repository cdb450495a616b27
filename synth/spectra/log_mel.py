"""Waveform -> log-mel spectrogram, on the device, differentiable."""

import warnings
from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from chingolo.synth.spectra.clip import clip_at
from chingolo.synth.spectra.front_end import FrontEnd, check_front_end
from chingolo.synth.tables.files import InputError

POWER_FLOOR = 1e-10
"""Power below which a mel band is silence, as in librosa's power_to_db."""


SAMPLES_AT_ONCE = 2**17
"""Samples in the frames transformed together: what the cache of a core holds, by measurement."""

LEAST_SAMPLES = 4096
"""To which the shorter of single songs are padded."""


@lru_cache(maxsize=8)
def mel_filters(front_end: FrontEnd) -> np.ndarray:
    """[n_fft / 2 + 1, n_mels] float32 weights of the Fourier bins' power in each mel band."""
    import librosa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of empty bands: `check_bands` tells of them
        return librosa.filters.mel(
            sr=front_end.sample_rate,
            n_fft=front_end.n_fft,
            n_mels=front_end.n_mels,
            fmin=front_end.f_min,
            fmax=front_end.f_max,
            dtype=np.float32,
        ).T


def check_bands(front_end: FrontEnd) -> None:
    """Refuses a front end with bands that hear nothing; see `check_front_end`.

    Raises:
        InputError: also if there are bands that no Fourier bin falls into.
    """
    check_front_end(front_end)
    deaf = int((~mel_filters(front_end).any(axis=0)).sum())
    if deaf:
        raise InputError(
            f"front_end.n_mels={front_end.n_mels}: {deaf} of these bands are narrower than the "
            f"bins of front_end.n_fft={front_end.n_fft} and hear nothing; take fewer, or a longer "
            "window"
        )


@lru_cache(maxsize=8)
def mel_weights(front_end: FrontEnd) -> list[tuple[np.ndarray, int]]:
    """Mel weights of the lower and of the upper half of the bands, each on the bins it uses.

    Two small products in place of one that is three quarters zeros.

    Returns:
        For each half its weights [bins, bands] and the number of the first of these Fourier bins.
    """
    halves = []
    for bands in np.array_split(mel_filters(front_end), min(2, front_end.n_mels), axis=1):
        used = np.flatnonzero(bands.any(axis=1))
        halves.append((bands[used[0] : used[-1] + 1], int(used[0])))
    return halves


def frames_in(front_end: FrontEnd, samples: int) -> int:
    """Number of frames of a waveform of that many samples."""
    return 1 + samples // front_end.hop


@partial(jax.jit, static_argnames="front_end")
def log_mel(waveform: Array, front_end: FrontEnd) -> Array:
    """Log-mel spectrogram, equal to librosa's `melspectrogram` (centred, zero-padded).

    Within 1e-4 in bands at most 50 dB below the loudest of the frame; further down the noise of
    single precision shows, up to 1e-2 at 80 dB.

    The frames go through in blocks. On CPU a block follows the other, so that frames, spectrum and
    power stay in the cache, four times as fast as all at once; elsewhere all blocks run together.

    Args:
        waveform: [batch, samples], full scale is 1.
        front_end: settings.

    Returns:
        [batch, frames, n_mels] natural logarithm of power, at least log(1e-10).
    """
    return _in_blocks(waveform, front_end, lambda power: jnp.log(jnp.maximum(power, POWER_FLOOR)))


@partial(jax.jit, static_argnames="front_end")
def mel_power(waveform: Array, front_end: FrontEnd) -> Array:
    """Mel power, [batch, samples] -> [batch, frames, n_mels]: what `log_mel` takes the log of."""
    return _in_blocks(waveform, front_end, lambda power: power)


def song_mel_power(wave: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """[samples] one song of any length -> [frames, n_mels] mel power, on the host."""
    samples = max(LEAST_SAMPLES, 1 << (len(wave) - 1).bit_length())  # few lengths are compiled
    padded = clip_at(np.asarray(wave, np.float32), samples, 0)
    return np.asarray(mel_power(padded[None], front_end))[0, : frames_in(front_end, len(wave))]


def _in_blocks(waveform: Array, front_end: FrontEnd, scale: Callable[[Array], Array]) -> Array:
    """Mel power of blocks of frames, each scaled while it is in the cache."""
    frames, n_fft, hop = frames_in(front_end, waveform.shape[1]), front_end.n_fft, front_end.hop
    blocks = -(-frames * n_fft // SAMPLES_AT_ONCE)
    size = -(-frames // blocks)
    span = (size - 1 - (-n_fft // hop)) * hop  # whole hops
    after = (blocks - 1) * size * hop + span - waveform.shape[1] - n_fft // 2
    padded = jnp.pad(waveform, ((0, 0), (n_fft // 2, max(after, 0))))

    def block(index: Array) -> Array:
        start = (index // blocks, index % blocks * size * hop)
        samples = jax.lax.dynamic_slice(padded, start, (1, span))
        return scale(_mel_power_of_block(samples.reshape(-1, hop), size, front_end))

    each = jax.lax.platform_dependent(
        jnp.arange(len(waveform) * blocks),
        cpu=lambda indices: jax.lax.map(block, indices),
        default=jax.vmap(block),
    )
    return each.reshape(len(waveform), blocks * size, front_end.n_mels)[:, :frames]


def _mel_power_of_block(hops: Array, frames: int, front_end: FrontEnd) -> Array:
    """Samples in hops side by side [frames + n_fft / hop - 1, hop] -> [frames, n_mels] power."""
    n_fft = front_end.n_fft
    whole, rest = divmod(n_fft, front_end.hop)
    parts = [hops[part : part + frames] for part in range(whole)]
    parts += [hops[whole : whole + frames, :rest]] if rest else []
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    spectrum = jnp.fft.rfft(jnp.concatenate(parts, axis=1) * window[None])
    power = spectrum.real**2 + spectrum.imag**2
    mel = [
        jnp.matmul(power[:, first : first + len(weights)], weights, precision="highest")
        for weights, first in mel_weights(front_end)
    ]
    return jnp.concatenate(mel, axis=1)
