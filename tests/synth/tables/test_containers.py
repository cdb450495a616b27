"""Audio files by what their bytes are, not by what their header or their name says."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from chingolo.scripts import find_songs
from chingolo.synth.tables import containers
from chingolo.synth.tables.audio import length_s, load_audio
from chingolo.synth.tables.files import InputError

RATE = 16_000
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")


@pytest.fixture
def wave() -> np.ndarray:
    return np.sin(2 * np.pi * 3000 * np.arange(RATE) / RATE) * np.linspace(0.1, 0.9, RATE)


def with_length(file: Path, length: int, *, chunk: bytes = b"data", at: int = 4) -> None:
    data = bytearray(file.read_bytes())
    at += data.index(chunk)
    wide = "<I" if chunk == b"data" else "<Q"
    data[at : at + struct.calcsize(wide)] = struct.pack(wide, length)
    file.write_bytes(data)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
def test_a_wav_of_length_0_is_read_to_its_end(tmp_path, wave, form: str, subtype: str):
    file = tmp_path / "a.wav"
    soundfile.write(file, wave, RATE, format=form, subtype=subtype)
    truth = soundfile.read(file, dtype="float32")[0]
    if form == "RF64":
        with_length(file, 0, chunk=b"ds64", at=16)
    else:
        with_length(file, 0)
    assert soundfile.info(file).frames == 0
    np.testing.assert_array_equal(load_audio(file, sample_rate=RATE)[:RATE], truth)
    np.testing.assert_array_equal(
        load_audio(file, sample_rate=RATE, start_s=0.25, end_s=0.5), truth[4000:8000]
    )
    assert length_s(file) == pytest.approx(1, abs=0.001)


def test_a_wav_without_audio_stays_empty(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "b.wav").write_bytes(data + b"LIST" + struct.pack("<I", 4) + b"INFO")
    for name in ("a.wav", "b.wav"):
        assert length_s(tmp_path / name) == 0
        with pytest.raises(InputError, match="no audio"):
            load_audio(tmp_path / name, sample_rate=RATE)


def test_find_hears_a_wav_of_length_0(tmp_path, wave, capsys):
    soundfile.write(tmp_path / "a.WAV", wave, RATE)
    with_length(tmp_path / "a.WAV", 0)
    assert find_songs.main([str(tmp_path)]) == 0
    assert "0 songs in 1.0 s" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RF64\0\0\0\0WAVEds64"])
def test_what_is_cut_off_in_its_header_is_refused(tmp_path, content: bytes):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.wav: not audio that can be read"):
        load_audio(tmp_path / "a.wav", sample_rate=RATE)


@needs_ffmpeg
def test_flac_within_ogg_is_read(tmp_path, wave):
    soundfile.write(tmp_path / "source.flac", wave, RATE)
    encode = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "source.flac"), "-c:a", "flac"]
    subprocess.run([*encode, str(tmp_path / "a.oga")], check=True)
    heard = load_audio(tmp_path / "a.oga", sample_rate=RATE)
    np.testing.assert_array_equal(heard, load_audio(tmp_path / "source.flac", sample_rate=RATE))


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.wma", "a.wv", "a.mka", "m4a named.wav"])
def test_what_ffmpeg_decodes_is_read(tmp_path, wave, name: str):
    soundfile.write(tmp_path / "source.flac", wave, RATE)
    file = tmp_path / name
    made = file.with_suffix(".m4a") if " " in name else file
    encode = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "source.flac"), str(made)]
    subprocess.run(encode, check=True)
    if made != file:  # by its bytes, whatever it is called
        made.rename(file)
    heard = load_audio(file, sample_rate=RATE)
    assert len(heard) / RATE == pytest.approx(1, abs=0.2)
    middle = np.abs(np.fft.rfft(heard[4000:12_000]))
    assert middle.argmax() * RATE / 8000 == pytest.approx(3000, abs=5)
    assert find_songs.main([str(tmp_path / name)]) == 0


@needs_ffmpeg
def test_a_recording_is_decoded_once_and_the_copy_deleted(tmp_path, wave, monkeypatch):
    soundfile.write(tmp_path / "source.flac", wave, RATE)
    file = tmp_path / "a.m4a"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(tmp_path / "source.flac"), str(file)], check=True
    )
    made: list[Path] = []
    decode = containers._decode
    monkeypatch.setattr(containers, "_decode", lambda *how: made.append(decode(*how)) or made[-1])
    monkeypatch.setattr(containers, "_decoded_files", {})
    monkeypatch.setattr(containers, "KEPT", 1)
    first = load_audio(file, sample_rate=RATE, start_s=0.5)
    np.testing.assert_array_equal(load_audio(file, sample_rate=RATE, start_s=0.5), first)
    assert len(made) == 1
    load_audio(Path(shutil.copy(file, tmp_path / "b.m4a")), sample_rate=RATE)
    assert [copy.exists() for copy in made] == [False, True]
    made[1].unlink()


def test_without_ffmpeg_one_line_says_what_to_install(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert find_songs.main([str(tmp_path)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "a.m4a: audio that ffmpeg decodes, and ffmpeg is not found; install it" in said


@needs_ffmpeg
def test_what_ffmpeg_cannot_read_is_one_line(tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100))
    with pytest.raises(InputError, match=r"a\.m4a: not audio that ffmpeg can read") as told:
        load_audio(tmp_path / "a.m4a", sample_rate=RATE)
    assert "\n" not in str(told.value)
