"""Recordings that hold less than the band that is searched: low sample rates, filters."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from chingolo.synth.fit.fit_song import track_song
from chingolo.synth.fit.fitted_song import resynthesise
from chingolo.synth.fit.fitted_theme import fitted_theme, sung_from_notation
from chingolo.synth.fit.quality import judge
from chingolo.synth.fit.track.chirp_plane import HOP, RATE, find_peaks
from chingolo.synth.fit.track.ridge import best_path, ridges
from chingolo.synth.tables.excerpt import wave_in_memory
from chingolo.synth.voice.birds import RUFOUS_COLLARED_SPARROW as BIRD


def whistle(rate: int, f0: float, seed: int) -> np.ndarray:
    """0.5 s of one pitch in white noise of the rate, 17 dB below, 0.3 s of it to either side."""
    time = np.arange(round(0.5 * rate)) / rate
    edge = np.sin(0.5 * np.pi * np.clip(np.minimum(time, 0.5 - time) / 0.01, 0, 1)) ** 2
    song = np.pad(edge * np.sin(2 * np.pi * f0 * time), round(0.3 * rate))
    return song + np.random.default_rng(seed).normal(0, 0.1, len(song))


def one_note(wave: np.ndarray, f0: float):
    """Asserts that nothing but the whistle is followed, and that it is one note."""
    plane = find_peaks(wave)
    astray = [
        len(ridge.f0) * HOP / RATE
        for ridge in ridges(plane, best_path(plane))
        if abs(np.median(ridge.f0) / f0 - 1) > 0.02
    ]
    assert sum(astray) < 0.02
    fit = track_song(wave, BIRD)
    assert len(fit.notes) == 1
    assert np.median(fit.notes[0].f0) == pytest.approx(f0, rel=2e-3)
    assert fit.notes[0].start == pytest.approx(0.3, abs=0.01)
    assert fit.notes[0].end == pytest.approx(0.8, abs=0.01)
    return fit


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("f0", [1500.0, 2500.0, 3300.0])
def test_noise_below_a_low_rates_end_is_no_voice(rate: int, f0: float):
    """It once stood 50 dB above the nothing beyond, was followed, and parted the whistle in ten."""
    for seed in range(2):
        wave = whistle(rate, f0, seed).astype(np.float32)
        one_note(wave_in_memory(wave, sample_rate=rate, wanted=RATE), f0)


@pytest.mark.parametrize(("kind", "edge"), [("lowpass", 5000), ("highpass", 1800)])
def test_noise_beside_a_filters_edge_is_no_voice(kind: str, edge: float):
    wave = sosfiltfilt(butter(10, edge, kind, fs=RATE, output="sos"), whistle(RATE, 3000.0, 0))
    one_note(wave.astype(np.float32), 3000.0)


def test_a_band_that_no_one_has_is_no_fault():
    """8 kHz hold nothing above 4: what is sung of it holds nothing either, and is good."""
    heard = whistle(8000, 2500.0, 3).astype(np.float32)
    wave = wave_in_memory(heard, sample_rate=8000, wanted=RATE)
    fit = track_song(wave, BIRD)
    written = sung_from_notation(fit, fitted_theme(fit.notes, BIRD, name="whistle"), BIRD)
    found = judge(wave, resynthesise([fit, written], BIRD), fit, written)
    assert found.verdict == "good"
    assert found.log_mel_correlation > 0.85
