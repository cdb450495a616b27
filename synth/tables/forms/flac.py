"""FLAC that does not tell its length, as of a stream: its last frame does (RFC 9639)."""

import os
import re
from pathlib import Path
from typing import Any

from chingolo.synth.tables.forms.mpeg import after_tag
from chingolo.synth.tables.forms.wav import Patched

STREAM_INFO = 26
"""Bytes up to the end of the number that tells how many samples there are."""

TAIL = 1 << 22
"""Bytes at the end that hold two frames at least, whatever their size."""

SIZES = (
    {1: 192}
    | {code: 144 << code for code in range(2, 6)}
    | {code: 1 << code for code in range(8, 16)}
)
"""Samples of a frame by the code in its header; 6 and 7 state them behind it."""

FRAME = re.compile(rb"\xff[\xf8\xf9]")


def with_length(path: Path) -> Any:
    """A file to open, with its length in its header, for a FLAC without; None for all others.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        place = after_tag(file.read(10), 0)
        file.seek(place)
        head = file.read(STREAM_INFO)
        if head[:4] != b"fLaC" or len(head) < STREAM_INFO or head[21] & 15 or any(head[22:]):
            return None
        size = file.seek(0, os.SEEK_END)
        file.seek(max(place + STREAM_INFO, size - TAIL))
        samples = _end_of_last(file.read())
    if not samples:
        return None
    low = (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return Patched(path, place + 21, bytes([head[21] & 0xF0 | samples >> 32 & 15]) + low)


def _end_of_last(tail: bytes) -> int:
    """Samples up to the end of the last frame that follows one before it; 0 for none.

    Samples may look like a frame, but hardly like the next of another.
    """
    frames = [frame for at in FRAME.finditer(tail) if (frame := _frame(tail, at.start()))]
    size_of = {number: size for number, size, _ in frames}
    for number, size, varies in reversed(frames):
        if varies and any(other + long == number for other, long, _ in frames):
            return number + size
        if not varies and number - 1 in size_of:
            return number * size_of[number - 1] + size
    return size_of.get(0, 0)  # the only one


def _frame(data: bytes, at: int) -> tuple[int, int, bool] | None:
    """Number of a frame, or of its first sample where sizes vary, its samples, and whether they do.

    None where no frame begins: its header carries a sum of its own.
    """
    head = data[at : at + 16].ljust(16, b"\0")
    ones = f"{head[4]:08b}".index("0") if head[4] < 0xFF else 8
    more = max(0, ones - 1)  # bytes of a number as in UTF-8
    number = head[4] & (0x7F >> ones) if ones else head[4]
    for byte in head[5 : 5 + more]:
        number = number << 6 | byte & 0x3F
    code, at = head[2] >> 4, 5 + more
    wide = {6: 1, 7: 2}.get(code, 0)
    stated = int.from_bytes(head[at : at + wide], "big") + 1
    size = stated if wide else SIZES.get(code, 0)
    at += wide + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    return (number, size, bool(head[1] & 1)) if size and _sum(head[:at]) == head[at] else None


def _sum(data: bytes) -> int:
    """CRC-8 with the polynomial x^8 + x^2 + x + 1."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ (7 if value & 128 else 0)) & 255
    return value
