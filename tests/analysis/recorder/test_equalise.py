from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import signal

from chingolo.analysis.change.descriptors import describe, holm, within_themes
from chingolo.analysis.change.eras import find_eras
from chingolo.analysis.recorder.equalise import (
    SAMPLE_RATE,
    equalise,
    measure_channel,
    measure_era,
    with_noise,
)
from chingolo.analysis.settings import CompareSettings
from chingolo.synth.recorder.recorders import RECORDERS


def song(rate: float = 12.0, *, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A falling whistle and a trill; `noise` is the level of white noise."""
    whistle = signal.chirp(np.arange(int(0.4 * SAMPLE_RATE)) / SAMPLE_RATE, 5000, 0.4, 3000)
    length = round(SAMPLE_RATE / rate)
    note = np.zeros(length)
    sounding = int(0.6 * length)
    time = np.arange(sounding) / SAMPLE_RATE
    note[:sounding] = signal.chirp(time, 6000, time[-1], 3500) * np.hanning(sounding)
    silence = np.zeros(SAMPLE_RATE // 8)
    wave = np.concatenate([silence, whistle, silence[::4], np.tile(note, int(rate)), silence])
    return 0.3 * wave + noise * np.random.default_rng(seed).standard_normal(len(wave))


@pytest.mark.parametrize("rate", [4.0, 8.0, 18.0, 25.0])
def test_trill_rate_is_measured(rate):
    for noise in (0.001, 0.01):
        found = describe(song(rate, noise=noise))
        assert found["trill_rate_hz"] == pytest.approx(rate, rel=0.03)


def test_pitch_and_duration_are_measured():
    found = describe(song(12.0, noise=0.001))
    assert found["f0_low_hz"] == pytest.approx(3200, abs=300)
    assert found["f0_high_hz"] == pytest.approx(5600, abs=400)
    assert found["duration_s"] == pytest.approx(1.4, abs=0.1)
    assert all(np.isnan(value) for value in describe(np.zeros(8000)).values())
    assert all(np.isnan(value) for value in describe(np.zeros(10)).values())


def test_residuals_within_themes_have_no_theme_left():
    theme = np.array(["A", "A", "B", "B"], dtype=object)
    values = np.array([[1.0, np.nan], [3.0, 2.0], [10.0, 4.0], [10.0, 8.0]])
    expected = [[-1, 0], [1, 0], [0, -2], [0, 2]]
    assert within_themes(values, theme).tolist() == expected


def test_holm_equals_a_hand_calculation():
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])


def test_noise_is_brought_to_the_wanted_level():
    random = np.random.default_rng(0)
    wave = song(12.0, noise=0.0005)
    before = measure_channel(wave, sample_rate=SAMPLE_RATE, nyquist=11025)
    noisy = with_noise(wave, before.snr, 15.0, sample_rate=SAMPLE_RATE, random=random)
    after = measure_channel(noisy, sample_rate=SAMPLE_RATE, nyquist=11025)
    assert before.snr > 25
    assert after.snr == pytest.approx(15.0, abs=2.0)
    same = with_noise(wave, before.snr, before.snr + 1, sample_rate=SAMPLE_RATE, random=random)
    assert same is wave


def test_band_of_an_unknown_recorder_is_measured():
    sos = signal.butter(8, [400, 7000], "band", fs=SAMPLE_RATE, output="sos")
    wave = np.asarray(signal.sosfilt(sos, song(12.0, noise=0.01)))
    channel = measure_channel(wave, sample_rate=SAMPLE_RATE, nyquist=11025)
    era = measure_era(pd.DataFrame({"path": ["a"]}), [channel])
    assert 150 < era.low < 400
    assert 7000 < era.high < 9500
    assert era.devices == ()


@pytest.mark.parametrize("devices", [("reel-tape-1966", "digital-2020"), ("", "")])
def test_eras_are_made_alike(tmp_path: Path, devices):
    rows = []
    for era, (noise, device) in enumerate(zip((0.02, 0.0005), devices, strict=True)):
        for i in range(4):
            path = tmp_path / f"{era}_{i}.wav"
            soundfile.write(path, song(10.0 + i, noise=noise, seed=i), SAMPLE_RATE)
            rows.append({"path": str(path), "era": ("1966", "2020")[era], "device": device})
    songs = pd.DataFrame(rows)
    eras = find_eras(songs, CompareSettings())
    assert eras is not None
    (tmp_path / "alike").mkdir()
    made = equalise(songs, eras, tmp_path / "alike")
    assert list(made.songs["era"]) == list(songs["era"])
    assert len(made.rerecorded) == 4

    def levels(paths):
        for path in paths:
            wave, rate = soundfile.read(path)
            yield measure_channel(wave, sample_rate=rate, nyquist=rate / 2).snr

    snr = np.array(list(levels(made.songs["path"])))
    assert abs(snr[:4].mean() - snr[4:].mean()) < 2.5
    again = np.array(list(levels(made.rerecorded["path"])))
    assert abs(again.mean() - snr[4:].mean()) < 2.5
    if devices[0]:
        assert f"{RECORDERS[devices[0]].high:.0f} Hz" in made.notes[0]
    wave, _ = soundfile.read(made.songs["path"].iloc[5])
    assert describe(wave)["trill_rate_hz"] == pytest.approx(11.0, rel=0.03)
