"""A short hash of what a result depends on, for notes of requests and runs."""

import hashlib


def content_hash(*things: object) -> str:
    """16 hex digits of the SHA-256 of the things' reprs: frozen dataclasses of plain values."""
    return hashlib.sha256("".join(map(repr, things)).encode()).hexdigest()[:16]
