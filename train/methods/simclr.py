"""simclr: a song's two views told apart from all other songs of the batch."""

from dataclasses import dataclass
from typing import Annotated

from chingolo.synth.tables.bounds import Bounds
from chingolo.train.objective import losses
from chingolo.train.objective.method import BatchOutputs, Head, Method, Shapes, Terms
from chingolo.train.objective.projection import UNIT_HEAD, ProjectionSettings, projector_head


@dataclass(frozen=True)
class SimCLRSettings(ProjectionSettings):
    """Settings of simclr."""

    name: str = "simclr"
    """The method's name."""

    student_temperature: Annotated[float, Bounds(0, 100, inside=True)] = 0.1
    """Temperature of the cosines."""


def _heads(settings: SimCLRSettings, shapes: Shapes) -> list[Head]:
    return [projector_head(settings, shapes), UNIT_HEAD]


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
