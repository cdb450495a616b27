"""What things hold: a short hash of what a result depends on, and files of equal bytes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

LATER = {"later": True}
"""Metadata of a dataclass field that was added later: at its default it changes no hash, so that
folders and runs of before go on."""

PROBED = 1 << 16
"""Bytes in the middle of files of one length that are looked at before the whole."""


def content_hash(*things: object) -> str:
    """16 hex digits of the SHA-256 of the things' reprs: frozen dataclasses of plain values."""
    return hashlib.sha256("".join(map(_told, things)).encode()).hexdigest()[:16]


def _told(thing: Any) -> str:
    """The repr, without fields that were added `LATER` and are at their defaults."""
    if isinstance(thing, tuple) and type(thing) is tuple:
        inner = ", ".join(map(_told, thing))
        return f"({inner},)" if len(thing) == 1 else f"({inner})"
    if not is_dataclass(thing) or isinstance(thing, type):
        return repr(thing)
    parts = []
    for field in fields(thing):
        value = getattr(thing, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if field.repr and not ("later" in field.metadata and value == default):
            parts.append(f"{field.name}={_told(value)}")
    return f"{type(thing).__qualname__}({', '.join(parts)})"


def copies(files: Iterable[str | Path]) -> dict[str, str]:
    """The files that hold the very bytes of a file before them, each with the first that does.

    Only files of one length are looked into, and only those that agree in their middle read whole.

    Args:
        files: paths, in their order; what is not there, or cannot be read, is no copy.
    """
    alike: dict[tuple, list[str]] = defaultdict(list)
    for file in dict.fromkeys(map(str, files)):
        try:
            if Path(file).is_file():
                alike[(Path(file).stat().st_size,)].append(file)
        except (OSError, ValueError):
            continue
    for look in (_middle, _whole):
        closer: dict[tuple, list[str]] = defaultdict(list)
        for key, group in alike.items():
            for file in group if len(group) > 1 else ():
                try:
                    closer[(*key, look(Path(file)))].append(file)
                except OSError:
                    continue
        alike = closer
    return {file: group[0] for group in alike.values() for file in group[1:]}


def told_copies(files: Iterable[str | Path]) -> list[str]:
    """One sentence on files that are copies of others; none where there are none."""
    found = copies(files)
    if not found:
        return []
    copy, first = next(iter(found.items()))
    many = f"{len(found)} recordings are" if len(found) > 1 else "a recording is"
    return [f"{many} a copy of another, byte for byte: {copy} of {first}"]


def _middle(file: Path) -> str:
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size // 2 - PROBED // 2))
        return hashlib.sha256(opened.read(PROBED)).hexdigest()


def _whole(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
