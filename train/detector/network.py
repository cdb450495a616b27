"""A small network that finds songs: fully convolutional in time, causal, for any length of input.

It hears log-mel frames over a running background (`streaming.above_background`) and scores
every second frame. Each output sees the past 3 s; its target lies `LOOK_AHEAD` frames back, and
those 0.28 s are all it hears of the future. `streaming.network` is the same on a stream.
"""

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from chingolo.train.detector.streaming import DILATIONS, KERNELS, STRIDE

OUTPUTS = 3
"""Within a song, onset, offset."""


class Block(nn.Module):
    """Residual block with one dilated causal convolution of three taps."""

    width: int
    dilation: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """[batch, frames, width] -> the same shape."""
        y = nn.LayerNorm(name="norm", use_fast_variance=False)(x)
        frames = x.shape[1]
        y = jnp.pad(y, ((0, 0), (2 * self.dilation, 0), (0, 0)))
        # shifted copies and one product: faster on CPU than a dilated convolution
        taps = [y[:, k * self.dilation : k * self.dilation + frames] for k in range(3)]
        y = nn.Dense(self.width, name="wide")(jnp.concatenate(taps, axis=-1))
        return x + nn.Dense(self.width, name="back")(nn.relu(y))


class DetectorNetwork(nn.Module):
    """[batch, frames, n_mels] features -> [batch, frames / 2, 3] logits."""

    convolution_widths: tuple[int, int]
    """Of the two convolutions over time and frequency."""

    block_width: int
    """Of the blocks."""

    @nn.compact
    def __call__(self, features: Array) -> Array:
        """Scores of a batch of whole recordings, from their first frame on."""
        x = features[..., None]
        strides = ((STRIDE, 2), (1, 2))
        for number, (kernel, stride) in enumerate(zip(KERNELS, strides, strict=True)):
            time, bands = kernel
            padding = ((time - stride[0], 0), (bands // 2, bands // 2))
            x = nn.Conv(
                self.convolution_widths[number],
                kernel,
                stride,
                padding=padding,
                name=f"convolution_{number}",
            )(x)
            x = nn.relu(x)
        x = nn.Dense(self.block_width, name="inwards")(x.reshape(*x.shape[:2], -1))
        for number, dilation in enumerate(DILATIONS):
            x = Block(self.block_width, dilation, name=f"block_{number}")(x)
        x = nn.LayerNorm(name="norm", use_fast_variance=False)(x)
        return nn.Dense(OUTPUTS, name="outwards")(x)
