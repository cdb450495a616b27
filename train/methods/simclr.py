"""simclr: a song's two views told apart from all other songs of the batch."""

from dataclasses import dataclass

from chingolo.train.objective import losses
from chingolo.train.objective.heads import Projector, unit
from chingolo.train.objective.method import (
    BatchOutputs,
    Head,
    Method,
    MethodSettings,
    Shapes,
    Terms,
)


@dataclass(frozen=True)
class SimCLRSettings(MethodSettings):
    """Settings of simclr."""

    name: str = "simclr"
    """The method's name."""

    projection: int = 32
    """Length of the projector's output."""

    hidden: int = 256
    """Width of the projector's hidden layers."""

    student_temperature: float = 0.1
    """Temperature of the cosines."""


def _heads(settings: SimCLRSettings, shapes: Shapes) -> list[Head]:
    hidden, projection = settings.hidden, settings.projection
    projector = Projector(hidden, projection, devices=shapes.devices, name="projector")
    return [
        Head(projector, reads="z", gives="embedding"),
        Head(unit, reads="embedding", gives="projection"),
    ]


def _terms(settings: SimCLRSettings, outputs: BatchOutputs) -> Terms:
    first, second = outputs.student["projection"]
    return {"contrast": (1.0, losses.contrast(first, second, settings.student_temperature))}


METHOD = Method(
    title="pairs of views told apart from all others of the batch",
    source="Chen et al. 2020",
    settings=SimCLRSettings,
    heads=_heads,
    terms=_terms,
)
