"""A short hash of what a result depends on, for notes of requests and runs."""

import hashlib
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

LATER = {"later": True}
"""Metadata of a dataclass field that was added later: at its default it changes no hash, so that
folders and runs of before go on."""


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
