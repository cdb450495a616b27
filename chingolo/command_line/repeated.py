"""Options that stand twice: of lists all values count, of single values two are refused."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from chingolo.synth.tables.bounds import option
from chingolo.synth.tables.files import InputError


def gathered(words: Sequence[str], config: type) -> list[str]:
    """The words of a command with each option once.

    Args:
        words: after the command's name.
        config: dataclass whose fields are the options.

    Raises:
        InputError: for an option of one value that stands twice, with two values.
    """
    kinds = dict(_kinds(config))
    parts: list[list[str]] = [[]]
    first: dict[str, list[str]] = {}
    for number, word in enumerate(words):
        if word == "--":
            parts.append(list(words[number:]))
            break
        if not re.match("--[a-z]", word):
            parts[-1].append(word)
            continue
        name, _, value = word.partition("=")
        parts.append([name, value] if "=" in word else [name])
    kept = []
    for part in parts:
        name, kind = kinds.get(part[0].replace("_", "-"), ("", "")) if part else ("", "")
        before = first.get(name)
        if before is None or kind == "":
            first.update({name: part} if kind else {})
            kept.append(part)
        elif kind == "many":
            before.extend(part[1:])
        else:
            told = slice(0, 1) if kind == "flag" else slice(1, 2)
            if before[told] != part[told]:
                given = [" ".join(one[: told.stop]) for one in (before, part)]
                raise InputError(f"{' and '.join(given)}: one of them")
            kept.append(part[told.stop :])
    return [word for part in kept for word in part]


def _kinds(config: type) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each spelling of an option, with its name and kind: `many` values, `one`, or a `flag`."""
    for name, hint in get_type_hints(config, include_extras=True).items():
        kind, extras = (hint, ()) if get_origin(hint) is not Annotated else _parted(hint)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            yield from _kinds(kind)
            continue
        many = get_origin(kind) is tuple
        told = name, "many" if many else "flag" if kind is bool else "one"
        aliases = [one for extra in extras for one in getattr(extra, "aliases", None) or ()]
        yield from ((spelling, told) for spelling in (option(name), *aliases))
        if kind is bool:
            yield f"--no-{option(name)[2:]}", told


def _parted(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    kind, *extras = get_args(hint)
    return kind, tuple(extras)
