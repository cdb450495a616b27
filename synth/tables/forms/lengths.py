"""What AIFF, AU, CAF, VOC and W64 tell of their length, against the bytes that are there."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chingolo.synth.tables.forms.wav import STREAMED

AU_BYTES = {1: 1.0, 2: 1.0, 3: 2.0, 4: 3.0, 5: 4.0, 6: 4.0, 7: 8.0, 23: 0.5, 27: 1.0}
"""Bytes of a sample by the number of its coding: mu-law, 8 to 32 bits, floats, G.721, A-law."""

VOC = b"Creative Voice File\x1a"

W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
"""The GUID that a W64 begins with; those of its chunks begin with their names in ASCII."""


@dataclass(frozen=True)
class ToldLength:
    """Where the audio of a file stands, as its header tells, in bytes."""

    begin: int

    length: int

    bytes_a_second: float

    end: int
    """Of the whole file; what follows belongs to none or to another."""


def told_length(path: Path) -> ToldLength | None:
    """What the header tells; None for other forms, streams of unknown length and broken headers."""
    with path.open("rb") as file:
        try:
            start = file.read(40)
            if start[:4] == b".snd":
                told = _au(start)
            elif start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
                told = _aiff(file, start)
            elif start[:4] == b"caff":
                told = _caf(file)
            elif start.startswith(VOC):
                told = _voc(file, start)
            else:
                told = _w64(file) if start[:16] == W64_RIFF else None
        except (struct.error, OverflowError, ZeroDivisionError):
            return None
    if told is None or told.length <= 0 or not 0 < told.bytes_a_second < math.inf:
        return None
    return told if 0 < told.end < 2**62 else None


def lost_s(path: Path) -> float:
    """How much of the audio that the header of such a file promises is not there, s."""
    told = told_length(path)
    if told is None:
        return 0.0
    return max(0.0, (told.begin + told.length - path.stat().st_size) / told.bytes_a_second)


def _au(start: bytes) -> ToldLength | None:
    begin, length, coding, rate, channels = struct.unpack(">5I", start[4:24])
    if coding not in AU_BYTES or length >= STREAMED:
        return None
    return ToldLength(begin, length, AU_BYTES[coding] * rate * channels, begin + length)


def _aiff(file: Any, start: bytes) -> ToldLength | None:
    size, seconds, found = struct.unpack(">I", start[4:8])[0], 0.0, None
    end = 8 + size + size % 2
    for name, body, length in _chunks(file, 12, ">I", even=True):
        if name == b"COMM":
            file.seek(body + 2)
            frames, _, exponent, mantissa = struct.unpack(">IHHQ", file.read(16))
            seconds = frames / math.ldexp(mantissa, (exponent & 0x7FFF) - 16446)
        if name == b"SSND" and length < STREAMED:
            file.seek(body)
            begin = body + 8 + struct.unpack(">I", file.read(4))[0]
            found = begin, body + length - begin
        if found and seconds:
            return ToldLength(*found, found[1] / seconds, end)
    return None


def _caf(file: Any) -> ToldLength | None:
    rate, found, end = 0.0, None, 0
    for name, body, length in _chunks(file, 8, ">q"):
        if name == b"caff":
            break
        if name == b"desc":
            file.seek(body)
            hertz, _, _, size, frames = struct.unpack(">d4sIII", file.read(24))
            rate = size * hertz / frames
        if name == b"data":
            if length < 0:
                return None
            found = body + 4, length - 4
        end = body + length
    return ToldLength(*found, rate, end) if found and rate else None


def _voc(file: Any, start: bytes) -> ToldLength | None:
    at, rate, told = struct.unpack("<H", start[20:22])[0], 0.0, None
    while True:
        file.seek(at)
        head = file.read(16)
        if len(head) < 16 or not head[0]:
            return told
        length = int.from_bytes(head[1:4], "little")
        if head[0] == 1:
            rate = 1e6 / (256 - head[4])
        if head[0] == 9:
            hertz, bits, channels = struct.unpack("<IBB", head[4:10])
            rate = hertz * channels * bits / 8
        at += 4 + length
        told = ToldLength(at - length, length, rate, at)


def _w64(file: Any) -> ToldLength | None:
    file.seek(16)
    end = struct.unpack("<Q", file.read(8))[0]
    rate, at = 0, 40
    while True:
        file.seek(at)
        name, length = struct.unpack("<4s12xQ", file.read(24))
        if name == b"fmt ":
            rate = struct.unpack("<8xI", file.read(12))[0]
        if name == b"data":
            return ToldLength(at + 24, length - 24, rate, end) if length < 2**62 else None
        at += max(24, length + -length % 8)


def _chunks(
    file: Any, at: int, size: str, *, even: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Chunks from a place on: name, begin of what it holds, and length as told."""
    wide = struct.calcsize(size)
    while True:
        file.seek(at)
        head = file.read(4 + wide)
        if len(head) < 4 + wide:
            return
        length = struct.unpack(size, head[4:])[0]
        yield head[:4], at + 4 + wide, length
        at += 4 + wide + max(0, length) + (length % 2 if even else 0)
