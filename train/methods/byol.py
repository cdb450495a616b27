"""byol: the teacher's projection of the other view, predicted."""

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
class BYOLSettings(MethodSettings):
    """Settings of byol."""

    name: str = "byol"
    """The method's name."""

    projection: int = 32
    """Length of the projector's output."""

    hidden: int = 256
    """Width of the hidden layers of projector and predictor."""


def _heads(settings: BYOLSettings, shapes: Shapes) -> list[Head]:
    hidden, projection, devices = settings.hidden, settings.projection, shapes.devices
    projector = Projector(hidden, projection, devices=devices, name="projector")
    predictor = Projector(hidden, projection, layers=1, devices=devices, name="predictor")
    return [
        Head(projector, reads="z", gives="embedding"),
        Head(unit, reads="embedding", gives="projection"),
        Head(predictor, reads="embedding", gives="prediction"),
    ]


def _terms(settings: BYOLSettings, outputs: BatchOutputs) -> Terms:
    del settings
    other = outputs.teacher["projection"][::-1]
    return {"distance": (1.0, losses.distance(outputs.student["prediction"], other))}


METHOD = Method(
    title="the teacher's projection of the other view, predicted",
    source="Grill et al. 2020",
    settings=BYOLSettings,
    heads=_heads,
    terms=_terms,
)
