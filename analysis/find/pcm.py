"""Raw PCM (or WAV) as it arrives on a stream."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from chingolo.synth.tables.bounds import SAMPLE_RATE
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.mpeg import are_frames
from chingolo.synth.tables.forms.wav import AUDIO, LATE_S, STREAMED, is_chunk

FORMATS = {
    "u8": (np.dtype("u1"), 1 / 128),
    "s16": (np.dtype("<i2"), 1 / 32768),
    "s24": (np.dtype(("u1", 3)), 1 / 8388608),
    "s32": (np.dtype("<i4"), 1 / 2147483648),
    "f32": (np.dtype("<f4"), 1.0),
    "f64": (np.dtype("<f8"), 1.0),
}
"""Little-endian: type, and the value of one step; 8 bits are counted from 128."""

WAV_FORMATS = {
    (1, 8): "u8",
    (1, 16): "s16",
    (1, 24): "s24",
    (1, 32): "s32",
    (3, 32): "f32",
    (3, 64): "f64",
}
"""(format tag, bits) of a WAV header."""

FRAME_BYTES = 4096
"""More than two frames of MP3 or AAC."""

WAVS = (b"RIFF", b"RF64", b"BW64")

CONTAINERS = (
    *(b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b"RIFX", b"riff", b".snd", b"wvpk", b"MAC "),
    *(b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"Creative Voi", b"NIST_1A\n"),
    *(b"TTA1", b"TTA2", b"DSD ", b"FRM8", b"#!AMR", *WAVS),
)
"""First bytes of other containers: FLAC, Ogg, MP3, AIFF, CAF, big-endian WAV, Wave64, AU, WavPack,
Monkey's Audio; Matroska, WMA, VOC, SPHERE; TTA, DSD, AMR, RIFF that is no WAV."""


@dataclass(frozen=True)
class Pcm:
    """How bytes are samples."""

    sample_rate: int
    """Hz."""

    channels: int

    form: str
    """Key of `FORMATS`."""

    length: int | None = None
    """Bytes of audio, where a header tells it."""

    @property
    def frame_bytes(self) -> int:
        """Bytes of a sample of all channels."""
        return FORMATS[self.form][0].itemsize * self.channels


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
    if start[:1] == b"\xff":
        start += _read(stream, FRAME_BYTES - len(start))
    if start[:4] not in WAVS or start[8:] != b"WAVE":
        other = start.startswith(CONTAINERS) or start[4:8] == b"ftyp" or are_frames(start)
        if other or _is_text(start, told):
            raise InputError("-: a file of another kind on standard input; expected raw PCM or WAV")
        return told, start
    pcm: Pcm | None = None
    long = 0
    while len(head := _read(stream, 8)) == 8:
        name, size = head[:4], struct.unpack("<I", head[4:])[0]
        if name == b"data":
            if pcm is None:
                break
            size = long if size == 0xFFFFFFFF else size
            whole = size if size > 0 and (size < STREAMED or size == long) else None
            return replace(pcm, length=whole), b""
        body = _read(stream, size + size % 2)
        if name == b"ds64" and len(body) >= 16:
            long = struct.unpack("<Q", body[8:16])[0]
            long = long if long < 2**63 else 0
        if name == b"fmt " and len(body) >= 16:
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if tag == 0xFFFE and len(body) >= 26:
                tag = struct.unpack("<H", body[24:26])[0]
            if (tag, bits) not in WAV_FORMATS or not channels:
                raise InputError(
                    f"-: a WAV stream of coding {tag} with {bits} bits; expected PCM or floats"
                )
            if not SAMPLE_RATE.allow(rate):
                raise InputError(f"-: a sample rate of {rate} Hz; expected {SAMPLE_RATE}")
            pcm = Pcm(rate, channels, WAV_FORMATS[tag, bits])
    raise InputError("-: a WAV stream that ends in its header")


def _is_text(start: bytes, told: Pcm) -> bool:
    """Whether all first bytes are letters; samples of 8 bits may look like them."""
    letters = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start)
    return letters and len(start) == 12 and told.form != "u8"


def pcm_blocks(stream: BinaryIO, pcm: Pcm, start: bytes, most_s: float) -> Iterator[np.ndarray]:
    """Blocks as they arrive, [samples, channels] float32; a frame cut by a read waits for its rest.

    Args:
        stream: bytes, interleaved.
        pcm: how they are samples.
        start: bytes that were read already.
        most_s: a read takes what there is, at most this, s.

    Raises:
        InputError: if another WAV follows the first, or more audio than its header says.
    """
    scale = FORMATS[pcm.form][1]
    frame = pcm.frame_bytes
    most = max(1, round(most_s * pcm.sample_rate)) * frame
    read = getattr(stream, "read1", stream.read)
    rest, left = start, pcm.length
    while data := read(most if left is None else min(most, left)):
        rest += data
        left = None if left is None else left - len(data)
        whole = len(rest) // frame * frame
        if whole:
            with np.errstate(over="ignore", invalid="ignore"):  # any bytes may be floats
                samples = _samples(rest[:whole], pcm).reshape(-1, pcm.channels) * np.float32(scale)
            yield samples
            rest = rest[whole:]
    # what follows the audio of a WAV tells of it; another recording there would go unheard
    if pcm.length is None:
        return
    after = _read(stream, 8 + pcm.length % 2)[pcm.length % 2 :]
    if any(name in after for name in AUDIO):
        raise InputError("-: another WAV follows the first on standard input; give one at a time")
    late = round(LATE_S * pcm.sample_rate) * frame
    if any(after) and not is_chunk(after) and len(_read(stream, late)) == late:
        raise InputError("-: a WAV that goes on after the length that its header says")


def _samples(data: bytes, pcm: Pcm) -> np.ndarray:
    """[samples of all channels] float32, in steps of the form."""
    if pcm.form == "s24":
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return (padded.view("<i4")[:, 0] >> 8).astype(np.float32)
    values = np.frombuffer(data, FORMATS[pcm.form][0]).astype(np.float32)
    return values - np.float32(128) if pcm.form == "u8" else values


def _read(stream: BinaryIO, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data
