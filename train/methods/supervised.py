"""supervised: labels alone."""

from dataclasses import dataclass

from chingolo.synth.tables.files import InputError
from chingolo.train.objective.method import (
    BatchOutputs,
    Head,
    Method,
    MethodSettings,
    Shapes,
    Terms,
)


@dataclass(frozen=True)
class SupervisedSettings(MethodSettings):
    """Settings of supervised."""

    name: str = "supervised"
    """The method's name."""


def _heads(settings: SupervisedSettings, shapes: Shapes) -> list[Head]:
    del settings, shapes
    return []  # the classifier stands on every encoder that is told classes


def _terms(settings: SupervisedSettings, outputs: BatchOutputs) -> Terms:
    del settings, outputs
    return {}


def _check(settings: SupervisedSettings) -> None:
    if settings.label_weight <= 0:
        raise InputError("supervised training with label_weight 0 learns nothing")


METHOD = Method(
    title="labels alone",
    source="cosine classifier, Gidaris & Komodakis 2018",
    settings=SupervisedSettings,
    heads=_heads,
    terms=_terms,
    learns_from_labels=True,
    check=_check,
)
