"""autoencoder: the clip rebuilt, coarsely, from its latent vector."""

from dataclasses import dataclass

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from chingolo.train.objective import losses
from chingolo.train.objective.method import (
    BatchOutputs,
    Head,
    Method,
    MethodSettings,
    Shapes,
    Terms,
)

POOL = 4
"""Frames and bands averaged in the spectrogram that is rebuilt."""


@dataclass(frozen=True)
class AutoencoderSettings(MethodSettings):
    """Settings of autoencoder."""

    name: str = "autoencoder"
    """The method's name."""


def coarse(spectrogram: Array) -> Array:
    """Means over squares of POOL: [batch, frames, n_mels] -> [batch, frames / 4, n_mels / 4]."""
    return nn.avg_pool(spectrogram[..., None], (POOL, POOL), (POOL, POOL))[..., 0]


class Decoder(nn.Module):
    """[batch, dimensions] -> [batch, rows, columns], the clip as `coarse` sees it."""

    rows: int
    columns: int
    width: int = 32

    @nn.compact
    def __call__(self, z: Array) -> Array:
        """Rebuilds by two doublings of a coarse map."""
        rows, columns = -(-self.rows // 4), -(-self.columns // 4)
        x = nn.Dense(rows * columns * self.width)(z)
        x = x.reshape(len(z), rows, columns, self.width)
        for _ in range(2):
            x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
            x = nn.Conv(self.width, (3, 3))(nn.gelu(x))
        x = nn.Conv(1, (3, 3))(nn.gelu(x))
        return x[:, : self.rows, : self.columns, 0]


def _heads(settings: AutoencoderSettings, shapes: Shapes) -> list[Head]:
    del settings
    decoder = Decoder(shapes.frames // POOL, shapes.n_mels // POOL, name="decoder")
    return [Head(decoder, reads="z", gives="rebuilt")]


def _terms(settings: AutoencoderSettings, outputs: BatchOutputs) -> Terms:
    del settings
    clips, rebuilt = outputs.clips, outputs.student["rebuilt"]
    original = coarse(clips.reshape(-1, *clips.shape[2:]))
    error = losses.rebuilding(rebuilt.reshape(original.shape), original)
    return {"rebuilding": (1.0, outputs.mean(error))}


METHOD = Method(
    title="the clip rebuilt",
    source="Hinton & Salakhutdinov 2006",
    settings=AutoencoderSettings,
    heads=_heads,
    terms=_terms,
    ungathered=("rebuilt",),
)
