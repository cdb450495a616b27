"""Heads on the latent vector: projector with prototypes, and bottleneck with classifier."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array


def unit(x: Array) -> Array:
    """Scales vectors [..., dimensions] to length 1 (a zero vector stays finite)."""
    return x * jax.lax.rsqrt(jnp.sum(x**2, axis=-1, keepdims=True) + 1e-12)


class BatchStandardise(nn.Module):
    """Batch normalisation without running statistics: the head is not used after training.

    The statistics are those of the whole batch over all devices of `axis`.
    """

    @nn.compact
    def __call__(self, x: Array, axis: str | None = None) -> Array:
        """[batch, features] -> the same; `axis` names the devices' axis if mapped."""
        mean = jnp.mean(x, axis=0, keepdims=True)
        mean = mean if axis is None else jax.lax.pmean(mean, axis)
        variance = jnp.mean((x - mean) ** 2, axis=0, keepdims=True)
        variance = variance if axis is None else jax.lax.pmean(variance, axis)
        scale = self.param("scale", nn.initializers.ones, (1, x.shape[-1]))
        bias = self.param("bias", nn.initializers.zeros, (1, x.shape[-1]))
        return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + bias


class Projector(nn.Module):
    """[batch, dimensions] -> unit vectors [batch, projection] and cosines [batch, prototypes]."""

    hidden: int
    projection: int
    prototypes: int

    @nn.compact
    def __call__(self, z: Array, axis: str | None = None) -> tuple[Array, Array]:
        """Projections and their cosines to the prototypes."""
        x = z
        for _ in range(2):
            x = nn.Dense(self.hidden, use_bias=False)(x)
            x = nn.gelu(BatchStandardise()(x, axis))
        projection = unit(nn.Dense(self.projection)(x))
        shape = (self.projection, self.prototypes)
        prototypes = self.param("prototypes", nn.initializers.normal(), shape)
        return projection, projection @ unit(prototypes.T).T


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
