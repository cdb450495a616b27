"""Settings changed by name, as `--set` does, and read back from the JSON of a run."""

import dataclasses
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from chingolo.synth.spectra.front_end import check_front_end
from chingolo.synth.tables.bounds import Bounds, bounded, check_bounds
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.registry import Registry
from chingolo.train.encoders.encoder import EncoderSettings
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.objective.method import MethodSettings

CHOICES: dict[type, tuple[str, Registry[Any]]] = {
    MethodSettings: ("name", METHODS),
    EncoderSettings: ("kind", ENCODERS),
}
"""Settings of which there is a class for every entry of a registry, and the setting that names the
entry."""

FORMS = {bool: "true or false", int: "a whole number", float: "a number"}
"""What a setting of a type is called in messages."""


def change(settings: Any, changes: tuple[str, ...]) -> Any:
    """Changes single settings, each written `part.name=value`, such as `method.name=simclr`.

    What chooses a method or an encoder is done first, wherever it stands: the new one keeps those
    of the old one's settings that it has too.

    Raises:
        InputError: for an unknown setting (or one that the chosen method or encoder does not have),
            a value of another type, or one setting with two values.
    """
    told: dict[str, str] = {}
    for one in changes:
        name = one.partition("=")[0]
        if told.setdefault(name, one) != one:
            raise InputError(f"--set {told[name]} and {one}: one of them")
    for one in sorted(changes, key=lambda one: not _chooses(settings, one)):
        name, _, value = one.partition("=")
        settings = _change_one(settings, name.split("."), value, one)
    check_bounds(settings, told="--set ")
    check_front_end(settings.front_end)
    return settings


def with_steps(changes: tuple[str, ...], steps: int | None) -> tuple[str, ...]:
    """The changes of `--set` and that of `--steps`."""
    return changes if steps is None else (*changes, f"steps={steps}")


def _chooses(settings: Any, one: str) -> bool:
    names = one.partition("=")[0].split(".")
    part = getattr(settings, names[0], None)
    return len(names) == 2 and names[1] == _choice(type(part))[0]


def _choice(kind: Any) -> tuple[str | None, Registry[Any]]:
    for base, choice in CHOICES.items():
        if isinstance(kind, type) and issubclass(kind, base):
            return choice
    return None, METHODS


def _change_one(settings: Any, names: list[str], value: str, one: str) -> Any:
    hints = get_type_hints(type(settings))
    known = [field.name for field in fields(settings)]
    chosen_by, registry = _choice(type(settings))
    if names[0] not in known:
        owner = "" if chosen_by is None else f"{getattr(settings, chosen_by)} has "
        raise InputError(f"--set {one}: {owner}no '{names[0]}'; one of {', '.join(known)}")
    old = getattr(settings, names[0])
    if dataclasses.is_dataclass(old):
        if len(names) < 2:
            raise InputError(f"--set {one}: expected {names[0]}.NAME=VALUE")
        new = _change_one(old, names[1:], value, one)
    elif len(names) > 1:
        raise InputError(f"--set {one}: '{names[0]}' has no parts")
    elif chosen_by is not None and names[0] == chosen_by:
        if value not in registry:
            raise InputError(f"--set {one}: expected one of {registry.names()}")
        return _switched(settings, chosen_by, registry[value].settings)
    else:
        bounds = dict(bounded(type(settings))).get(names[0])
        new = _parse(old, hints[names[0]], value, one, bounds)
    return dataclasses.replace(settings, **{names[0]: new})


def _switched(old: Any, chosen_by: str, kind: type) -> Any:
    """The settings of another entry, with all that the old one's have in common with them."""
    shared = {field.name for field in fields(kind)} & {field.name for field in fields(old)}
    return kind(**{name: getattr(old, name) for name in shared - {chosen_by}})


def _parse(old: Any, hint: Any, value: str, one: str, bounds: Bounds | None) -> Any:
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    if choices and value not in choices:
        raise InputError(f"--set {one}: expected one of {', '.join(choices)}")
    try:
        if isinstance(old, bool):
            return {"true": True, "false": False}[value.lower()]
        if isinstance(old, tuple):
            parts = tuple(type(old[0])(part) for part in value.split(","))
            if Ellipsis not in get_args(hint) and len(parts) != len(old):
                raise InputError(f"--set {one}: expected {_form(old, hint, bounds)}")
            return parts
        return type(old)(value)
    except InputError:
        raise
    except (ValueError, KeyError) as error:
        raise InputError(f"--set {one}: expected {_form(old, hint, bounds)}") from error


def _form(old: Any, hint: Any, bounds: Bounds | None) -> str:
    """How a setting's value is written, for messages."""
    if not isinstance(old, tuple):
        kind = FORMS.get(type(old), type(old).__name__)
        return kind if bounds is None else f"{kind}, {bounds}"
    kind = "whole numbers" if isinstance(old[0], int) else "numbers"
    count = "" if Ellipsis in get_args(hint) else f"{len(old)} "
    order = ", the smaller first" if bounds is not None and bounds.rising else ""
    each = "" if bounds is None else f", each {bounds}"
    return f"{count}{kind} with a comma between{order}{each}"


def from_dict(kind: type, values: dict[str, Any]) -> Any:
    """Rebuilds settings from the nested dictionary that `dataclasses.asdict` gave.

    Files of older versions hold every method's settings for every method: those that the one at
    hand does not have are left out, and former names are understood.

    Raises:
        InputError: if a field is unknown (a run of another version).
    """
    chosen_by, registry = _choice(kind)
    others: set[str] = set()
    if chosen_by is not None:
        kind = registry.named(values[chosen_by]).settings
        others = {name for entry in registry.values() for name in _known_names(entry.settings)}
    renamed = getattr(kind, "renamed", {})
    values = {renamed.get(name, name): value for name, value in values.items()}
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    unknown = set(values) - known - others
    if unknown:
        raise InputError(f"unknown settings in a run's config: {', '.join(sorted(unknown))}")
    built = {}
    for name in known & set(values):
        value = values[name]
        if dataclasses.is_dataclass(hints[name]):
            value = from_dict(hints[name], value)  # type: ignore[arg-type]
        elif isinstance(value, list):
            value = tuple(value)
        built[name] = value
    return kind(**built)


def _known_names(kind: Any) -> Iterator[str]:
    yield from (field.name for field in fields(kind))
    yield from kind.renamed
