"""vicreg: variance, invariance, covariance, with the paper's weights 25, 25, 1."""

from dataclasses import dataclass

from chingolo.train.objective import losses
from chingolo.train.objective.method import BatchOutputs, Head, Method, Shapes, Terms
from chingolo.train.objective.projection import ProjectionSettings, projector_head


@dataclass(frozen=True)
class VICRegSettings(ProjectionSettings):
    """Settings of vicreg."""

    name: str = "vicreg"
    """The method's name."""


def _heads(settings: VICRegSettings, shapes: Shapes) -> list[Head]:
    return [projector_head(settings, shapes)]


def _terms(settings: VICRegSettings, outputs: BatchOutputs) -> Terms:
    del settings
    first, second = outputs.student["embedding"]
    invariance, variance, covariance = losses.vicreg(first, second)
    return {
        "invariance": (25.0, invariance),
        "variance": (25.0, variance),
        "covariance": (1.0, covariance),
    }


METHOD = Method(
    title="views alike, features of unit variance, uncorrelated",
    source="Bardes et al. 2022",
    settings=VICRegSettings,
    heads=_heads,
    terms=_terms,
)
