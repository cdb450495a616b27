"""Units cut out of stretches that scipy and NumPy made, at edges that are known."""

import numpy as np
import pytest
from scipy import signal

from chingolo.analysis.find.units import cut_units
from chingolo.synth.tables.excerpt import Excerpt


def stretch(
    spans: list[tuple[float, float]],
    levels_db: list[float],
    *,
    rate: int,
    noise_db: float,
    length_s: float = 4.0,
) -> np.ndarray:
    """Sweeps of 4 to 6 kHz with edges of 5 ms in white noise, dB of a full sine."""
    random = np.random.default_rng(3)
    wave = 10 ** (noise_db / 20) * random.standard_normal(round(length_s * rate))
    for (start, end), level in zip(spans, levels_db, strict=True):
        time = np.arange(round((end - start) * rate)) / rate
        soft = signal.get_window(("tukey", 0.01 / (end - start)), len(time), fftbins=False)
        sweep = signal.chirp(time, 4000, end - start, 6000) * np.asarray(soft)
        wave[round(start * rate) :][: len(time)] += 10 ** (level / 20) * sweep
    return wave.astype(np.float32)


SPANS = [(1.0, 1.08), (1.1, 1.13), (1.18, 1.5), (1.52, 1.58), (2.0, 2.9)]
LEVELS = [-3.0, -12.0, -6.0, -15.0, 0.0]


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("noise_db", [-80.0, -45.0])
def test_edges_are_where_they_were_put(rate: int, noise_db: float):
    wave = stretch(SPANS, LEVELS, rate=rate, noise_db=noise_db)
    found = cut_units(Excerpt(wave, round(0.9 * rate), round(3.0 * rate)), rate) + 0.9
    assert len(found) == len(SPANS)
    np.testing.assert_allclose(found, SPANS, atol=0.009)


def test_a_swing_of_the_level_parts_no_unit_but_a_pause_does():
    rate = 22_050
    time = np.arange(rate) / rate
    trembling = np.sin(2 * np.pi * 5000 * time) * (1 + 0.5 * np.sin(2 * np.pi * 40 * time))
    broken = np.sin(2 * np.pi * 5000 * time) * (np.abs(time - 0.5) > 0.02)
    for wave, count in ((trembling, 1), (broken, 2)):
        noise = 1e-4 * np.random.default_rng(0).standard_normal(3 * rate)
        noise[rate : 2 * rate] += wave
        heard = Excerpt(noise.astype(np.float32), 0, len(noise))
        assert len(cut_units(heard, rate)) == count


@pytest.mark.parametrize("kind", ["noise", "silence", "constant"])
def test_nothing_is_found_where_nothing_stands_out(kind: str):
    noise = 0.1 * np.random.default_rng(1).standard_normal(60_000).astype(np.float32)
    wave = {"noise": noise, "silence": 0 * noise, "constant": 0 * noise + 0.5}[kind]
    assert cut_units(Excerpt(wave, 10_000, 50_000), 22_050).shape == (0, 2)


def test_a_stretch_of_a_few_samples_holds_no_unit():
    wave = np.ones(300, np.float32)
    assert cut_units(Excerpt(wave, 100, 120), 22_050).shape == (0, 2)
