"""A small autoencoder of latent vectors whose bottleneck is the map."""

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from chingolo.train.objective import losses

STEPS, BATCH, LEARNING_RATE = 1500, 256, 3e-3


class Autoencoder(nn.Module):
    """[songs, latent dimensions] -> ([songs, dimensions], rebuilt vectors).

    The bottleneck starts at the principal components: `axes` and a correction that starts at 0.
    """

    dimensions: int
    features: int
    hidden: int = 64

    def setup(self) -> None:
        """Names the layers."""
        self.axes = self.param("axes", nn.initializers.zeros, (self.features, self.dimensions))
        self.inner = nn.Dense(self.hidden)
        self.correction = nn.Dense(self.dimensions, kernel_init=nn.initializers.zeros)
        self.outer = nn.Dense(self.hidden)
        self.rebuilt = nn.Dense(self.features)

    def encode(self, z: Array) -> Array:
        """Places in the bottleneck."""
        return z @ self.axes + self.correction(nn.gelu(self.inner(z)))

    def __call__(self, z: Array) -> tuple[Array, Array]:
        """Places, and the vectors rebuilt from them."""
        place = self.encode(z)
        return place, self.rebuilt(nn.gelu(self.outer(place)))


@dataclass(frozen=True)
class Bottleneck:
    """A trained autoencoder; `transform` places further songs."""

    params: dict[str, Any]
    mean: np.ndarray
    scale: float
    dimensions: int

    rebuilt: float
    """Share of the training vectors' variance that is rebuilt from the bottleneck."""

    def transform(self, z: np.ndarray) -> np.ndarray:
        """[songs, dimensions] places of [songs, latent dimensions] vectors."""
        network = Autoencoder(self.dimensions, z.shape[1])
        scaled = jnp.asarray((z - self.mean) / self.scale, jnp.float32)
        place = network.apply({"params": self.params}, scaled, method="encode")
        return np.asarray(place, np.float64)


def fit_bottleneck(
    z: np.ndarray, axes: np.ndarray, *, steps: int = STEPS, seed: int = 0
) -> Bottleneck:
    """Trains the autoencoder to rebuild latent vectors (Hinton & Salakhutdinov 2006).

    Args:
        z: [songs, latent dimensions] vectors.
        axes: [dimensions, latent dimensions] principal axes, where the bottleneck starts.
        steps: steps of Adam, on 256 songs each, with a rate that falls to 0 along a cosine.
        seed: of the start and of the order of songs.

    Returns:
        The autoencoder.
    """
    mean = z.mean(axis=0)
    scale = float(np.sqrt(np.mean((z - mean) ** 2))) or 1.0
    data = jnp.asarray((z - mean) / scale, jnp.float32)
    network = Autoencoder(len(axes), z.shape[1])
    start, order = jax.random.split(jax.random.key(seed))
    fresh: Any = network.init(start, data[:1])["params"]
    params = {**fresh, "axes": jnp.asarray(axes.T, jnp.float32)}
    optimiser = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, steps))

    def loss(params: Any, batch: Array) -> Array:
        outputs: Any = network.apply({"params": params}, batch)
        return losses.rebuilding(outputs[1], batch)

    def advance(carry: Any, step: Array) -> tuple[Any, None]:
        params, state = carry
        drawn = jax.random.randint(jax.random.fold_in(order, step), (BATCH,), 0, len(data))
        updates, state = optimiser.update(jax.grad(loss)(params, data[drawn]), state, params)
        return (optax.apply_updates(params, updates), state), None

    train = jax.jit(lambda carry: jax.lax.scan(advance, carry, jnp.arange(steps))[0])
    params, _ = train((params, optimiser.init(params)))
    left = float(jax.jit(loss)(params, data)) / max(float(jnp.mean(data**2)), 1e-12)
    return Bottleneck(jax.device_get(params), mean, scale, len(axes), 1.0 - left)
