"""Methods: what each makes of the student's and the teacher's outputs. One step serves them all.

Every function takes outputs of the whole batch, [views, songs, ...], and returns named terms and
their weights; the step adds them up.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from chingolo.train.objective import losses
from chingolo.train.settings.training import Method
from chingolo.train.step.learner import Outputs

Terms = dict[str, tuple[float, Array]]


def distillation(method: Method, student: Outputs, local: Outputs | None, target: Array) -> Array:
    """Cross-entropy of every student view against the teacher's views of other crops."""
    views = list(student.cosines) + ([] if local is None else list(local.cosines))
    pairs = [
        losses.cross_entropy(target[t], cosines, method.student_temperature)
        for t in range(2)
        for s, cosines in enumerate(views)
        if s != t
    ]
    return sum(pairs, jnp.zeros(())) / len(pairs)


def dino(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """Self-distillation without labels (Caron et al. 2021), with KoLeo as in DINOv2."""
    del teacher
    return {
        "distillation": (1.0, distillation(method, student, local, target)),
        "koleo": (method.koleo, jnp.mean(jax.vmap(losses.koleo)(student.projection))),
    }


def msn(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """Masked siamese network (Assran et al. 2022): the student's views are masked."""
    del teacher
    cosines = student.cosines.reshape(-1, student.cosines.shape[-1])
    return {
        "distillation": (1.0, distillation(method, student, local, target)),
        "mean_entropy": (
            -method.mean_entropy,
            losses.mean_entropy(cosines, method.student_temperature),
        ),
    }


def byol(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """The teacher's projection of the other view, predicted (Grill et al. 2020)."""
    del method, local, target
    goal = teacher.projection[::-1]
    return {"distance": (1.0, losses.distance(student.prediction, goal))}


def simclr(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """Contrast among the songs of the batch (Chen et al. 2020)."""
    del local, teacher, target
    contrast = losses.contrast(
        student.projection[0], student.projection[1], method.student_temperature
    )
    return {"contrast": (1.0, contrast)}


def vicreg(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """Variance, invariance, covariance with the paper's weights 25, 25, 1 (Bardes et al. 2022)."""
    del method, local, teacher, target
    invariance, variance, covariance = losses.vicreg(student.embedding[0], student.embedding[1])
    return {
        "invariance": (25.0, invariance),
        "variance": (25.0, variance),
        "covariance": (1.0, covariance),
    }


def labels_alone(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """No term of its own: `supervised` learns from labels, `autoencoder` from the clip itself."""
    del method, student, local, teacher, target
    return {}


def distill(
    method: Method, student: Outputs, local: Outputs | None, teacher: Outputs, target: Array
) -> Terms:
    """A trained encoder's vector of the clean clip, estimated by a smaller student."""
    del method, local, teacher
    return {"distance": (1.0, losses.distance(student.prediction, target))}


METHODS: dict[str, Callable[[Method, Outputs, Outputs | None, Outputs, Array], Terms]] = {
    "dino": dino,
    "msn": msn,
    "byol": byol,
    "simclr": simclr,
    "vicreg": vicreg,
    "supervised": labels_alone,
    "autoencoder": labels_alone,
    "distill": distill,
}


def label_terms(method: Method, logits: Array, label: Array) -> tuple[Terms, Array]:
    """Labels as the one teacher, or as a helper to another method.

    Args:
        method: settings.
        logits: [2, songs, classes].
        label: [songs] int, -1 for none; multilabel: [songs, classes].

    Returns:
        Terms, and the share of labelled songs that are right.
    """
    flat = logits.reshape(-1, logits.shape[-1])
    twice = jnp.concatenate([label, label])
    if method.multilabel:
        loss, accuracy = losses.multilabel(flat, twice)
    else:
        loss, accuracy = losses.supervised(flat, twice, method.label_smoothing)
    return {"labels": (method.label_weight, loss)}, accuracy
