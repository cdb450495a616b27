"""Descriptors of sounds whose duration, pitch and rate are known."""

import numpy as np
import pytest

from chingolo.analysis.change.describe_songs import describe, describe_songs
from chingolo.synth.spectra.front_end import FrontEnd

EAR = FrontEnd()


def notes(f0: float, *, count: int, period: float, rate: int) -> np.ndarray:
    """`count` whistles of 40 ms, `period` s apart, 0.1 s of silence to either side."""
    time = np.arange(round(0.04 * rate)) / rate
    note = np.hanning(len(time)) * np.sin(2 * np.pi * f0 * time)
    wave = np.zeros(round((0.2 + count * period) * rate))
    for number in range(count):
        first = round((0.1 + number * period) * rate)
        wave[first : first + len(note)] += note
    return wave


@pytest.mark.parametrize(
    ("ear", "f0"),
    [
        (EAR, 4000.0),
        (FrontEnd(f_min=300.0), 650.0),
        (FrontEnd(sample_rate=48_000, f_max=20_000.0), 14_000.0),
    ],
)
def test_a_trill_in_the_band_of_the_encoder(ear: FrontEnd, f0: float):
    found = describe(notes(f0, count=12, period=0.08, rate=ear.sample_rate), ear)
    assert found["trill_rate_hz"] == pytest.approx(12.5, rel=0.02)
    assert found["f0_low_hz"] == pytest.approx(f0, rel=0.02)
    assert found["f0_high_hz"] == pytest.approx(f0, rel=0.02)
    assert found["duration_s"] == pytest.approx(11 * 0.08 + 0.03, abs=0.02)


def test_what_the_encoder_does_not_hear_is_not_measured_either():
    low = notes(650.0, count=12, period=0.08, rate=EAR.sample_rate)
    high = 0.01 * notes(4000.0, count=12, period=0.08, rate=EAR.sample_rate)
    assert describe(low + high, EAR)["f0_low_hz"] == pytest.approx(4000.0, rel=0.02)


def test_silence_and_clicks_have_none():
    table = describe_songs([np.zeros(9000), np.zeros(5), np.eye(1, 9000, 4500)[0]], EAR)
    assert table.iloc[:2].isna().all(axis=None)
    assert np.isnan(table["trill_rate_hz"].iloc[2])
