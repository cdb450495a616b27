"""Sound behind the first of a file, as of files joined by `cat`; an end that is not there."""

import mmap
import struct
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from chingolo.synth.tables.forms.lengths import told_length
from chingolo.synth.tables.forms.mpeg import after_tag, are_frames, told_end
from chingolo.synth.tables.forms.wav import LATE_S, PADDING

ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
"""The GUID that the header of an ASF (WMA) begins with."""

FLACS = (b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22")
"""A FLAC begins with its name and a block of stream information, the last one or not."""


LONGEST_PAGE = 27 + 255 + 255 * 255
"""Bytes of an Ogg page (RFC 3533)."""

FEWEST_FRAMES = 4
"""Frames of an MP3, 0.1 s, that are further sound; some programs count one less than there are."""


def has_further(path: Path) -> bool:
    """Whether another sound follows the first, which alone would be read; WAV: see `with_length`.

    A file is looked through once, as long as its size and time of change stay.

    Raises:
        OSError: if it cannot be read.
    """
    about = path.stat()
    return _looked_through(path, about.st_size, about.st_mtime_ns)


def lacks_end(path: Path) -> bool:
    """Whether an Ogg file has no page that is the last of its stream, or not the whole of it."""
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return False
        file.seek(max(0, path.stat().st_size - 2 * LONGEST_PAGE))
        tail = file.read()
    at = tail.rfind(b"OggS")
    page = tail[at:] if at >= 0 else b""
    if len(page) < 27 or not page[5] & 4:
        return True
    table = page[27 : 27 + page[26]]
    return len(page) < 27 + page[26] + sum(table)


@lru_cache(maxsize=4096)
def _looked_through(path: Path, size: int, changed: int) -> bool:
    del changed
    if size < 64:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        first = after_tag(data, 0)
        for beginning, look in LOOKS.items():
            if data[first : first + len(beginning)] == beginning:
                return look(data, first)
        if data[4:8] == b"ftyp":
            return _second_movie(data)
        if are_frames(data, first):
            return _more_frames(data, first)
    told = told_length(path)
    if told is None:
        return False
    with path.open("rb") as file:
        begin = file.read(4)
        file.seek(told.end)
        after = file.read(PADDING)
        late = size - told.end > LATE_S * told.bytes_a_second
    return after[:4] == begin or (begin == b".snd" and late and any(after))


def _second_flac(data: mmap.mmap, first: int) -> bool:
    return any(data.find(beginning, first + 4) >= 0 for beginning in FLACS)


def _second_header(data: mmap.mmap, first: int) -> bool:
    return data.find(ASF, first + 1) >= 0


def _chained_ogg(data: mmap.mmap, at: int) -> bool:
    """Whether a stream begins after pages of another (RFC 3533), which libsndfile leaves unread."""
    if b"\x7fFLAC" in data[at : at + 64]:  # ffmpeg reads it, and all its links
        return False
    begun = False
    while 0 <= at <= len(data) - 27:
        if data[at : at + 4] != b"OggS":
            at = data.find(b"OggS", at + 1)
            continue
        begins = data[at + 5] & 2
        if begins and begun:
            return True
        begun = begun or not begins
        table = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(table) + sum(table)
    return False


def _second_wavpack(data: mmap.mmap, at: int) -> bool:
    """Whether the numbers of samples that blocks begin with go back to 0."""
    begun = False
    while at >= 0 and at + 32 <= len(data):
        if data[at : at + 4] != b"wvpk":  # a tag
            at = data.find(b"wvpk", at)
            continue
        size, number = struct.unpack("<4xI8xI", data[at : at + 20])
        if begun and number == 0:
            return True
        begun = begun or number > 0
        at += 8 + size
    return False


def _second_movie(data: mmap.mmap) -> bool:
    """Whether a box of the top tells once more what kind of file follows (ISO 14496-12)."""
    at = 0
    while at + 16 <= len(data):
        length, name, wide = struct.unpack(">I4sQ", data[at : at + 16])
        if at and name == b"ftyp":
            return True
        length = wide if length == 1 else length
        if length < 8:  # 0: to the end
            return False
        at += length
    return False


def _more_frames(data: mmap.mmap, first: int) -> bool:
    """Whether frames of an MP3 follow after the end that its first frame tells."""
    end = told_end(data, first)
    if end is None:
        return False
    at = after_tag(data, end)
    return any(
        are_frames(data, place, count=FEWEST_FRAMES)
        for place in range(at, min(at + PADDING, len(data)))
        if data[place] == 0xFF
    )


LOOKS: dict[bytes, Callable[[mmap.mmap, int], bool]] = {
    b"fLaC": _second_flac,
    b"OggS": _chained_ogg,
    b"wvpk": _second_wavpack,
    ASF: _second_header,
}
"""How to look for a second sound, by what a file begins with."""
