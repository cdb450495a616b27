"""MP3 as libsndfile reads it: lengths that it guessed, and what its decoder says past us."""

import contextlib
import io
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import soundfile

from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.mpeg import FIRST_FRAME, after_tag, states_length
from chingolo.synth.tables.forms.wav import LATE_S

BLOCK = 1 << 21
"""Frames of audio read at a time."""

MPEG_ENDINGS = (".mp3", ".mp2", ".mpga", ".mpa")
"""Endings of files that libsndfile takes for MPEG audio, whatever they hold."""

_hushing = threading.Lock()
_hushed: list[int] = []
"""Where standard error went before, once for each that keeps it away."""


@contextmanager
def hushed(form: bytes | str) -> Iterator[None]:
    """Keeps what the decoder of MP3 writes to standard error, without the file's name, away.

    What Python writes there comes through: it goes by a way of its own.

    Args:
        form: `MP3` or another that libsndfile names, or the first bytes of a file.
    """
    mpeg = form == "MP3" or (isinstance(form, bytes) and form[:1] in (b"I", b"\xff"))
    if not mpeg:
        yield
        return
    with _hushing:
        if not _hushed:
            _part_standard_error()
        _hushed.append(os.dup(2))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
    try:
        yield
    finally:
        with _hushing:  # the first is where it went before all
            last = _hushed.pop()
            if not _hushed:
                os.dup2(last, 2)
            os.close(last)


def _part_standard_error() -> None:
    """Gives Python's standard error a descriptor of its own, where it has that of the process."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.stderr.fileno() == 2:
            sys.stderr.flush()
            own = os.fdopen(os.dup(2), "wb", 0)
            sys.stderr = io.TextIOWrapper(
                own, sys.stderr.encoding, "backslashreplace", write_through=True
            )


def refuse_guessed_length(file: soundfile.SoundFile, path: Path) -> None:
    """Refuses an MP3 that goes on after the length that was guessed from its first frames.

    A stream of changing bit rate without a header of its length (Xing, Info, VBRI) is decoded to
    its end once, to learn what it holds.

    Raises:
        InputError: naming both lengths.
    """
    if file.format != "MP3" or _states_length(path):
        return
    about = path.stat()
    held = _decoded_frames(path, about.st_size, about.st_mtime_ns)
    if held > file.frames + LATE_S * file.samplerate:
        raise InputError(
            f"{path}: an MP3 without its length, guessed as {file.frames / file.samplerate:.1f} s; "
            f"it holds {held / file.samplerate:.1f} s. Convert it to WAV or FLAC"
        )


def _states_length(path: Path) -> bool:
    """Whether the first frame of an MP3, behind its ID3 tag, tells how long the whole is."""
    with path.open("rb") as file:
        first = after_tag(file.read(10), 0)
        file.seek(first)
        return states_length(file.read(FIRST_FRAME), 0)


@lru_cache(maxsize=256)
def _decoded_frames(path: Path, size: int, changed: int) -> int:
    """Frames that an MP3 of this size and time of change decodes to, read as a stream."""
    del size, changed
    reading, writing = os.pipe()

    def feed() -> None:
        broken = contextlib.suppress(BrokenPipeError)
        with broken, path.open("rb") as source, open(writing, "wb") as sink:
            shutil.copyfileobj(source, sink)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    frames = 0
    try:
        with hushed("MP3"), soundfile.SoundFile(reading, closefd=True) as stream:
            while len(block := stream.read(BLOCK, dtype="float32")):
                frames += len(block)
    finally:
        feeder.join(timeout=10)
    return frames
