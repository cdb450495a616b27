"""The decoder that makes an encoder an autoencoder: latent vector -> coarse spectrogram."""

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

POOL = 4
"""Frames and bands averaged in the spectrogram that is rebuilt."""


def coarse(spectrogram: Array) -> Array:
    """Means over squares of POOL: [batch, frames, n_mels] -> [batch, frames / 4, n_mels / 4]."""
    return nn.avg_pool(spectrogram[..., None], (POOL, POOL), (POOL, POOL))[..., 0]


class Decoder(nn.Module):
    """[batch, dimensions] -> [batch, rows, columns], the clip as `coarse` sees it."""

    rows: int
    columns: int
    channels: int = 32

    @nn.compact
    def __call__(self, z: Array) -> Array:
        """Rebuilds by two doublings of a coarse map."""
        rows, columns = -(-self.rows // 4), -(-self.columns // 4)
        x = nn.Dense(rows * columns * self.channels)(z)
        x = x.reshape(len(z), rows, columns, self.channels)
        for _ in range(2):
            x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
            x = nn.Conv(self.channels, (3, 3))(nn.gelu(x))
        x = nn.Conv(1, (3, 3))(nn.gelu(x))
        return x[:, : self.rows, : self.columns, 0]
