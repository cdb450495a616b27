"""Heads on the latent vector: projector, prototypes, predictor, classifier, regressor."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array

from chingolo.train.objective.devices import ONE_DEVICE, Devices


def unit(x: Array) -> Array:
    """Scales vectors [..., dimensions] to length 1 (a zero vector stays finite)."""
    return x * jax.lax.rsqrt(jnp.sum(x**2, axis=-1, keepdims=True) + 1e-12)


class BatchStandardise(nn.Module):
    """Batch normalisation without running statistics: the head is not used after training.

    The statistics are those of the whole batch over all devices. It equals flax's `BatchNorm` in
    training, which does not serve here: that one keeps running means as state that nothing would
    read, knows the devices by the name of an axis that one device alone does not have, and calls
    its parameters [features], so that checkpoints of before would not load.
    """

    devices: Devices = ONE_DEVICE

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """[batch, features] -> the same."""
        mean = self.devices.mean(jnp.mean(x, axis=0, keepdims=True))
        variance = self.devices.mean(jnp.mean((x - mean) ** 2, axis=0, keepdims=True))
        scale = self.param("scale", nn.initializers.ones, (1, x.shape[-1]))
        bias = self.param("bias", nn.initializers.zeros, (1, x.shape[-1]))
        return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + bias


class Projector(nn.Module):
    """[batch, features] -> [batch, projection]; also serves as BYOL's predictor, with one layer."""

    hidden: int
    projection: int
    layers: int = 2
    devices: Devices = ONE_DEVICE

    @nn.compact
    def __call__(self, z: Array) -> Array:
        """Projections, of any length."""
        x = z
        for _ in range(self.layers):
            x = nn.Dense(self.hidden, use_bias=False)(x)
            x = nn.gelu(BatchStandardise(self.devices)(x))
        return nn.Dense(self.projection)(x)


class Prototypes(nn.Module):
    """Unit vectors [batch, projection] -> cosines [batch, prototypes] to unit prototypes."""

    prototypes: int

    @nn.compact
    def __call__(self, projection: Array) -> Array:
        """Cosines to the prototypes."""
        shape = (projection.shape[-1], self.prototypes)
        prototypes = self.param("prototypes", nn.initializers.normal(), shape)
        return projection @ unit(prototypes.T).T


class Regressor(nn.Module):
    """[batch, dimensions] -> [batch, length], linear: another encoder's vector."""

    length: int

    @nn.compact
    def __call__(self, z: Array) -> Array:
        """The estimated vectors."""
        return nn.Dense(self.length)(z)


class Classifier(nn.Module):
    """Bottleneck, then cosine classifier: [batch, dimensions] -> logits [batch, classes].

    Cosines have bounded logits: a song unlike every class cannot get an extreme score.
    """

    bottleneck: int
    classes: int
    scale: float = 12.0

    @nn.compact
    def __call__(self, z: Array) -> Array:
        """Logits in [-scale, scale]."""
        x = unit(nn.Dense(self.bottleneck)(z))
        shape = (self.bottleneck, self.classes)
        directions = self.param("classes", nn.initializers.normal(), shape)
        return self.scale * (x @ unit(directions.T).T)
