"""distill: another trained encoder's vector of the clean clip, estimated by a smaller student."""

from dataclasses import dataclass

from chingolo.train.objective import losses
from chingolo.train.objective.heads import Regressor
from chingolo.train.objective.method import (
    BatchOutputs,
    Head,
    Method,
    MethodSettings,
    Shapes,
    Terms,
)


@dataclass(frozen=True)
class DistillSettings(MethodSettings):
    """Settings of distill."""

    name: str = "distill"
    """The method's name."""


def _heads(settings: DistillSettings, shapes: Shapes) -> list[Head]:
    del settings
    regressor = Regressor(shapes.vector_length, name="regressor")
    return [Head(regressor, reads="z", gives="prediction")]


def _terms(settings: DistillSettings, outputs: BatchOutputs) -> Terms:
    del settings
    assert outputs.vectors is not None
    return {"distance": (1.0, losses.distance(outputs.student["prediction"], outputs.vectors))}


METHOD = Method(
    title="another trained encoder's vectors (--distill-from)",
    source="Hinton et al. 2015, on vectors in place of logits",
    settings=DistillSettings,
    heads=_heads,
    terms=_terms,
    learns_from_encoder=True,
)
