"""A projector behind the encoder: what all methods share that compare projections."""

from dataclasses import dataclass
from typing import Annotated

from chingolo.synth.tables.bounds import Bounds
from chingolo.train.objective.heads import Projector, unit
from chingolo.train.objective.method import Head, MethodSettings, Shapes


@dataclass(frozen=True)
class ProjectionSettings(MethodSettings):
    """Settings of a method with a projector."""

    projection: Annotated[int, Bounds(1, 65_536)] = 32
    """Length of the projector's output."""

    hidden: Annotated[int, Bounds(1, 65_536)] = 256
    """Width of the hidden layers of the projector, and of a predictor behind it."""


def projector_head(settings: ProjectionSettings, shapes: Shapes) -> Head:
    """The projector: `z` to `embedding`, of any length."""
    projector = Projector(
        settings.hidden, settings.projection, devices=shapes.devices, name="projector"
    )
    return Head(projector, reads="z", gives="embedding")


UNIT_HEAD = Head(unit, reads="embedding", gives="projection")
"""The embedding brought to length 1."""
