"""Sounds that no whistling syrinx makes, drawn without any recording."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

Random = np.random.Generator
Sound = Callable[[Random, int], np.ndarray]

WIDTHS = (0.05, 0.8)
"""Of a band of noise: standard deviation in natural log Hz, from and to."""


def rough_sound(random: Random, sample_rate: int) -> np.ndarray:
    """A sound that no whistling syrinx makes, [samples] float32 with peak 1.

    Stacks of harmonics (geese, gulls, ravens), buzzes, clicks and drumming, bursts of noise
    (wings, leaves, hands), or an insect's steady tone.
    """
    return _one_of((_stacks, _buzzes, _clicks, _bursts, _insect), random, sample_rate)


def noise_of_things(random: Random, sample_rate: int) -> np.ndarray:
    """A sound that no bird's voice makes, [samples] float32 with peak 1.

    Clicks and drumming, bursts of broad noise (wings, leaves, hands), or an insect's steady tone.
    """
    broad = partial(_bursts, shortest_s=0.005, widths=(0.7, 2.0))
    return _one_of((_clicks, broad, _insect), random, sample_rate)


def _one_of(kinds: Sequence[Sound], random: Random, sample_rate: int) -> np.ndarray:
    wave = kinds[int(random.integers(len(kinds)))](random, sample_rate)
    return (wave / max(float(np.abs(wave).max()), 1e-9)).astype(np.float32)


def _repeated(one: Callable[[], np.ndarray], random: Random, sample_rate: int) -> np.ndarray:
    """A sound made anew one to ten times, evenly but for a tenth."""
    pause = np.exp(random.uniform(np.log(0.03), np.log(1.0))) * sample_rate
    parts = []
    for _ in range(random.integers(1, 11)):
        parts += [one(), np.zeros(round(pause * random.uniform(0.9, 1.1)))]
    return np.concatenate(parts)


def _hump(samples: int, random: Random) -> np.ndarray:
    """A rise and a fall, [samples]."""
    return np.interp(np.linspace(0, 1, samples), [0, random.uniform(0.02, 0.5), 1], [0, 1, 0])


def _stacks(random: Random, sample_rate: int) -> np.ndarray:
    f0 = float(np.exp(random.uniform(np.log(150), np.log(2000))))
    length = float(random.uniform(0.06, 0.8))
    roll = float(random.uniform(0.2, 1.5))
    wobble = float(random.uniform(0, 0.15))
    tremble = float(random.uniform(4, 60))

    def one() -> np.ndarray:
        samples = round(length * random.uniform(0.8, 1.2) * sample_rate)
        time = np.arange(samples) / sample_rate
        pitch = f0 * np.linspace(1, random.uniform(0.7, 1.2), samples)
        pitch = pitch * (1 + wobble * np.sin(2 * np.pi * tremble * time))
        phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
        count = int(min(20, 0.48 * sample_rate / (f0 * 1.4)))
        voice = sum(k**-roll * np.sin(k * phase) for k in range(1, max(count, 1) + 1))
        return (voice + random.uniform(0, 0.5) * random.standard_normal(samples)) * _hump(
            samples, random
        )

    return _repeated(one, random, sample_rate)


def _band_noise(
    samples: int, sample_rate: int, random: Random, widths: tuple[float, float] = WIDTHS
) -> np.ndarray:
    """Noise within a band, [samples]; `widths` bound its standard deviation in natural log Hz."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / sample_rate)
    middle = np.exp(random.uniform(np.log(1000), np.log(9000)))
    width = random.uniform(*widths)
    distance = np.log(np.maximum(frequency, 1.0) / middle) / width
    return np.fft.irfft(spectrum * np.exp(-0.5 * distance**2), samples)


def _buzzes(random: Random, sample_rate: int) -> np.ndarray:
    length = float(np.exp(random.uniform(np.log(0.05), np.log(1.5))))
    rate = float(np.exp(random.uniform(np.log(20), np.log(200))))

    def one() -> np.ndarray:
        samples = round(length * sample_rate)
        pulses = 0.5 + 0.5 * np.sin(2 * np.pi * rate * np.arange(samples) / sample_rate)
        return _band_noise(samples, sample_rate, random) * pulses * _hump(samples, random)

    return _repeated(one, random, sample_rate)


def _clicks(random: Random, sample_rate: int) -> np.ndarray:
    rate = float(np.exp(random.uniform(np.log(2), np.log(30))))
    count = int(random.integers(1, 40))
    gaps = random.gamma(*((50, 0.02) if random.random() < 0.6 else (1, 1.0)), count) / rate
    at = (np.cumsum(np.minimum(gaps, 2.0)) * sample_rate).astype(int)
    wave = np.zeros(at[-1] + sample_rate // 20)
    wave[at] = random.uniform(0.3, 1, count)
    samples = max(16, round(random.uniform(0.001, 0.02) * sample_rate))
    click = _band_noise(samples, sample_rate, random) * np.exp(-5 * np.linspace(0, 1, samples))
    return np.convolve(wave, click)


def _bursts(
    random: Random,
    sample_rate: int,
    *,
    shortest_s: float = 0.02,
    widths: tuple[float, float] = WIDTHS,
) -> np.ndarray:
    def one() -> np.ndarray:
        samples = round(float(random.uniform(shortest_s, 0.6)) * sample_rate)
        return _band_noise(samples, sample_rate, random, widths) * _hump(samples, random)

    return _repeated(one, random, sample_rate)


def _insect(random: Random, sample_rate: int) -> np.ndarray:
    time = np.arange(round(random.uniform(1, 8) * sample_rate)) / sample_rate
    tone = np.sin(2 * np.pi * random.uniform(2500, 9500) * time + random.normal(0, 0.1, len(time)))
    beat = np.sin(2 * np.pi * np.exp(random.uniform(np.log(2), np.log(80))) * time)
    return tone * np.clip(0.5 + random.uniform(0, 2) * beat, 0, 1)
