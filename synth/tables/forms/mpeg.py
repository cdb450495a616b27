"""Frames of MPEG audio (ISO 11172-3, 13818-3) and AAC (ISO 13818-7), and the tags around them."""

import mmap

MPEG_1_KILOBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG_2_KILOBITS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
LAYER_2_KILOBITS = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
"""Bit rates of layer III and, in MPEG 1, of layer II (in MPEG 2 they are those of layer III), by
the header's number of them, from 1 (ISO 11172-3, 13818-3)."""

TAG_BITS = (21, 14, 7, 0)
"""The length of an ID3 tag is written seven bits a byte."""

FIRST_FRAME = 4096
"""Bytes within which the first frame tells how long the whole is."""


def frame_length(head: bytes) -> int:
    """Bytes of the frame that begins here; 0 where none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:  # ADTS, whose length stands in 13 bits of bytes 4 to 6
        return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5 if len(head) > 5 else 7
    rate, bits = head[2] >> 2 & 3, head[2] >> 4
    if layer == 3 or version == 1 or rate == 3 or bits in (0, 15):
        return 0
    first = version == 3  # MPEG 1; else MPEG 2 and 2.5, of half and a quarter of its rates
    second = layer == 2  # layer II, as of a broadcast
    table = MPEG_2_KILOBITS if not first else LAYER_2_KILOBITS if second else MPEG_1_KILOBITS
    kilobits = table[bits - 1]
    hertz = (44_100, 48_000, 32_000)[rate] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if first or second else 72) * kilobits * 1000 // hertz + (head[2] >> 1 & 1)


def are_frames(data: bytes | mmap.mmap, at: int = 0, *, count: int = 2) -> bool:
    """Whether so many frames of one kind follow each other from here on."""
    kind = data[at : at + 2]
    for _ in range(count):
        length = frame_length(data[at : at + 6])
        if not length or data[at : at + 2] != kind:
            return False
        at += length
    return True


def after_tag(data: bytes | mmap.mmap, at: int) -> int:
    """Where what follows an ID3 tag begins; the place itself where none stands."""
    tag = data[at : at + 10]
    if tag[:3] != b"ID3" or len(tag) < 10:
        return at
    return at + 10 + sum((byte & 127) << bits for byte, bits in zip(tag[6:], TAG_BITS, strict=True))


def states_length(data: bytes | mmap.mmap, first: int) -> bool:
    """Whether the first frame of an MP3 tells how long the whole is."""
    return any(name in data[first : first + FIRST_FRAME] for name in (b"Xing", b"Info", b"VBRI"))


def missing_share(data: bytes | mmap.mmap, size: int) -> float:
    """How much of an MP3 of so many bytes is not there, by what its first frame tells; 0 to 1."""
    first = after_tag(data, 0)
    end = told_end(data, first) if are_frames(data, first, count=1) else None
    # the frame that tells may or may not be counted
    if end is None or end - size <= frame_length(data[first : first + 6]):
        return 0.0
    return (end - size) / (end - first)


def told_end(data: bytes | mmap.mmap, first: int) -> int | None:
    """Where an MP3 ends by its first frame (Xing, Info or VBRI); None where it does not tell."""
    head = data[first : first + 256]
    for name, place in ((b"Xing", 12), (b"Info", 12), (b"VBRI", 10)):
        at = head.find(name)
        if at < 0:
            continue
        flags = head[at + 7] if len(head) > at + 7 else 0
        if name != b"VBRI":  # the bytes stand behind the frames, each where a flag says so
            if not flags & 2:
                return None
            place = 8 + 4 * (flags & 1)
        told = head[at + place : at + place + 4]
        return first + int.from_bytes(told, "big") if len(told) == 4 else None
    return None
