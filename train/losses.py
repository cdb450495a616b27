"""Losses: pure functions of arrays over the whole batch of all devices."""

import jax
import jax.numpy as jnp
from jax import Array


def sinkhorn(cosines: Array, temperature: Array | float, iterations: int = 3) -> Array:
    """Balanced soft assignment of songs to prototypes (SwAV, Caron et al. 2020, section 3.1).

    Args:
        cosines: [batch, prototypes].
        temperature: sharpness of the assignment.
        iterations: rounds of Sinkhorn-Knopp.

    Returns:
        [batch, prototypes]; rows sum to 1, columns nearly to batch / prototypes.
    """
    log_plan = cosines / temperature
    for _ in range(iterations):
        log_plan = log_plan - jax.nn.logsumexp(log_plan, axis=0, keepdims=True)
        log_plan = log_plan - jax.nn.logsumexp(log_plan, axis=1, keepdims=True)
    return jnp.exp(log_plan)


def centred(cosines: Array, centre: Array, temperature: Array | float) -> Array:
    """DINO's centred and sharpened teacher distribution (Caron et al. 2021, equation 1).

    Args:
        cosines: [batch, prototypes].
        centre: [prototypes], running mean of the teacher's cosines.
        temperature: teacher temperature.
    """
    return jax.nn.softmax((cosines - centre[None, :]) / temperature, axis=-1)


def cross_entropy(target: Array, cosines: Array, temperature: float) -> Array:
    """Mean cross-entropy of softmax(cosines / temperature) against `target`; [batch, n] both."""
    return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(cosines / temperature, axis=-1), axis=-1))


def koleo(projection: Array) -> Array:
    """Kozachenko-Leonenko spread: minus the mean log distance to the nearest neighbour.

    Sablayrolles et al. 2019, equation 2.

    Args:
        projection: [batch, dimensions] unit vectors.
    """
    cosines = projection @ projection.T - 3.0 * jnp.eye(len(projection))
    nearest = jax.lax.stop_gradient(jnp.argmax(cosines, axis=1))
    squared = jnp.sum((projection - projection[nearest]) ** 2, axis=1)
    return -0.5 * jnp.mean(jnp.log(squared + 1e-6))


def supervised(logits: Array, label: Array, smoothing: float) -> tuple[Array, Array]:
    """Class-balanced cross-entropy over the songs that have a label.

    Every class that occurs in the batch weighs the same, however many songs it has there.

    Args:
        logits: [batch, classes].
        label: [batch] int, -1 where there is none.
        smoothing: share of a label spread over all classes.

    Returns:
        loss [] (0 if no song has a label) and accuracy [] over the labelled songs.
    """
    classes = logits.shape[1]
    target = jax.nn.one_hot(label, classes)
    count = target.sum(axis=0)
    weight = target @ (1.0 / jnp.maximum(count, 1.0))
    weight = weight / jnp.maximum(jnp.sum(count > 0), 1)
    smooth = target * (1 - smoothing) + smoothing / classes
    loss = -jnp.sum(weight * jnp.sum(smooth * jax.nn.log_softmax(logits, axis=-1), axis=-1))
    right = jnp.sum((jnp.argmax(logits, axis=-1) == label) & (label >= 0))
    return loss, right / jnp.maximum(jnp.sum(label >= 0), 1)


def effective_rank(z: Array) -> Array:
    """Exponential of the entropy of the singular values (Roy & Vetterli 2007).

    Args:
        z: [batch, dimensions].

    Returns:
        [] from 1 (all on a line) to min(batch, dimensions).
    """
    values = jnp.linalg.svd(z - z.mean(axis=0, keepdims=True), compute_uv=False)
    share = values / jnp.maximum(values.sum(), 1e-12)
    return jnp.exp(-jnp.sum(share * jnp.log(share + 1e-12)))


def entropy(distribution: Array) -> Array:
    """Mean entropy of rows [batch, n], nat."""
    return -jnp.mean(jnp.sum(distribution * jnp.log(distribution + 1e-12), axis=-1))
