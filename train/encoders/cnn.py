"""A small residual network for spectrograms (ResNet v2 with GroupNorm), sized for a CPU."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from chingolo.train.encoders.encoder import (
    DeepSettings,
    Encoder,
    EncoderSettings,
    Told,
    initialiser,
)

SIZES = {
    "nano": ((8, 16), 1),
    "micro": ((16, 32, 64), 1),
    "tiny": ((24, 48, 96), 1),
    "small": ((32, 64, 128), 2),
    "base": ((64, 128, 256, 512), 2),
}
"""Widths of the stages and residual blocks in each. Mind XLA on CPU above a width of about 200."""

PATCH = 16
"""Frames and bands of a hidden patch: there are no tokens to drop."""


@dataclass(frozen=True)
class CNNSettings(DeepSettings):
    """Settings of the residual network."""

    kind: str = "cnn"
    """The encoder's name."""


def patchify(spectrogram: Array, size: int) -> Array:
    """Cuts [batch, time, frequency, width] into squares, each one vector of all that it holds.

    A remainder at the end that does not fill a square is dropped.
    """
    batch, time, frequency, width = spectrogram.shape
    rows, columns = time // size, frequency // size
    trimmed = spectrogram[:, : rows * size, : columns * size]
    # a square's columns already lie side by side; only its rows have to be brought together
    bands = trimmed.reshape(batch * rows, size, columns, size * width)
    return bands.swapaxes(1, 2).reshape(batch, rows, columns, -1)


def group_norm(x: Array, dtype: Any) -> Array:
    """GroupNorm within a module; positions on one axis, which XLA sums faster on CPU than two."""
    positions = x.reshape(len(x), -1, x.shape[-1])
    return nn.GroupNorm(min(8, x.shape[-1]), dtype=dtype)(positions).reshape(x.shape)


def highest(x: Array) -> Array:
    """Maximum over time of [batch, time, ...], whose gradient goes to one frame.

    That of `x.max` compares x with its maximum. Where XLA computes x anew for that and rounds
    otherwise, no frame is equal and the gradient is 0/0.
    """
    best = jnp.argmax(jax.lax.stop_gradient(x), axis=1, keepdims=True)
    frame = jax.lax.broadcasted_iota(best.dtype, x.shape, 1)
    return jnp.where(frame == best, x, 0).sum(axis=1)


class Block(nn.Module):
    """Pre-activation residual block of two 3 x 3 convolutions; the second starts at zero."""

    width: int
    start: Any
    dtype: Any

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """[batch, time, frequency, width] -> the same shape."""
        residual = x
        for start in (self.start, nn.initializers.zeros):
            x = nn.relu(group_norm(x, self.dtype))
            x = nn.Conv(self.width, (3, 3), kernel_init=start, dtype=self.dtype)(x)
        return residual + x


class CNN(nn.Module):
    """[batch, frames, n_mels] -> [batch, dimensions]; any number of frames from `_least` on.

    Frequency keeps its place to the end (pitch is absolute), time is pooled by mean and maximum.
    Background is 0 before normalising, in a padded clip as in a long one: nothing needs a mask.
    """

    size: str
    dimensions: int
    dropout: float
    start: Any
    dtype: Any

    @nn.compact
    def __call__(self, spectrogram: Array, train: bool = False) -> Array:
        """Latent vectors of normalised log-mel clips."""
        x = spectrogram[..., None].astype(self.dtype)
        widths, blocks = SIZES[self.size]
        for stage, width in enumerate(widths):
            patches = patchify(x, 4 if stage == 0 else 2)
            # as rows of one matrix, whose product has the cheaper gradient on CPU
            rows = patches.reshape(-1, patches.shape[-1])
            x = nn.Dense(width, kernel_init=self.start, dtype=self.dtype)(rows)
            x = x.reshape(*patches.shape[:-1], width)
            for _ in range(blocks):
                x = Block(width, self.start, self.dtype)(x)
        x = nn.relu(group_norm(x, self.dtype)).astype(jnp.float32)
        pooled = jnp.concatenate([x.mean(axis=1), highest(x)], axis=-1)
        pooled = pooled.reshape(len(pooled), -1)
        pooled = nn.Dropout(self.dropout, deterministic=not train)(pooled)
        return nn.Dense(self.dimensions, kernel_init=self.start)(pooled)


def hide_patches(key: Array, spectrogram: Array, share: float, size: int) -> Array:
    """Covers a share of squares of `size` frames by `size` bands with 0, the corpus mean."""
    rows, columns = (-(-length // size) for length in spectrogram.shape)
    order = jax.random.permutation(key, rows * columns)
    seen = (order >= round(share * rows * columns)).astype(spectrogram.dtype)
    squares = jnp.repeat(jnp.repeat(seen.reshape(rows, columns), size, axis=0), size, axis=1)
    return spectrogram * squares[: spectrogram.shape[0], : spectrogram.shape[1]]


def _network(settings: CNNSettings, dtype: Any) -> CNN:
    start = initialiser(settings)
    return CNN(settings.size, settings.dimensions, settings.dropout, start, dtype)


def _least(settings: CNNSettings) -> tuple[int, int]:
    side = 4 * 2 ** (len(SIZES[settings.size][0]) - 1)
    return side, side


def hide_squares(
    settings: EncoderSettings, keys: Array, clips: Array, share: float
) -> tuple[Array, Told]:
    """Covers squares of `PATCH` in every clip; see `Encoder.hide`."""
    del settings
    return jax.vmap(lambda key, clip: hide_patches(key, clip, share, PATCH))(keys, clips), {}


ENCODER = Encoder(
    title="residual network with GroupNorm; hidden patches are covered with the corpus mean",
    source="He et al. 2016 (ResNet v2), with GroupNorm (Wu & He 2018)",
    settings=CNNSettings,
    network=_network,
    hide=hide_squares,
    least=_least,
)
