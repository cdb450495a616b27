"""Waves that are handed over in memory."""

import numpy as np
import pytest

from chingolo.synth.tables.audio import wave_in_memory
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
