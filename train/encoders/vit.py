"""Vision transformer for spectrograms (Dosovitskiy et al. 2021) of any length, without padding."""

from dataclasses import dataclass
from typing import Any, Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from chingolo.train.encoders.encoder import DeepSettings, Encoder, Told, initialiser

SIZES = {
    "nano": (32, 2, 2),
    "micro": (96, 4, 4),
    "tiny": (192, 12, 3),
    "small": (384, 12, 6),
    "base": (768, 12, 12),
}
"""Width, depth and heads."""

PATCHES = {
    "square": ((16, 16), (16, 16)),
    "overlapping": ((16, 16), (8, 8)),
    "band": ((4, 0), (4, 0)),
}
"""Size and step of a patch, frames by bands; 0 stands for all bands."""


@dataclass(frozen=True)
class ViTSettings(DeepSettings):
    """Settings of the vision transformer."""

    kind: str = "vit"
    """The encoder's name."""

    patch: Literal["square", "overlapping", "band"] = "square"
    """Patches: 16 frames by 16 bands, the same at half steps, or 4 frames of all bands."""


def token_grid(patch: str, frames: int, n_mels: int) -> tuple[int, int]:
    """Number of patches over time and over frequency; a remainder at the end is dropped."""
    (tall, wide), (step, across) = PATCHES[patch]
    wide, across = wide or n_mels, across or n_mels
    return (frames - tall) // step + 1, (n_mels - wide) // across + 1


def time_positions(count: int, width: int) -> np.ndarray:
    """Sines and cosines of the place in time [count, width] (Vaswani et al. 2017, section 3.5)."""
    rate = 1e4 ** (-np.arange(0, width, 2) / width)
    angle = np.arange(count)[:, None] * rate[None, :]
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)[:, :width].astype(np.float32)


class Layer(nn.Module):
    """Pre-norm transformer layer."""

    heads: int
    dropout: float
    start: Any
    dtype: Any

    @nn.compact
    def __call__(self, x: Array, attend: Array | None, train: bool) -> Array:
        """[batch, tokens, width] -> the same; `attend` [batch, 1, 1, tokens] masks keys."""
        width = x.shape[-1]
        y = nn.LayerNorm(dtype=self.dtype)(x)
        y = nn.MultiHeadDotProductAttention(
            self.heads,
            dtype=self.dtype,
            kernel_init=self.start,
            deterministic=True,
            force_fp32_for_softmax=True,  # bfloat16 rounds each weight of many tokens by 0.4 %
        )(y, mask=attend)
        x = x + nn.Dropout(self.dropout, deterministic=not train)(y)
        y = nn.LayerNorm(dtype=self.dtype)(x)
        y = nn.gelu(nn.Dense(4 * width, kernel_init=self.start, dtype=self.dtype)(y))
        y = nn.Dense(width, kernel_init=self.start, dtype=self.dtype)(y)
        return x + nn.Dropout(self.dropout, deterministic=not train)(y)


class ViT(nn.Module):
    """[batch, frames, n_mels] -> [batch, dimensions]; any number of frames from one patch on.

    Time has fixed sinusoidal positions (so that any length works), frequency learned ones; the
    tokens are pooled by their mean, masked where `keep` or `valid` leave tokens out.
    """

    size: str
    patch: str
    dimensions: int
    dropout: float
    start: Any
    dtype: Any

    @nn.compact
    def __call__(
        self,
        spectrogram: Array,
        train: bool = False,
        keep: Array | None = None,
        valid: Array | None = None,
    ) -> Array:
        """Latent vectors of normalised log-mel clips.

        Args:
            spectrogram: [batch, frames, n_mels].
            train: whether dropout is on.
            keep: [batch, kept] int, the tokens that are computed at all; None keeps all.
            valid: [batch, frames] bool, frames that hold sound; None takes all for sound.
        """
        width, depth, heads = SIZES[self.size]
        batch, _, n_mels = spectrogram.shape
        (tall, wide), (step, across) = PATCHES[self.patch]
        wide, across = wide or n_mels, across or n_mels
        x = nn.Conv(
            width,
            (tall, wide),
            (step, across),
            padding="VALID",
            kernel_init=self.start,
            dtype=self.dtype,
        )(spectrogram[..., None].astype(self.dtype))
        rows, columns = x.shape[1:3]
        over_bands = self.param("bands", nn.initializers.normal(0.02), (1, 1, columns, width))
        place = jnp.asarray(time_positions(rows, width))[None, :, None, :] + over_bands
        x = (x + place.astype(self.dtype)).reshape(batch, rows * columns, width)
        heard = jnp.ones((batch, rows * columns), bool)
        if valid is not None:
            starts = np.arange(rows)[:, None] * step + np.arange(tall)
            heard = jnp.repeat(jnp.any(valid[:, starts], axis=-1), columns, axis=1)
        if keep is not None:
            x = jnp.take_along_axis(x, keep[..., None], axis=1)
            heard = jnp.take_along_axis(heard, keep, axis=1)
        attend = None if valid is None else heard[:, None, None, :]
        for _ in range(depth):
            x = Layer(heads, self.dropout, self.start, self.dtype)(x, attend, train)
        x = nn.LayerNorm(dtype=self.dtype)(x).astype(jnp.float32)
        weight = heard.astype(jnp.float32)[..., None]
        pooled = (x * weight).sum(axis=1) / jnp.maximum(weight.sum(axis=1), 1.0)
        return nn.Dense(self.dimensions, kernel_init=self.start)(pooled)


def _network(settings: ViTSettings, dtype: Any) -> ViT:
    return ViT(
        settings.size,
        settings.patch,
        settings.dimensions,
        settings.dropout,
        initialiser(settings),
        dtype,
    )


def _least(settings: ViTSettings) -> tuple[int, int]:
    tall, wide = PATCHES[settings.patch][0]
    return tall, wide or 1


def _hide(settings: ViTSettings, keys: Array, clips: Array, share: float) -> tuple[Array, Told]:
    rows, columns = token_grid(settings.patch, clips.shape[1], clips.shape[2])
    tokens = rows * columns
    kept = max(1, round((1 - share) * tokens))
    order = jax.vmap(lambda key: jax.random.permutation(key, tokens))(keys)
    return clips, {"keep": jnp.sort(order[:, :kept], axis=1)}


def _padding(settings: ViTSettings, silent: Array) -> Told:
    del settings
    return {"valid": ~silent}


ENCODER = Encoder(
    title="vision transformer; hidden patches are not computed, nor is padding heard",
    source="Dosovitskiy et al. 2021",
    settings=ViTSettings,
    network=_network,
    hide=_hide,
    least=_least,
    padding=_padding,
)
