"""Streams on standard input: what they are by their bytes, and no byte of audio lost or made up."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import soundfile

from chingolo.analysis.find.pcm import FORMATS, Pcm, open_pcm, pcm_blocks
from chingolo.synth.tables.files import InputError

SUBTYPES = {
    "u8": "PCM_U8",
    "s16": "PCM_16",
    "s24": "PCM_24",
    "s32": "PCM_32",
    "f32": "FLOAT",
    "f64": "DOUBLE",
}
RAW = Pcm(48_000, 1, "s16")


def heard(data: bytes, told: Pcm = RAW) -> tuple[Pcm, np.ndarray]:
    stream = io.BytesIO(data)
    pcm, start = open_pcm(stream, told)
    return pcm, np.concatenate(list(pcm_blocks(stream, pcm, start, 0.01)))


def file_of(wave: np.ndarray, rate: int = 16_000, **options: Any) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, wave, rate, **options)
    return stream.getvalue()


@pytest.fixture
def wave() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (1000, 2))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64", "RAW"])
def test_every_form_is_read_as_libsndfile_reads_it(wave, form: str, container: str):
    data = file_of(wave, format=container, subtype=SUBTYPES[form])
    truth = soundfile.read(
        io.BytesIO(file_of(wave, format="WAV", subtype=SUBTYPES[form])), dtype="float32"
    )[0]
    pcm, samples = heard(data, Pcm(16_000, 2, form))
    assert (pcm.sample_rate, pcm.channels, pcm.form) == (16_000, 2, form)
    np.testing.assert_allclose(samples, truth, atol=1e-7)


def test_what_follows_the_audio_is_no_audio(wave):
    data = file_of(wave, format="WAV", subtype="PCM_16")
    noted = data + b"LIST" + struct.pack("<I", 4) + b"INFO"
    assert len(heard(noted)[1]) == 1000
    with pytest.raises(InputError, match="another WAV follows"):
        heard(data + data)


def test_audio_after_its_length_is_refused_and_junk_is_not(wave):
    data = bytearray(file_of(wave, format="WAV", subtype="PCM_16"))
    assert len(heard(bytes(data) + b"\1" * 9)[1]) == 1000
    assert len(heard(bytes(data) + bytes(100_000))[1]) == 1000
    frames = 1000 * 4
    data[40:44] = struct.pack("<I", frames // 2)
    random = np.random.default_rng(0).integers(-9999, -1, 16_000).astype("<i2")
    with pytest.raises(InputError, match="goes on after the length"):
        heard(bytes(data[: 44 + frames // 2]) + random.tobytes())


@pytest.mark.parametrize(
    "start",
    [
        b"Creative Voice File\x1a",
        b"NIST_1A\n   1024\n",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        b"TTA1\1\0",
        b"#!AMR\n",
        b"RIFF\0\0\0\0AVI LIST",
        b"<html><body>404</body></html>",
        b"path,start_s\na.wav,1\n",
    ],
)
def test_what_is_no_audio_or_another_container_is_no_raw_audio(start: bytes):
    with pytest.raises(InputError, match="a file of another kind"):
        heard(start + bytes(100))


def test_quiet_bytes_are_raw_audio_of_8_bits():
    assert len(heard(b"~" * 100, Pcm(8000, 1, "u8"))[1]) == 100


@pytest.mark.parametrize("length", [0, 0x7FFFFFFF, 0x7FFFF024, 0xFFFFFFFF])
def test_a_length_that_is_not_known_yet_bounds_nothing(wave, length: int):
    data = bytearray(file_of(wave, format="WAV", subtype="PCM_16"))
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", length)
    assert len(heard(bytes(data))[1]) == 1000


@pytest.mark.parametrize("length", [0, 2**64 - 1])
def test_a_long_wav_of_unknown_length(wave, length: int):
    data = bytearray(file_of(wave, format="RF64", subtype="PCM_24"))
    at = data.index(b"ds64") + 16
    data[at : at + 8] = struct.pack("<Q", length)
    assert len(heard(bytes(data))[1]) == 1000


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_without_a_tag_is_no_raw_audio(rate: int, channels: int):
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, (rate, channels))
    data = file_of(wave, rate, format="MP3", subtype="MPEG_LAYER_III")
    assert data[0] == 0xFF
    with pytest.raises(InputError, match="another kind"):
        heard(data)


def test_raw_audio_that_begins_like_mp3_is_raw(wave):
    start = np.frombuffer(b"\xff\xfb\x90\x64", "<i2")
    random = np.random.default_rng(0).integers(-30_000, 30_000, 5000)
    samples = np.concatenate([start, random]).astype("<i2")
    np.testing.assert_array_equal(heard(samples.tobytes())[1][:, 0] * 32768, samples)
    minus_one = np.full(5000, -1, "<i2")
    np.testing.assert_array_equal(heard(minus_one.tobytes())[1][:, 0] * 32768, minus_one)


def test_a_rate_that_is_none_is_refused(wave):
    data = bytearray(file_of(wave, format="WAV", subtype="PCM_16"))
    data[24:28] = struct.pack("<I", 3)
    with pytest.raises(InputError, match="a sample rate of 3 Hz; expected 1000 to 2000000"):
        heard(bytes(data))
