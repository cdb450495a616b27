"""Labels as all that is learnt from, or as a helper to another method."""

import jax.numpy as jnp
from jax import Array

from chingolo.train.objective import losses
from chingolo.train.objective.method import MethodSettings, Terms


def label_terms(settings: MethodSettings, logits: Array, label: Array) -> tuple[Terms, Array]:
    """The labels' term of the loss.

    Args:
        settings: weight, smoothing, and whether labels may co-occur.
        logits: [2, songs, classes].
        label: [songs] int, -1 for none; multilabel: [songs, classes].

    Returns:
        Terms, and the share of labelled songs that are right.
    """
    flat = logits.reshape(-1, logits.shape[-1])
    twice = jnp.concatenate([label, label])
    if settings.multilabel:
        loss, accuracy = losses.multilabel(flat, twice)
    else:
        loss, accuracy = losses.supervised(flat, twice, settings.label_smoothing)
    return {"labels": (settings.label_weight, loss)}, accuracy
