"""Audio files opened by what their bytes are: without a length, or in forms of ffmpeg."""

import atexit
import contextlib
import math
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from chingolo.synth.tables.bounds import SAMPLE_RATE
from chingolo.synth.tables.files import InputError, is_file, is_unicode
from chingolo.synth.tables.forms import flac
from chingolo.synth.tables.forms.further import has_further, lacks_end
from chingolo.synth.tables.forms.lengths import lost_s
from chingolo.synth.tables.forms.mpeg import missing_share
from chingolo.synth.tables.forms.mpeg_reading import MPEG_ENDINGS, hushed, refuse_guessed_length
from chingolo.synth.tables.forms.wav import LATE_S, missing_s, with_length

BLOCK = 1 << 21
"""Frames of audio read at a time."""

STEP = 256
"""Frames read at a time up to a fault."""

FFMPEG_ENDINGS = (
    *(".m4a", ".m4b", ".m4r", ".m4v", ".mp4", ".mov", ".qt", ".3gp", ".3gpp", ".3g2", ".aac"),
    *(".wma", ".wmv", ".asf", ".wv", ".ape", ".amr", ".awb", ".mka", ".mkv", ".webm", ".weba"),
)
"""Endings of files that ffmpeg decodes and libsndfile does not."""

KEPT = 8
"""Decoded files that are kept until the end, for the next song of the same recording."""


def open_sound(path: str | Path) -> soundfile.SoundFile:
    """Opens an audio file to read: of any form of libsndfile or, where ffmpeg is found, of ffmpeg.

    A WAV whose header says that it is empty, as of a stream or a recorder that lost its power, is
    read to its end, and so is a FLAC that does not tell its length.

    Raises:
        InputError: if it is missing, is not audio, cannot be read, has no rate of sound, is in a
            form for which ffmpeg is missing, goes on after the length that it tells, or is followed
            by further audio.
    """
    path = Path(path)
    if not is_file(path):
        raise InputError(f"{path}: no such audio file")
    with reading(path), contextlib.ExitStack() as stack:
        if has_further(path):
            raise InputError(f"{path}: further audio follows the first; give one recording a file")
        with path.open("rb") as opened:
            start = opened.read(64)
        kind = _for_ffmpeg(start)
        source: Any = _decoded(path, kind) if kind else flac.with_length(path) or with_length(path)
        named = path.suffix.lower() in MPEG_ENDINGS
        with hushed("MP3" if named else start):
            file = stack.enter_context(soundfile.SoundFile(nameable(source)))
        if not SAMPLE_RATE.allow(file.samplerate):
            raise InputError(
                f"{path}: a sample rate of {file.samplerate} Hz; expected {SAMPLE_RATE}"
            )
        refuse_guessed_length(file, path)
        stack.pop_all()  # the caller closes it
    return file


@dataclass(frozen=True)
class Break:
    """That a recording goes no further, whatever holds it."""

    told: str
    """Why, as `breaks off after 7.0 of 10.5 s`."""

    whole_s: float
    """How long it would be, s; infinite where nothing tells."""


def read_on(file: soundfile.SoundFile, frames: int, path: Path) -> tuple[np.ndarray, str]:
    """Up to so many frames, [samples, channels] float32, and the fault that ended them, or "".

    After a fault the file, which stands under `path`, is of no more use.
    """
    at = file.tell() if file.seekable() else None
    try:
        with hushed(file.format):
            return file.read(frames, dtype="float32", always_2d=True), ""
    except RuntimeError as error:
        fault = reason(error)
    # a read that meets a fault returns nothing: what stands before it is read by small steps
    pieces: list[np.ndarray] = [np.zeros((0, file.channels), np.float32)]
    if at is None:
        return pieces[0], fault
    with contextlib.suppress(RuntimeError), open_sound(path) as again, hushed(file.format):
        again = opened_at(again, at, path)
        while frames and len(piece := again.read(min(frames, STEP), "float32", always_2d=True)):
            pieces.append(piece)
            frames -= len(piece)
    return np.concatenate(pieces), fault


def opened_at(file: soundfile.SoundFile, first: int, path: Path) -> soundfile.SoundFile:
    """A file, opened at its begin, that goes on with the frame `first`; near a fault one anew.

    Raises:
        RuntimeError: if a fault stands before that frame.
    """
    if not first:  # not every form can seek
        return file
    try:
        with hushed(file.format):
            file.seek(first)
    except RuntimeError:
        file.close()
        file = open_sound(path)
        for at in range(0, first, file.samplerate):
            file.read(min(file.samplerate, first - at))
    return file


def find_break(path: Path, file: soundfile.SoundFile, heard: int, fault: str = "") -> Break | None:
    """What ended a recording too early; None for one that is whole.

    Args:
        path: of the file.
        file: as opened by `open_sound`.
        heard: frames up to where it could be read.
        fault: of `read_on`.
    """
    rate, whole_s = file.samplerate, file.frames / file.samplerate
    at = heard / rate
    if fault:
        return Break(f"broken after {at:.1f} s ({fault})", whole_s)
    # the length that some formats tell is an estimate; a second less is a file cut short
    if heard < file.frames - rate < 2**62:
        return Break(f"breaks off after {at:.1f} of {whole_s:.1f} s", whole_s)
    missing = missing_s(path) + lost_s(path)
    if file.format == "MP3":
        with path.open("rb") as opened:
            missing = whole_s * missing_share(opened.read(1 << 16), path.stat().st_size)
    if missing > LATE_S:
        whole_s = at + missing
        return Break(f"breaks off after {at:.1f} of {whole_s:.1f} s", whole_s)
    if lacks_end(path):
        return Break("breaks off: it has no mark of its end", math.inf)
    complaint = _complaints.get(path)
    return Break(f"is damaged ({complaint})", math.inf) if complaint else None


def readable_frames(path: Path) -> tuple[int, str]:
    """Frames that can be read from the start of a file on, and the fault that ends them, or ""."""
    about = path.stat()
    return _readable_frames(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=256)
def _readable_frames(path: Path, size: int, changed: int) -> tuple[int, str]:
    del size, changed
    frames, fault = 0, ""
    with open_sound(path) as file:
        while not fault:
            block, fault = read_on(file, BLOCK, path)
            frames += len(block)
            if not len(block):
                break
    return frames, fault


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What goes wrong in reading a sound is bad input.

    Raises:
        InputError: in place of the errors of libsndfile and the system, naming the file.
    """
    try:
        yield
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        raise InputError(f"{path}: not audio that can be read ({reason(error)})") from error


def reason(error: Exception) -> str:
    """Why libsndfile or the system failed, without the name of the file."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    told = (str(error).strip().splitlines() or [""])[0].split(": ")[-1].rstrip(".")
    # what libsndfile says of a file that it took for MP3 by its name
    return "Format not recognised" if "possibly a pipe" in told else told


def _for_ffmpeg(start: bytes) -> str:
    """The demuxer of ffmpeg that reads what begins like this; "" for what libsndfile may read."""
    if start[4:8] == b"ftyp":
        return "mov"
    if start.startswith(b"OggS") and b"\x7fFLAC" in start:
        return "ogg"
    beginnings = {
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
        b"\x1a\x45\xdf\xa3": "matroska",
        b"#!AMR": "amr",
        b"wvpk": "wv",
        b"MAC ": "ape",
    }
    for beginning, demuxer in beginnings.items():
        if start.startswith(beginning):
            return demuxer
    # ADTS: twelve bits of synchronisation, then layer 0, which no MPEG audio has
    return "aac" if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0 else ""


_decoding = threading.Lock()
_decoded_files: dict[tuple[Path, int, int], Path] = {}
_complaints: dict[Path, str] = {}
"""What ffmpeg said of a file that it decoded as far as it could."""


def _decoded(path: Path, demuxer: str) -> Path:
    """A WAV of the first audio stream, decoded once; it is deleted at the end of the program."""
    about = path.stat()
    key = (path, about.st_size, about.st_mtime_ns)
    with _decoding:
        if key not in _decoded_files:
            while len(_decoded_files) >= KEPT:  # who reads it still, keeps it open
                _decoded_files.pop(next(iter(_decoded_files))).unlink(missing_ok=True)
            _decoded_files[key] = _decode(path, demuxer)
        return _decoded_files[key]


def _decode(path: Path, demuxer: str) -> Path:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise InputError(
            f"{path}: audio that ffmpeg decodes, and ffmpeg is not found; install it "
            "(ffmpeg.org), or convert the file to WAV or FLAC"
        )
    handle, name = tempfile.mkstemp(suffix=".wav", prefix="chingolo-")
    os.close(handle)
    decoded = Path(name)
    atexit.register(decoded.unlink, missing_ok=True)
    # the demuxer is named and protocols are closed, so that no file can send it to another place
    given = ["-protocol_whitelist", "file", "-f", demuxer, "-i", f"file:{path}", "-map", "0:a:0"]
    wanted = ["-c:a", "pcm_f32le", "-rf64", "auto", "-f", "wav", "-y", name]
    done = subprocess.run(
        [ffmpeg, "-nostdin", "-v", "error", *given, *wanted], capture_output=True, check=False
    )
    lines = done.stderr.decode(errors="replace").strip().splitlines() or [""]
    silent = "matches no streams" in done.stderr.decode(errors="replace")
    told = "holds no sound" if silent else re.sub(r"^\[.*?\] ", "", lines[-1]).split(": ")[-1]
    if done.returncode:
        decoded.unlink(missing_ok=True)
        raise InputError(f"{path}: not audio that ffmpeg can read ({told or 'no reason told'})")
    _complaints[path] = told
    return decoded


def nameable(source: Any) -> Any:
    """What to open, as libsndfile takes it: a name that is not UTF-8 goes by its bytes."""
    if isinstance(source, Path) and not is_unicode(source):
        return os.fsencode(source)
    return source
