"""Prototypes that teacher and student agree on: what dino and msn share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import optax
from jax import Array

from chingolo.synth.tables.bounds import Bounds
from chingolo.synth.tables.files import InputError
from chingolo.train.objective import losses
from chingolo.train.objective.heads import Prototypes
from chingolo.train.objective.method import BatchOutputs, Head, Shapes
from chingolo.train.objective.projection import UNIT_HEAD, ProjectionSettings, projector_head


@dataclass(frozen=True)
class PrototypeSettings(ProjectionSettings):
    """Settings of a method with prototypes."""

    prototypes: Annotated[int, Bounds(1, 65_536)] = 32
    """Number of prototypes; few for few songs."""

    assignment: Literal["sinkhorn", "centre"] = "sinkhorn"
    """How the teacher is kept from collapse: balanced assignment, or a running centre."""

    student_temperature: Annotated[float, Bounds(0, 100, inside=True)] = 0.1
    """Temperature of the student's softmax."""

    teacher_temperature: Annotated[tuple[float, float], Bounds(0, 100, inside=True)] = (0.02, 0.02)
    """Temperature of the teacher's softmax at the start and from a fifth of the run on. Pairs of
    birds agree little at first: at 0.04 and more, teacher and student settle on saying nothing."""

    centre_momentum: Annotated[float, Bounds(0, 1)] = 0.9
    """Share of the running centre kept at a step."""

    prototypes_rest: Annotated[float, Bounds(0, 1)] = 0.0
    """Share of the run in which prototypes stay as they were drawn (DINO's last layer rests for the
    first of 100 epochs: 0.01)."""

    renamed: ClassVar[dict[str, str]] = {"target": "assignment"}


def prototype_heads(settings: PrototypeSettings, shapes: Shapes) -> list[Head]:
    """Projector and prototypes."""
    prototypes = Prototypes(settings.prototypes, name="prototypes")
    return [
        projector_head(settings, shapes),
        UNIT_HEAD,
        Head(prototypes, reads="projection", gives="cosines"),
    ]


def check_assignment(settings: PrototypeSettings) -> None:
    """Refuses a setting of the running centre where there is none.

    Raises:
        InputError: if so.
    """
    kept, usual = settings.centre_momentum, type(settings)().centre_momentum
    if settings.assignment != "centre" and kept != usual:
        raise InputError(
            "method.centre_momentum: read with 'centre', and "
            f"'{settings.assignment}' is chosen alone"
        )


def resting_prototypes(settings: PrototypeSettings) -> Mapping[str, float]:
    """How long the prototypes rest."""
    return {"prototypes": settings.prototypes_rest}


def assign(
    settings: PrototypeSettings, cosines: Array, centre: Array, step: Array, steps: int
) -> tuple[Array, Array]:
    """The teacher's distribution over prototypes, and the centre after the step; no gradient.

    Args:
        settings: temperatures and the way of assigning.
        cosines: [2, songs, prototypes] of the teacher.
        centre: [prototypes] running mean of its cosines.
        step: [] steps done.
        steps: of the whole run.
    """
    cool, warm = settings.teacher_temperature
    temperature: Any = optax.linear_schedule(cool, warm, max(1, steps // 5))(step)
    flat = jax.lax.stop_gradient(cosines.reshape(-1, cosines.shape[-1]))
    if settings.assignment == "sinkhorn":
        assignment = losses.sinkhorn(flat, temperature)
    else:
        assignment = losses.centred(flat, centre, temperature)
    kept = settings.centre_momentum
    after = kept * centre + (1 - kept) * cosines.mean(axis=(0, 1))
    return assignment.reshape(cosines.shape), after


def self_distillation(settings: PrototypeSettings, outputs: BatchOutputs) -> Array:
    """Cross-entropy of every student view against the teacher's views of other crops."""
    views = list(outputs.student["cosines"])
    views += [] if outputs.local is None else list(outputs.local["cosines"])
    assignment = outputs.assignment
    assert assignment is not None
    pairs = [
        losses.cross_entropy(assignment[t], cosines, settings.student_temperature)
        for t in range(2)
        for s, cosines in enumerate(views)
        if s != t
    ]
    return sum(pairs, jnp.zeros(())) / len(pairs)
