"""Raw PCM (or WAV) as it arrives on a stream."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from chingolo.synth.tables.files import InputError

FORMATS = {
    "s16": (np.dtype("<i2"), 1 / 32768),
    "s32": (np.dtype("<i4"), 1 / 2147483648),
    "f32": (np.dtype("<f4"), 1.0),
}
"""Little-endian: type, and the value of one step."""

WAV_FORMATS = {(1, 16): "s16", (1, 32): "s32", (3, 32): "f32"}
"""(format tag, bits) of a WAV header."""

CONTAINERS = (
    *(b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b"RIFX", b"riff", b".snd", b"wvpk", b"MAC "),
    b"\x1a\x45\xdf\xa3",
)
"""First bytes of other containers: FLAC, Ogg, MP3, AIFF, CAF, big-endian WAV, Wave64, AU, WavPack,
Monkey's Audio, Matroska."""


@dataclass(frozen=True)
class Pcm:
    """How bytes are samples."""

    sample_rate: int
    """Hz."""

    channels: int

    form: str
    """Key of `FORMATS`."""


def open_pcm(stream: BinaryIO, told: Pcm) -> tuple[Pcm, bytes]:
    """Reads the header of a WAV stream, such as `arecord` writes unless told not to.

    Args:
        stream: bytes.
        told: what is believed of a stream without a header.

    Returns:
        What the stream is, and bytes of audio that were read already.

    Raises:
        InputError: for a WAV stream of another coding, or a stream of a compressed file.
    """
    start = _read(stream, 12)
    if start.startswith(CONTAINERS) or start[4:8] == b"ftyp":
        raise InputError("-: a file of another kind on standard input; expected raw PCM or WAV")
    if start[:4] not in (b"RIFF", b"RF64", b"BW64") or start[8:] != b"WAVE":
        return told, start
    pcm: Pcm | None = None
    while len(head := _read(stream, 8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            if pcm is None:
                break
            return pcm, b""
        body = _read(stream, size + size % 2)
        if name == b"fmt " and len(body) >= 16:
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if tag == 0xFFFE and len(body) >= 26:
                tag = struct.unpack("<H", body[24:26])[0]
            if (tag, bits) not in WAV_FORMATS or not channels or not rate:
                raise InputError(
                    f"-: a WAV stream of coding {tag} with {bits} bits; expected 16 or 32 bit PCM"
                )
            pcm = Pcm(rate, channels, WAV_FORMATS[tag, bits])
    raise InputError("-: a WAV stream that ends in its header")


def pcm_blocks(stream: BinaryIO, pcm: Pcm, start: bytes, most_s: float) -> Iterator[np.ndarray]:
    """Blocks as they arrive, [samples, channels] float32; a frame cut by a read waits for its rest.

    Args:
        stream: bytes, interleaved.
        pcm: how they are samples.
        start: bytes that were read already.
        most_s: a read takes what there is, at most this, s.
    """
    kind, scale = FORMATS[pcm.form]
    frame = kind.itemsize * pcm.channels
    most = max(1, round(most_s * pcm.sample_rate)) * frame
    read = getattr(stream, "read1", stream.read)
    rest = start
    while data := read(most):
        rest += data
        whole = len(rest) // frame * frame
        if whole:
            values = np.frombuffer(rest[:whole], kind).reshape(-1, pcm.channels)
            rest = rest[whole:]
            yield values.astype(np.float32) * np.float32(scale)


def _read(stream: BinaryIO, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data
