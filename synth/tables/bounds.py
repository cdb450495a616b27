"""Bounds of numbers, declared once beside the field: what `--help` shows and what is refused."""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from chingolo.synth.tables.files import InputError


@dataclass(frozen=True)
class Bounds:
    """What a number may be, as `Annotated[int, Bounds(1)]`; of a tuple, what each may be."""

    least: float = -math.inf

    most: float = math.inf

    inside: bool = False
    """Whether the bounds themselves are left out."""

    or_zero: bool = False
    """Whether 0 may stand there too, where it means something else."""

    rising: bool = False
    """Of a tuple that is a range, whether the smaller number comes first."""

    def allow(self, value: float) -> bool:
        """Whether a number lies within; what is not finite never does."""
        if not math.isfinite(value):
            return False
        if self.or_zero and value == 0:
            return True
        if self.inside:
            return self.least < value < self.most
        return self.least <= value <= self.most

    def __str__(self) -> str:
        """In words, for messages and help."""
        least, most = (format(bound, ".10g") for bound in (self.least, self.most))
        if math.isinf(self.least) and math.isinf(self.most):
            text = "a finite number"
        elif math.isinf(self.most):
            text = f"{'above' if self.inside else 'at least'} {least}"
        else:
            text = f"between {least} and {most}" if self.inside else f"{least} to {most}"
        return f"0, or {text}" if self.or_zero else text


SAMPLE_RATE = Bounds(1000, 2_000_000)
"""Hz; what is beyond is no sample rate of sound."""

SUNG_RATE = Bounds(8000, 192_000)
"""Hz; sample rates that songs are synthesised at."""


def bounded(kind: type) -> Iterator[tuple[str, Bounds]]:
    """The fields of a dataclass that have bounds, with those; not of the dataclasses within."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is Annotated:
            yield from ((name, each) for each in get_args(hint)[1:] if isinstance(each, Bounds))


def told_bounds(kind: type) -> str:
    """The bounds of a command's options, nested ones too, in one line for `--help`."""
    hints = get_type_hints(kind)
    within = [
        told_bounds(hint)
        for hint in hints.values()
        if isinstance(hint, type) and dataclasses.is_dataclass(hint)
    ]
    own = [f"{option(name)} {bounds}" for name, bounds in bounded(kind)]
    return "; ".join([*own, *filter(None, within)])


def check_bounds(values: Any, *, told: str = "--", prefix: str = "") -> None:
    """Refuses a frozen dataclass in which a number, at any depth, lies outside of its bounds.

    Args:
        values: the dataclass.
        told: `--` names fields as options of a command, `--set ` as settings changed by name.
        prefix: names of the dataclasses around it, each with a dot.

    Raises:
        InputError: naming the field, its value and what was expected.
    """
    for name, bounds in bounded(type(values)):
        value = getattr(values, name)
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None and not bounds.allow(each):
                raise InputError(f"{_where(name, told, prefix)}{each:.10g}: expected {bounds}")
        if bounds.rising and list(value) != sorted(value):
            given = ",".join(f"{each:.10g}" for each in value)
            raise InputError(f"{_where(name, told, prefix)}{given}: expected the smaller first")
    for field in dataclasses.fields(values):
        part = getattr(values, field.name)
        if dataclasses.is_dataclass(part):
            check_bounds(part, told=told, prefix=f"{prefix}{field.name}.")


def _where(name: str, told: str, prefix: str) -> str:
    return f"{option(name)} " if told == "--" else f"{told}{prefix}{name}="


def option(name: str) -> str:
    """A field as a command's option."""
    return f"--{name.replace('_', '-')}"
