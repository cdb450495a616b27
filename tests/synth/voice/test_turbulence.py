"""Noise of the air: its level, its puffs, its colour, and that it repeats."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import welch

from chingolo.synth.voice.birds import BIRDS
from chingolo.synth.voice.gestures import Gesture
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render
from chingolo.synth.voice.tract import tract_response

FINCH = BIRDS["zebra_finch"]
ENGINES = pytest.mark.parametrize("engine", ["ode", "wavetable"])


def breath(f0: float, *, tone: float, noise: float, seconds: float = 0.5) -> Gesture:
    frames = round(seconds * CONTROL_RATE)
    edge = np.clip(np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 40, 0, 1)
    return Gesture(
        np.full(frames, f0), tone * edge, np.full(frames, 0.15), noise=noise * np.ones(frames)
    )


def air(f0: float, engine: str, *, tone: float = 1.0, **options) -> np.ndarray:
    """The noise alone: with it, less without it."""
    with_noise = breath(f0, tone=tone, noise=0.3)
    loud = render(with_noise, FINCH, engine=engine, **options)[0]
    return loud - render(replace(with_noise, noise=None), FINCH, engine=engine, **options)[0]


@ENGINES
@pytest.mark.parametrize("tract", [True, False])
@pytest.mark.parametrize("tone", [0.0, 1.0])
def test_its_level_is_a_fundamentals_of_this_amplitude(engine: str, tract: bool, tone: float):
    noise = air(4000.0, engine, tone=tone, tract=tract)[4000:-4000]
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.12)


@ENGINES
def test_it_comes_in_puffs_at_the_pitch_of_the_labia(engine: str):
    """The spectrum of its envelope peaks at f0 where they swing, and nowhere where they rest."""

    def puffs(tone: float) -> float:
        power = air(800.0, engine, tone=tone, tract=False)[4000:-4000] ** 2
        spectrum = np.abs(np.fft.rfft((power - power.mean()) * np.hanning(len(power))))
        frequency = np.arange(len(spectrum)) * 44_100 / len(power)
        near = np.abs(frequency - 800.0) < 10
        around = (np.abs(frequency - 800.0) < 300) & ~near
        return float(spectrum[near].max() / np.median(spectrum[around]))

    assert puffs(1.0) > 15
    assert puffs(0.0) < 6


def test_engines_agree_on_it():
    """The same draws and, within a few per cent, the same opening."""
    one, other = (air(1500.0, engine)[4000:-4000] for engine in ("ode", "wavetable"))
    powers = [welch(wave, 44_100, nperseg=512)[1] for wave in (one, other)]
    np.testing.assert_allclose(10 * np.log10(powers[0] / powers[1])[5:200], 0, atol=1.5)


def test_the_tract_colours_it():
    noise = air(3000.0, "ode", tone=0.0)
    frequency, power = welch(noise, 44_100, nperseg=1024)
    gain = 20 * np.log10(np.abs(tract_response(frequency, FINCH)) + 1e-12)
    band = (frequency > 600) & (frequency < 15_000)
    level = 10 * np.log10(power)
    apart = (level - gain)[band]
    assert np.std(apart) < 1.5


@ENGINES
def test_it_repeats_with_the_seed_alone_or_in_company(engine: str):
    breaths = [breath(2000.0 + 100 * n, tone=0.5, noise=0.2) for n in range(4)]
    together = render(breaths, FINCH, engine=engine, seed=3)
    alone = render(breaths[2], FINCH, engine=engine, seed=3)[0]
    np.testing.assert_allclose(alone, together[2], atol=1e-5)
    other = render(breaths[2], FINCH, engine=engine, seed=4)[0]
    assert np.abs(other - together[2]).max() > 0.05


@ENGINES
def test_it_is_the_same_noise_at_every_rate(engine: str):
    slow = render(breath(3000.0, tone=0.0, noise=0.5), FINCH, engine=engine, sample_rate=22_050)[0]
    fast = render(breath(3000.0, tone=0.0, noise=0.5), FINCH, engine=engine, sample_rate=44_100)[0]
    powers = [
        welch(wave, rate, nperseg=rate // 50) for wave, rate in ((slow, 22_050), (fast, 44_100))
    ]
    count = round(9000 / 50)
    levels = [10 * np.log10(power[10:count]) for _, power in powers]
    np.testing.assert_allclose(levels[0], levels[1], atol=0.5)
