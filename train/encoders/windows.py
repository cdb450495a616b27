"""One linear layer on time-normalised windows, summed so that their order is kept.

A sound shorter than a window is one window whatever its length, resized; a longer one is many, half
overlapping. So a syllable and a song are heard by the same layer: what syllables need is that all
of the sound fills the frames, what songs need is a grain finer than themselves, and its order.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from chingolo.synth.tables.bounds import Bounds
from chingolo.train.encoders.cnn import hide_squares
from chingolo.train.encoders.encoder import Encoder, EncoderSettings, Told


@dataclass(frozen=True)
class WindowsSettings(EncoderSettings):
    """Settings of the linear layer on windows."""

    kind: str = "windows"
    """The encoder's name."""

    dimensions: Annotated[int, Bounds(1, 65_536)] = 513
    """Length of the latent vector: as many for each cosine, and one for the duration."""

    window: Annotated[int, Bounds(2, 65_536)] = 34
    """Frames of a window; windows overlap by half. A shorter sound is one window."""

    frames: Annotated[int, Bounds(2, 1024)] = 32
    """Frames that each window is resized to."""

    cosines: Annotated[int, Bounds(1, 64)] = 4
    """Cosines of relative time that windows are summed with, from the constant one on."""

    exponent: Annotated[float, Bounds(0, 10, inside=True)] = 0.3
    """Of power in what is heard, as loudness grows (Stevens 1957)."""

    duration: Annotated[float, Bounds(0, 100)] = 1.0
    """Weight of the duration beside all else."""

    @property
    def width(self) -> int:
        """Values that the layer makes of a window; the last cosine's may be cut."""
        return -(-(self.dimensions - 1) // self.cosines)


@struct.dataclass
class Windows:
    """The windows of sounds."""

    units: Array
    """[batch, windows, frames * bands] each of length 1."""

    weight: Array
    """[batch, windows] root of the energy, in sum 1; 0 for windows that a sound does not have."""

    when: Array
    """[batch, windows] the middle in relative time, 0 to 1."""

    length: Array
    """[batch] frames of the sound."""


def cut_windows(spectrogram: Array, silent: Array | None, settings: WindowsSettings) -> Windows:
    """Cuts sounds into windows, each resized.

    Args:
        spectrogram: [batch, frames, bands] natural logarithm of power.
        silent: [batch, frames] bool, frames of padding; the sound is all between the first and the
            last of the others. None: no frame is.
        settings: of the encoder.
    """
    frames = spectrogram.shape[1]
    heard = jnp.ones(spectrogram.shape[:2], bool) if silent is None else ~silent
    heard = heard | ~heard.any(axis=1, keepdims=True)
    first = heard.argmax(axis=1)
    length = frames - heard[:, ::-1].argmax(axis=1) - first
    size, half = settings.window, settings.window / 2
    most = 1 + max(0, math.ceil((frames - size) / half))
    count = 1 + jnp.ceil(jnp.maximum(length - size, 0) / half)
    window = jnp.minimum(length, size)
    number = jnp.arange(most)[None]
    step = (length - window) / jnp.maximum(count - 1, 1)
    start = number * step[:, None]
    inside = jnp.linspace(0.0, 1.0, settings.frames)[None, None] * (window - 1)[:, None, None]
    place = first[:, None, None] + jnp.minimum(
        start[..., None] + inside, (length - 1)[:, None, None]
    )
    loudest = jnp.where(heard[..., None], spectrogram, -jnp.inf).max(axis=(1, 2), keepdims=True)
    level = jnp.where(heard[..., None], spectrogram - loudest, -jnp.inf)
    units = _between(jnp.exp(settings.exponent * level), place)
    energy = _between(jnp.exp(level).sum(axis=2, keepdims=True), place).sum(axis=(2, 3))
    weight = jnp.where(number < count[:, None], jnp.sqrt(energy), 0.0)
    return Windows(
        units=_unit(units.reshape(*units.shape[:2], -1)),
        weight=weight / jnp.maximum(weight.sum(axis=1, keepdims=True), 1e-12),
        when=(start + window[:, None] / 2) / length[:, None],
        length=length,
    )


def _between(values: Array, place: Array) -> Array:
    """[batch, frames, bands] at places [batch, windows, n] between frames, one more axis."""
    low = jnp.floor(place).astype(int)
    high = jnp.minimum(low + 1, values.shape[1] - 1)
    part = (place - low)[..., None]

    def take(one: Array, at: Array) -> Array:
        return one[at]

    below, above = (jax.vmap(take)(values, at) for at in (low, high))
    return below + part * (above - below)


def _unit(vectors: Array) -> Array:
    """Brings the last axis to length 1; a vector of zeros stays one, with a gradient of 0."""
    square = (vectors**2).sum(axis=-1, keepdims=True)
    return vectors * jax.lax.rsqrt(jnp.maximum(square, 1e-18))


class LinearWindows(nn.Module):
    """[batch, frames, n_mels] -> [batch, dimensions]; any number of frames."""

    settings: WindowsSettings
    dtype: Any

    @nn.compact
    def __call__(
        self, spectrogram: Array, train: bool = False, silent: Array | None = None
    ) -> Array:
        """Latent vectors of log-mel clips, `silent` [batch, frames] where padded."""
        del train
        settings = self.settings
        cut = cut_windows(spectrogram.astype(jnp.float32), silent, settings)
        cosine = jnp.cos(jnp.pi * cut.when[..., None] * jnp.arange(settings.cosines)[None, None])
        parts = []
        if settings.width:
            layer = nn.Dense(settings.width, use_bias=False, dtype=self.dtype, name="layer")
            heard = _unit(layer(cut.units).astype(jnp.float32))
            order = jnp.einsum("bw,bwc,bwk->bck", cut.weight, cosine, heard)
            parts = [_unit(order.reshape(len(order), -1)[:, : settings.dimensions - 1])]
        # as a song may be cut with or without its echo, what is much longer than a window is long
        length = jnp.tanh(jnp.log(cut.length / settings.window))[:, None]
        return jnp.concatenate([*parts, settings.duration * length], axis=1)


def _padding(settings: WindowsSettings, silent: Array) -> Told:
    del settings
    return {"silent": silent}


ENCODER = Encoder(
    title="one linear layer on time-normalised windows, their order kept; any length",
    source="ours",
    settings=WindowsSettings,
    network=LinearWindows,
    hide=hide_squares,
    padding=_padding,
    normalised=False,
    any_length=True,
)
