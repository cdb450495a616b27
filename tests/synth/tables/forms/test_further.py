"""Files joined, cut off or without a length: no sound goes unheard without a word."""

import contextlib
import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chingolo.analysis.find.recordings import Health, file_chunks
from chingolo.synth.tables.audio import length_s, load_audio
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.further import has_further, lacks_end
from chingolo.synth.tables.forms.lengths import lost_s

RATE = 22_050
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
FORMS = {
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "au": ("AU", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"),
}


def song(seconds: float, *, hertz: float = 3000.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(int(hertz)).normal(0, 0.01, len(time))
    return 0.4 * np.sin(2 * np.pi * hertz * time) + noise


def encoded(ending: str, seconds: float, *, hertz: float = 3000.0) -> bytes:
    form, subtype = FORMS[ending]
    rate = 48_000 if ending == "opus" else RATE
    file = io.BytesIO()
    wave = song(seconds, hertz=hertz, rate=rate)
    soundfile.write(file, wave, rate, format=form, subtype=subtype)
    return file.getvalue()


def heard(file: Path) -> Health:
    health = Health()
    _, blocks = file_chunks(file, health)
    for _ in blocks:
        pass
    return health


@pytest.mark.parametrize("ending", FORMS)
def test_joined_files_are_refused_and_single_ones_read(tmp_path, ending: str):
    one, two = encoded(ending, 3), encoded(ending, 2, hertz=5000)
    file = tmp_path / f"a.{ending}"
    file.write_bytes(one)
    assert not has_further(file)
    assert not heard(file).broken
    assert length_s(file) == pytest.approx(3, abs=0.1)
    file.write_bytes(one + two)
    with pytest.raises(InputError, match="further audio follows the first; give one recording"):
        load_audio(file, sample_rate=RATE)
    file.write_bytes(one + one)  # of equal length, name and content
    with pytest.raises(InputError, match="further audio follows the first"):
        length_s(file)


def encoded_by_ffmpeg(folder: Path, ending: str, *options: str) -> bytes:
    soundfile.write(folder / "source.wav", song(3), RATE)
    made = folder / f"made.{ending}"
    encode = ["ffmpeg", "-v", "error", "-y", "-i", str(folder / "source.wav"), *options]
    subprocess.run([*encode, str(made)], check=True)
    return made.read_bytes()


@needs_ffmpeg
@pytest.mark.parametrize("ending", ["m4a", "wma", "wv", "mp3"])
def test_joined_files_of_ffmpeg_are_refused(tmp_path, ending: str):
    one = encoded_by_ffmpeg(tmp_path, ending)
    file = tmp_path / f"a.{ending}"
    file.write_bytes(one)
    assert length_s(file) == pytest.approx(3, abs=0.1)
    file.write_bytes(one + one)
    with pytest.raises(InputError, match="further audio follows the first"):
        length_s(file)


@needs_ffmpeg
@pytest.mark.parametrize("ending", ["aac", "mka", "oga", "mp2"])
def test_joined_files_that_are_read_whole_are_read(tmp_path, ending: str):
    options = ["-c:a", "flac"] if ending == "oga" else []
    one = encoded_by_ffmpeg(tmp_path, ending, *options)
    (tmp_path / f"a.{ending}").write_bytes(one + one)
    assert length_s(tmp_path / f"a.{ending}") == pytest.approx(6, abs=0.2)


@pytest.mark.parametrize("after", [b"TAG" + bytes(125), b"APETAGEX" + bytes(2000), bytes(5000)])
def test_tags_behind_an_mp3_are_no_sound(tmp_path, after: bytes):
    (tmp_path / "a.mp3").write_bytes(b"ID3\4\0\0\0\0\2\0" + bytes(256) + encoded("mp3", 2) + after)
    assert length_s(tmp_path / "a.mp3") == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("ending", ["aiff", "au", "w64"])
def test_what_breaks_off_is_told(tmp_path, ending: str):
    data = encoded(ending, 4)
    file = tmp_path / f"a.{ending}"
    file.write_bytes(data[: len(data) - 2 * RATE])
    assert lost_s(file) == pytest.approx(1, abs=0.001)
    assert heard(file).broken == "breaks off after 3.0 of 4.0 s"
    file.write_bytes(data)
    assert lost_s(file) == 0


@pytest.mark.parametrize("ending", ["ogg", "opus"])
def test_an_ogg_without_its_end_is_told(tmp_path, ending: str):
    data = encoded(ending, 4)
    file = tmp_path / f"a.{ending}"
    for cut in (10, len(data) // 3):
        file.write_bytes(data[:-cut])
        assert lacks_end(file)
        assert "breaks off" in heard(file).broken
    file.write_bytes(data)
    assert not lacks_end(file)


@needs_ffmpeg
def test_what_ffmpeg_complains_of_is_told(tmp_path):
    data = encoded_by_ffmpeg(tmp_path, "mka")
    (tmp_path / "a.mka").write_bytes(data[: len(data) // 2])
    assert heard(tmp_path / "a.mka").broken.startswith("is damaged (")
    (tmp_path / "a.mka").write_bytes(data)
    assert not heard(tmp_path / "a.mka").broken


def test_an_au_that_does_not_know_its_length_is_whole(tmp_path):
    samples = (9000 * np.sin(np.arange(RATE))).astype(">i2").tobytes()
    for length, broken in ((0xFFFFFFFF, False), (len(samples), False), (2 * len(samples), True)):
        head = struct.pack(">4s5I", b".snd", 24, length, 3, RATE, 1)
        (tmp_path / "a.au").write_bytes(head + samples)
        assert length_s(tmp_path / "a.au") == 1
        assert (heard(tmp_path / "a.au").broken == "breaks off after 1.0 of 2.0 s") == broken
    head = struct.pack(">4s5I", b".snd", 24, len(samples) // 2, 3, RATE, 1)
    (tmp_path / "a.au").write_bytes(head + samples)
    with pytest.raises(InputError, match="further audio follows"):
        length_s(tmp_path / "a.au")


def voc(samples: bytes, *, length: int) -> bytes:
    """One block of 16 bits, and the mark of the end."""
    head = struct.pack("<20sHHH", b"Creative Voice File\x1a", 26, 0x0114, 0x111F)
    block = struct.pack("<B", 9) + (length + 12).to_bytes(3, "little")
    return head + block + struct.pack("<IBBHI", RATE, 16, 1, 4, 0) + samples + b"\0"


def test_a_voc_that_breaks_off_is_told(tmp_path):
    samples = (9000 * np.sin(np.arange(RATE))).astype("<i2").tobytes()
    (tmp_path / "a.voc").write_bytes(voc(samples, length=len(samples)))
    assert lost_s(tmp_path / "a.voc") == 0
    (tmp_path / "a.voc").write_bytes(voc(samples, length=2 * len(samples))[:-1])
    assert lost_s(tmp_path / "a.voc") == pytest.approx(1)


@pytest.mark.parametrize("samples", [500, 4096, 8192, 3 * RATE, 100_000])
@pytest.mark.parametrize("tag", [b"", b"ID3\4\0\0\0\0\2\0" + bytes(256)])
def test_a_flac_without_a_length_is_read_to_its_end(tmp_path, samples: int, tag: bytes):
    wave = song(samples / RATE)
    file = io.BytesIO()
    soundfile.write(file, wave, RATE, format="FLAC")
    data = bytearray(file.getvalue())
    truth = soundfile.read(io.BytesIO(data), dtype="float32")[0]
    assert int.from_bytes(data[21:26], "big") & 0xFFFFFFFFF == samples
    data[21] &= 0xF0  # as of a stream: neither a length nor a sum of it is known
    data[22:42] = bytes(20)
    (tmp_path / "a.flac").write_bytes(tag + data)
    np.testing.assert_array_equal(load_audio(tmp_path / "a.flac", sample_rate=RATE), truth)
    assert not heard(tmp_path / "a.flac").broken
    part = load_audio(tmp_path / "a.flac", sample_rate=RATE, start_s=0.01, end_s=0.02)
    np.testing.assert_array_equal(part, truth[220:441])
    if samples > RATE:
        (tmp_path / "a.flac").write_bytes(tag + data[: len(data) // 2])
        assert heard(tmp_path / "a.flac").broken


@needs_ffmpeg
def test_a_flac_as_ffmpeg_streams_it(tmp_path):
    soundfile.write(tmp_path / "s.wav", song(5), RATE)
    stream = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "s.wav"), "-f", "flac", "-"]
    made = subprocess.run(stream, check=True, capture_output=True).stdout
    (tmp_path / "p.flac").write_bytes(made)
    truth = soundfile.read(tmp_path / "s.wav", dtype="float32")[0]
    np.testing.assert_array_equal(load_audio(tmp_path / "p.flac", sample_rate=RATE), truth)
    assert not heard(tmp_path / "p.flac").broken


@pytest.mark.parametrize("ending", FORMS)
def test_any_damage_of_a_header_is_read_or_refused(tmp_path, ending: str):
    random = np.random.default_rng(len(ending))
    data = encoded(ending, 0.5)
    for _ in range(60):
        damaged = bytearray(data)
        for at in random.integers(0, min(200, len(data)), 3):
            damaged[at] = random.integers(256)
        file = tmp_path / f"a.{ending}"
        file.write_bytes(damaged[: random.integers(1, len(damaged))])
        with contextlib.suppress(InputError):  # no other error, and no loop without end
            assert heard(file).samples >= 0
