"""The header of a WAV against its bytes: no length, one that is too short, one too long."""

import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chingolo.synth.tables.files import InputError

STREAMED = 0x7FFF0000
"""Lengths of audio from here on are those that programs write who do not know them yet."""

AUDIO = (b"RIFF", b"RF64", b"BW64", b"data")
"""Beginnings of another WAV, or of a second part of one."""

PADDING = 1 << 16
"""Bytes behind the audio that are looked at: all 0, they are no samples."""

LATE_S = 0.05
"""How much later than the recording a song may end: a frame of MP3, a rounded time."""


class Patched(io.RawIOBase):
    """A file with a few bytes replaced, for libsndfile."""

    def __init__(self, path: Path, at: int, patch: bytes):
        self.file, self.at, self.patch = path.open("rb"), at, patch

    def readinto(self, buffer: Any) -> int:
        """Reads on."""
        begin = self.file.tell()
        count = self.file.readinto(buffer)
        for place, byte in enumerate(self.patch, start=self.at - begin):
            if 0 <= place < count:
                memoryview(buffer).cast("B")[place] = byte
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes to a place."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Where it reads next."""
        return self.file.tell()

    def close(self) -> None:
        """Closes the file."""
        self.file.close()
        super().close()


def with_length(path: Path) -> Any:
    """A file to open: its path or, for a WAV whose header says 0 bytes of audio, one that has all.

    Raises:
        OSError: if it cannot be read.
        InputError: for a WAV that goes on after the length that its header says, or is followed by
            further audio.
    """
    if path.suffix.lower() == ".raw":  # by its name alone it would be taken for raw samples
        return Patched(path, 0, b"")
    found = _wav_data(path)
    if found is None:
        return path
    if found.length == 0 and found.surplus:
        width = "<Q" if found.wide else "<I"
        most = 2 ** (8 * struct.calcsize(width)) - 1
        return Patched(path, found.place, struct.pack(width, min(found.held, most)))
    if found.surplus and found.held - found.length > LATE_S * found.bytes_a_second:
        told, held = (size / found.bytes_a_second for size in (found.length, found.held))
        raise InputError(
            f"{path}: a WAV that goes on after its length: its header says {told:.1f} s, and it "
            f"holds {held:.1f} s. Repair the header, or convert it as raw samples"
        )
    return path


def missing_s(path: Path) -> float:
    """How much of the audio that the header of a WAV promises is not there, s."""
    found = _wav_data(path)
    if found is None or (found.length >= STREAMED and not found.wide):
        return 0.0
    return max(0.0, (found.length - found.held) / found.bytes_a_second)


@dataclass(frozen=True)
class _WavData:
    """Where the audio of a WAV stands, in bytes."""

    place: int
    """Of the number that says its length."""

    wide: bool
    """Whether that number has 64 bits."""

    length: int
    """As it says."""

    held: int
    """From its begin to the end of the file."""

    surplus: bool
    """Whether samples follow after the length."""

    bytes_a_second: int


def _wav_data(path: Path) -> _WavData | None:
    """The audio of a RIFF or RF64 WAV; None for other files and broken ones."""
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = file.read(12)
        if kind[:4] not in (b"RIFF", b"RF64", b"BW64") or kind[8:] != b"WAVE":
            return None
        ds64: tuple[int, int] | None = None
        rate = 0
        while len(head := file.read(8)) == 8:
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            body = file.tell()
            if name == b"ds64":
                ds64 = body + 8, struct.unpack("<Q", file.read(24)[8:16].ljust(8, b"\0"))[0]
            if name == b"fmt ":
                rate = struct.unpack("<I", file.read(12)[8:12].ljust(4, b"\0"))[0]
            if name == b"data":
                place, wide = body - 4, False
                if kind[:4] != b"RIFF" and ds64 is not None and length in (0, 0xFFFFFFFF):
                    (place, length), wide = ds64, True
                held = max(0, size - body)
                _refuse_second(file, body + length, path)
                surplus = held > length and not _are_chunks(file, body + length, size)
                return _WavData(place, wide, length, held, surplus, max(1, rate))
            file.seek(body + length + length % 2)
    return None


def _refuse_second(file: Any, at: int, path: Path) -> None:
    """Refuses audio behind the first, which would go unheard: another WAV, a second part."""
    file.seek(at + at % 2)
    if file.read(4) in AUDIO:
        raise InputError(f"{path}: further audio follows the first; give one recording a file")


def is_chunk(head: bytes) -> bool:
    """Whether bytes begin with the name of a RIFF chunk: four letters."""
    return all(32 <= letter < 127 for letter in head[:4])


def _are_chunks(file: Any, at: int, size: int) -> bool:
    """Whether from here to the end of a RIFF file there are whole chunks or padding, no samples."""
    file.seek(at)
    if not any(file.read(PADDING)):
        return True
    at += at % 2
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        if not is_chunk(head):
            return False
        length = struct.unpack("<I", head[4:])[0]
        at += 8 + length + length % 2
    return at >= size
