"""WAVs whose header and bytes disagree, and samples that are no sound; made byte by byte."""

import struct
from pathlib import Path

import numpy as np
import pytest

from chingolo.analysis.find.recordings import Health, mono
from chingolo.analysis.labels.labelled_sets import read_labelled_set
from chingolo.scripts import find_songs
from chingolo.synth.tables.audio import is_silent, load_audio
from chingolo.synth.tables.containers import open_sound
from chingolo.synth.tables.excerpt import wave_in_memory
from chingolo.synth.tables.files import InputError

RATE = 16_000
SAMPLES = (9000 * np.sin(np.arange(RATE))).astype("<i2")


def wav(data: bytes, *, length: int | None = None, rate: int = RATE, after: bytes = b"") -> bytes:
    """Mono of 16 bits."""
    length = len(data) if length is None else length
    head = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", length) + data + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def float_wav(samples: np.ndarray) -> bytes:
    data = samples.astype("<f4").tobytes()
    head = struct.pack("<IHHIIHH", 16, 3, 1, RATE, 4 * RATE, 4, 32)
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_audio_after_the_length_of_the_header_is_told(tmp_path, capsys):
    file = tmp_path / "a.wav"
    file.write_bytes(wav(SAMPLES.tobytes(), length=RATE))
    told = "its header says 0.5 s, and it holds 1.0 s"
    with pytest.raises(InputError, match=told):
        load_audio(file, sample_rate=RATE)
    assert find_songs.main([str(file)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "after",
    [
        b"\1",
        bytes(40_000),
        b"TAG" + bytes(125),
        b"LIST" + struct.pack("<I", 4) + b"INFO",
        b"junk" + struct.pack("<I", 40_000) + bytes(range(200)) * 200,
    ],
    ids=["odd byte", "padding", "ID3", "chunk", "long chunk"],
)
def test_what_follows_the_audio_and_is_none_is_not_counted(tmp_path, after: bytes):
    (tmp_path / "a.wav").write_bytes(wav(SAMPLES.tobytes(), after=after))
    heard = load_audio(tmp_path / "a.wav", sample_rate=RATE)
    np.testing.assert_array_equal(heard, SAMPLES / np.float32(32768))


def test_audio_that_the_header_promises_and_is_not_there_is_told(tmp_path, capsys):
    (tmp_path / "a.wav").write_bytes(wav(SAMPLES.tobytes())[: 44 + RATE])
    assert find_songs.main([str(tmp_path / "a.wav")]) == 2
    assert "breaks off after 0.5 of 1.0 s" in capsys.readouterr().err
    (tmp_path / "a.wav").write_bytes(wav(SAMPLES.tobytes(), length=0x7FFFFFFF))  # as of a stream
    assert find_songs.main([str(tmp_path / "a.wav")]) == 0


@pytest.mark.parametrize("rate", [1, 999, 3_000_000])
def test_a_rate_that_is_none_is_refused_before_it_is_resampled(tmp_path, rate: int):
    (tmp_path / "a.wav").write_bytes(wav(SAMPLES.tobytes(), rate=rate))
    with pytest.raises(InputError, match=f"a sample rate of {rate} Hz; expected 1000"):
        load_audio(tmp_path / "a.wav", sample_rate=22_050)


def test_the_name_raw_makes_no_samples_of_a_file(tmp_path, capsys):
    (tmp_path / "a.raw").write_bytes(SAMPLES.tobytes())
    with pytest.raises(InputError, match="Format not recognised"):
        open_sound(tmp_path / "a.raw")
    assert find_songs.main([str(tmp_path / "a.raw")]) == 2
    (tmp_path / "b.raw").write_bytes(wav(SAMPLES.tobytes()))
    assert len(load_audio(tmp_path / "b.raw", sample_rate=RATE)) == RATE


def test_a_page_of_an_error_named_mp3_is_no_audio(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"<html><body>404</body></html>")
    with pytest.raises(InputError, match=r"not audio that can be read \(Format not recognised\)"):
        load_audio(tmp_path / "a.mp3", sample_rate=RATE)


def test_a_constant_stays_silent_at_another_rate(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(np.full(RATE, 1000, "<i2").tobytes()))
    heard = load_audio(tmp_path / "a.wav", sample_rate=22_050)
    assert len(heard) == 22_050
    assert is_silent(heard)


def test_one_damaged_sample_is_refused_and_unscaled_numbers_are_not(tmp_path):
    samples = SAMPLES / 32768
    damaged = np.where(np.arange(RATE) == 7, 1e30, samples)
    (tmp_path / "a.wav").write_bytes(float_wav(damaged))
    with pytest.raises(InputError, match="which are damage and no sound"):
        load_audio(tmp_path / "a.wav", sample_rate=22_050)
    with pytest.raises(InputError, match="which are damage and no sound"):
        wave_in_memory(damaged, sample_rate=RATE, wanted=RATE)
    (tmp_path / "b.wav").write_bytes(float_wav(samples * 2.0**31))
    assert load_audio(tmp_path / "b.wav", sample_rate=RATE).max() > 2**29


def test_a_folder_or_a_loop_named_like_audio_stops_nothing(tmp_path, capsys):
    (tmp_path / "day.wav").mkdir()
    (tmp_path / "day.wav" / "a.wav").write_bytes(wav(SAMPLES.tobytes()))
    assert find_songs.main([str(tmp_path)]) == 0
    assert "1/1 " in capsys.readouterr().err
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    assert find_songs.main([str(tmp_path)]) == 2
    assert "1 of 2 recordings not read" in capsys.readouterr().err
    assert find_songs.main([""]) == 2
    assert "a recording without a name" in capsys.readouterr().err
    assert find_songs.main([str(tmp_path / "day.wav"), "--out", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("again", ["another WAV", "a second part"])
def test_audio_behind_the_first_is_refused(tmp_path, capsys, again: str):
    one = wav(SAMPLES.tobytes())
    (tmp_path / "a.wav").write_bytes(one + (one if "WAV" in again else one[36:]))
    with pytest.raises(InputError, match="further audio follows the first"):
        load_audio(tmp_path / "a.wav", sample_rate=RATE)
    assert find_songs.main([str(tmp_path / "a.wav")]) == 2
    assert "further audio follows the first" in capsys.readouterr().err


def test_a_broken_channel_silences_no_other_and_what_is_cut_is_told():
    sound = np.sin(np.arange(1000)).astype(np.float32)
    health = Health()
    wave = mono(np.stack([sound, np.full(1000, np.nan, np.float32)], 1), health)
    np.testing.assert_allclose(wave, sound / 2, atol=1e-7)
    assert health.not_finite == 1000
    assert health.sounding
    health = Health()
    assert np.abs(mono(1000 * sound[:, None], health)).max() == 4
    beyond = int((np.abs(1000 * sound) > 4).sum())
    assert health.remarks() == [f"{beyond} samples lie beyond 4 full scales and were cut"]


def test_a_name_with_line_breaks_is_told_on_one_line(tmp_path, capsys):
    (tmp_path / "a\nb\x1b[31m.wav").write_bytes(wav(SAMPLES.tobytes()))
    assert find_songs.main([str(tmp_path)]) == 0
    told = capsys.readouterr().err
    assert "a b" in told
    assert "\x1b" not in told


def test_a_loop_of_links_among_classes_is_a_recording_that_cannot_be_read(tmp_path):
    for name in ("up", "down"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.wav").write_bytes(wav(SAMPLES.tobytes()))
    (tmp_path / "up" / "loop.wav").symlink_to(tmp_path / "up" / "loop.wav")
    paths = read_labelled_set(tmp_path)["path"]
    assert [Path(path).name for path in paths] == ["a.wav", "a.wav", "loop.wav"]
    with pytest.raises(InputError, match=r"loop\.wav: no such audio file"):
        load_audio(paths[2], sample_rate=RATE)
