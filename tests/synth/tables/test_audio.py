"""Waves that are handed over in memory, and files that do not tell their length."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.synth.tables.audio import load_audio, load_excerpt, load_song
from chingolo.synth.tables.excerpt import wave_in_memory
from chingolo.synth.tables.files import InputError


@pytest.mark.parametrize(
    ("wave", "sample_rate", "told"),
    [
        (np.zeros((100, 2)), 22_050, r"song 3: an array of shape \(100, 2\)"),
        (np.array([0.0, np.nan]), 22_050, "song 3: holds samples that are not finite"),
        (np.zeros(100), 0, "song 3: a sample rate of 0 Hz"),
        (np.zeros(100), np.nan, "song 3: a sample rate of nan Hz"),
    ],
)
def test_what_is_no_wave_is_refused(wave: np.ndarray, sample_rate: float, told: str):
    with pytest.raises(InputError, match=told):
        wave_in_memory(wave, sample_rate=sample_rate, wanted=22_050, name="song 3")


def test_a_wave_keeps_its_pitch_at_another_rate():
    tone = np.sin(2 * np.pi * 3000 * np.arange(48_000) / 48_000).tolist()
    wave = wave_in_memory(np.array(tone), sample_rate=48_000, wanted=22_050)
    assert wave.dtype == np.float32
    assert len(wave) == 22_050
    assert np.abs(np.fft.rfft(wave)).argmax() == 3000
    same = wave_in_memory(wave, sample_rate=22_050, wanted=22_050)
    np.testing.assert_array_equal(same, wave)


def test_an_mp3_that_goes_on_after_its_guessed_length_is_refused(tmp_path: Path):
    """As a stream that is saved: loud at first, of changing bit rate, no header of its length."""
    rate, random = 32_000, np.random.default_rng(0)
    wave = np.concatenate([random.uniform(-0.5, 0.5, 2 * rate), np.zeros(18 * rate)])
    whole = tmp_path / "whole.mp3"
    options: dict = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE"}
    with soundfile.SoundFile(whole, "w", rate, 1, **options) as file:
        file.write(wave)
    assert len(load_audio(whole, sample_rate=rate)) >= 20 * rate  # its header tells its length
    data = whole.read_bytes()
    stream = tmp_path / "stream.mp3"
    stream.write_bytes(data.replace(b"Xing", b"\0\0\0\0").replace(b"Info", b"\0\0\0\0"))
    stated = soundfile.info(stream).duration
    if abs(stated - 20) < 1:
        pytest.skip("this decoder does not guess")
    with pytest.raises(InputError, match=r"guessed as .* it holds 20\.. s"):
        load_audio(stream, sample_rate=rate, start_s=0.0, end_s=1.0)


@pytest.mark.parametrize(
    ("start", "end", "first", "edges"),
    [(0.5, 0.7, 0.2, (300, 500)), (0.1, 0.3, 0.0, (100, 300)), (0.9, np.nan, 0.6, (300, 400))],
)
def test_a_song_is_loaded_within_its_recording(
    tmp_path: Path, start: float, end: float, first: float, edges: tuple[int, int]
):
    recording = np.linspace(-0.5, 0.5, 1000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", recording, 1000, subtype="FLOAT")
    row = pd.Series({"path": str(tmp_path / "a.wav"), "start_s": start, "end_s": end})
    heard = load_excerpt(row, sample_rate=1000, context_s=0.3)
    assert (heard.start, heard.stop) == edges
    begin = round(first * 1000)
    np.testing.assert_array_equal(heard.wave, recording[begin : begin + len(heard.wave)])
    np.testing.assert_array_equal(heard.song, load_song(row, sample_rate=1000))
