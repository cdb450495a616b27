"""byol: the teacher's projection of the other view, predicted."""

from dataclasses import dataclass

from chingolo.train.objective import losses
from chingolo.train.objective.heads import Projector
from chingolo.train.objective.method import BatchOutputs, Head, Method, Shapes, Terms
from chingolo.train.objective.projection import UNIT_HEAD, ProjectionSettings, projector_head


@dataclass(frozen=True)
class BYOLSettings(ProjectionSettings):
    """Settings of byol."""

    name: str = "byol"
    """The method's name."""


def _heads(settings: BYOLSettings, shapes: Shapes) -> list[Head]:
    hidden, projection, devices = settings.hidden, settings.projection, shapes.devices
    predictor = Projector(hidden, projection, layers=1, devices=devices, name="predictor")
    return [
        projector_head(settings, shapes),
        UNIT_HEAD,
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
