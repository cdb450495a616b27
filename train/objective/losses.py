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


def cross_entropy(assignment: Array, cosines: Array, temperature: float) -> Array:
    """Mean cross-entropy of softmax(cosines / temperature) against it; [batch, n] both."""
    return -jnp.mean(
        jnp.sum(assignment * jax.nn.log_softmax(cosines / temperature, axis=-1), axis=-1)
    )


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
    known = jax.nn.one_hot(label, classes)
    count = known.sum(axis=0)
    weight = known @ (1.0 / jnp.maximum(count, 1.0))
    weight = weight / jnp.maximum(jnp.sum(count > 0), 1)
    smooth = known * (1 - smoothing) + smoothing / classes
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


def mean_entropy(cosines: Array, temperature: float) -> Array:
    """Entropy of the mean prediction, which MSN maximises (Assran et al. 2022, equation 2).

    Args:
        cosines: [batch, prototypes].
        temperature: of the student's softmax.
    """
    mean = jax.nn.softmax(cosines / temperature, axis=-1).mean(axis=0, keepdims=True)
    return entropy(mean)


def contrast(first: Array, second: Array, temperature: float) -> Array:
    """NT-Xent: each view among all others of the batch (Chen et al. 2020, equation 1).

    Args:
        first: [songs, dimensions] unit vectors of one view.
        second: the same of the other.
        temperature: of the cosines.
    """
    both = jnp.concatenate([first, second])
    songs = len(first)
    cosines = both @ both.T / temperature - 1e9 * jnp.eye(2 * songs)
    partner = jnp.roll(jnp.arange(2 * songs), songs)
    chosen = jnp.take_along_axis(cosines, partner[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(cosines, axis=1) - chosen)


def distance(prediction: Array, vectors: Array) -> Array:
    """Mean squared distance of directions, 2 - 2 cos (BYOL, Grill et al. 2020, equation 2)."""
    cosine = jnp.sum(prediction * vectors, axis=-1) * jax.lax.rsqrt(
        jnp.sum(prediction**2, axis=-1) * jnp.sum(vectors**2, axis=-1) + 1e-12
    )
    return jnp.mean(2.0 - 2.0 * cosine)


def rebuilding(rebuilt: Array, original: Array) -> Array:
    """Mean squared error of what an autoencoder rebuilds; both of one shape."""
    return jnp.mean((rebuilt - original) ** 2)


def vicreg(first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Invariance, variance and covariance (Bardes et al. 2022, equations 1, 3 and 5).

    Args:
        first: [songs, dimensions] of one view.
        second: the same of the other.

    Returns:
        The three terms, each [].
    """
    songs, dimensions = first.shape
    invariance = jnp.mean((first - second) ** 2)
    variance = covariance = jnp.zeros(())
    for view in (first, second):
        centred_view = view - view.mean(axis=0, keepdims=True)
        deviation = jnp.sqrt(jnp.sum(centred_view**2, axis=0) / max(songs - 1, 1) + 1e-4)
        variance += 0.5 * jnp.mean(jax.nn.relu(1.0 - deviation))
        matrix = centred_view.T @ centred_view / max(songs - 1, 1)
        off = matrix * (1 - jnp.eye(dimensions))
        covariance += jnp.sum(off**2) / dimensions
    return invariance, variance, covariance


def multilabel(logits: Array, label: Array) -> tuple[Array, Array]:
    """Mean binary cross-entropy over the songs that have a label.

    Args:
        logits: [batch, classes].
        label: [batch, classes], 0 or 1; a row of -1 for a song without labels.

    Returns:
        loss [] and share [] of the labelled songs whose whole set of labels is right.
    """
    labelled = (label[:, 0] >= 0).astype(logits.dtype)
    each = jnp.mean(
        -label * jax.nn.log_sigmoid(logits) - (1 - label) * jax.nn.log_sigmoid(-logits), axis=1
    )
    right = jnp.all((logits > 0) == (label > 0.5), axis=1)
    count = jnp.maximum(labelled.sum(), 1.0)
    return jnp.sum(each * labelled) / count, jnp.sum(right * labelled) / count
