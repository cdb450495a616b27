"""Settings that nothing would read: a run must not seem to do what it does not."""

from typing import Any

from chingolo.synth.tables.files import InputError
from chingolo.train.settings.training import TrainingSettings


def refuse_unused(settings: TrainingSettings, *, labels: bool) -> None:
    """Refuses a setting that was changed while what reads it is off.

    Args:
        settings: of the training.
        labels: whether there are labels, of songs or of synthetic themes.

    Raises:
        InputError: naming it, and what would read it.
    """
    _refuse(settings, ("milestones", "decay_factor"), settings.schedule, "multi_step")
    _refuse(settings, ("weight_decay_rise",), settings.optimiser, "adamw")
    if not settings.views.local_views:
        _changed("views.", settings.views, ("local_s",), "views.local_views of at least 1")
    method, of_labels = settings.method, ("bottleneck", "label_smoothing")
    if not labels:
        needed = "labels (--label-column, or --synthetic)"
        _changed("method.", method, ("label_weight", "multilabel", *of_labels), needed)
    elif method.label_weight == 0:
        _changed("method.", method, of_labels, "method.label_weight above 0")
    elif method.multilabel:
        _changed("method.", method, ("label_smoothing",), "method.multilabel=false")


def _refuse(settings: Any, names: tuple[str, ...], chosen: str, needed: str) -> None:
    if chosen != needed:
        _changed("", settings, names, f"'{needed}', and '{chosen}' is chosen")


def _changed(part: str, having: Any, names: tuple[str, ...], needed: str) -> None:
    plain = type(having)()
    for name in names:
        if getattr(having, name) != getattr(plain, name):
            raise InputError(f"{part}{name}: read with {needed} alone")
