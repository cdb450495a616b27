"""A small residual network for spectrograms (ResNet v2 with GroupNorm), sized for a CPU."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

Initializer = Callable[..., Any]


def patchify(spectrogram: Array, size: int) -> Array:
    """Cuts [batch, time, frequency, channels] into squares and stacks each as channels.

    A remainder at the end that does not fill a square is dropped.
    """
    batch, time, frequency, channels = spectrogram.shape
    rows, columns = time // size, frequency // size
    trimmed = spectrogram[:, : rows * size, : columns * size]
    squares = trimmed.reshape(batch, rows, size, columns, size, channels)
    return squares.transpose(0, 1, 3, 2, 4, 5).reshape(batch, rows, columns, -1)


class Block(nn.Module):
    """Pre-activation residual block of two 3 x 3 convolutions."""

    width: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """[batch, time, frequency, width] -> the same shape."""
        residual = x
        for index in range(2):
            x = nn.GroupNorm(min(8, self.width))(x)
            x = nn.relu(x)
            zero = nn.initializers.zeros
            start = nn.initializers.he_normal() if index == 0 else zero
            x = nn.Conv(self.width, (3, 3), kernel_init=start)(x)
        return residual + x


class CNN(nn.Module):
    """[batch, frames, n_mels] -> [batch, dimensions]; any number of frames from 16 on.

    Frequency keeps its place to the end (pitch is absolute), time is pooled by mean and maximum.
    """

    widths: tuple[int, ...]
    blocks: int
    dimensions: int

    @nn.compact
    def __call__(self, spectrogram: Array) -> Array:
        """Latent vectors of normalised log-mel clips."""
        x = spectrogram[..., None]
        for stage, width in enumerate(self.widths):
            x = nn.Dense(width)(patchify(x, 4 if stage == 0 else 2))
            for _ in range(self.blocks):
                x = Block(width)(x)
        x = nn.relu(nn.GroupNorm(min(8, self.widths[-1]))(x))
        pooled = jnp.concatenate([x.mean(axis=1), x.max(axis=1)], axis=-1)
        return nn.Dense(self.dimensions)(pooled.reshape(len(pooled), -1))
