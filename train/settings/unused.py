"""Settings that nothing would read: a run must not seem to do what it does not."""

from typing import Any

from chingolo.synth.tables.files import InputError
from chingolo.train.objective.self_distillation import PrototypeSettings
from chingolo.train.settings.training import TrainingSettings

LABELS = ("label_weight", "multilabel", "bottleneck", "label_smoothing")
"""Settings of every method that the classifier alone reads."""


def refuse_unused(settings: TrainingSettings, *, classes: int) -> None:
    """Refuses a setting that was changed while what reads it is off.

    Args:
        settings: of the training.
        classes: number of labels; 0 trains no classifier.

    Raises:
        InputError: naming it, and what would read it.
    """
    _refuse("", settings, ("milestones", "decay_factor"), settings.schedule, "multi_step")
    if not settings.views.local_views:
        _changed("views.", settings.views, ("local_s",), "views.local_views of at least 1")
    if not classes:
        _changed("method.", settings.method, LABELS, "labels (--label-column, --synthetic)")
    elif settings.method.multilabel:
        _changed("method.", settings.method, ("label_smoothing",), "method.multilabel=false")
    if isinstance(settings.method, PrototypeSettings):
        assignment = settings.method.assignment
        _refuse("method.", settings.method, ("centre_momentum",), assignment, "centre")


def _refuse(part: str, having: Any, names: tuple[str, ...], chosen: str, needed: str) -> None:
    if chosen != needed:
        _changed(part, having, names, f"'{needed}', and '{chosen}' is chosen")


def _changed(part: str, having: Any, names: tuple[str, ...], needed: str) -> None:
    plain = type(having)()
    for name in names:
        if getattr(having, name) != getattr(plain, name):
            raise InputError(f"{part}{name}: read with {needed} alone")
