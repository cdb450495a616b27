"""What depends on level: automatic gain, soft and hard clipping."""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.signal import lfilter

from chingolo.synth.recorder.background import frequencies, spectrum_size
from chingolo.synth.recorder.parts.part import Part


@dataclass(frozen=True)
class AutomaticGain:
    """A compressor: what is above a threshold is turned down."""

    threshold: float
    """Against the recording's peak, dB."""

    ratio: float
    """dB above the threshold that go in for each that comes out."""

    attack: float
    """Time constant of turning down, s."""

    release: float
    """Time in which the level it goes by falls by 8.7 dB, a factor e, s."""

    headroom: float
    """Of full scale over what the loudest comes to once the gain has settled, dB: where the gain
    comes too late, more than that is clipped."""


BLOCK = 0.0005
"""s over which the level is taken; shorter than any attack."""


def gain_db(settings: AutomaticGain, wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """Gain at each sample, dB, [samples], never above 0.

    A hard knee, then a decoupled peak detector: a peak whose amplitude decays at the release, then
    a one-pole filter of the attack, on decibels (Giannoulis, Massberg & Reiss 2012, J. Audio Eng.
    Soc. 60, 399).

    Args:
        settings: of the compressor.
        wave: [samples], not silent.
        sample_rate: Hz.
    """
    step = max(1, round(BLOCK * sample_rate))
    starts = np.arange(0, len(wave), step)
    level = np.maximum.reduceat(np.abs(wave), starts)
    level = 20 * np.log10(np.maximum(level / level.max(), 1e-6))
    # A level that falls straight, in dB, is a running maximum on a slope: no loop is needed.
    fall = 20 * np.log10(np.e) * step / (settings.release * sample_rate) * np.arange(len(starts))
    level = np.maximum.accumulate(level + fall) - fall
    above = (1 - 1 / settings.ratio) * np.maximum(level - settings.threshold, 0)
    stays = np.exp(-step / (settings.attack * sample_rate))
    smooth, _ = lfilter([1 - stays], [1, -stays], above, zi=[stays * above[0]])
    return -np.interp(np.arange(len(wave)), starts, np.asarray(smooth))


def _level(
    settings: AutomaticGain, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    turned = wave * 10 ** (gain_db(settings, wave, sample_rate) / 20)
    settled = settings.threshold * (1 - 1 / settings.ratio)
    full = float(np.abs(wave).max()) * 10 ** ((settled + settings.headroom) / 20)
    return np.clip(turned, -full, full).astype(np.float32)


@dataclass(frozen=True)
class SoftClipping:
    """Saturation, as of tape or a valve."""

    drive: float
    """Of the peak over the level where tanh bends, dB."""

    bias: float
    """Of the working point, in units of that level; even harmonics come from it."""


def _saturate(
    settings: SoftClipping, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    # It happens before sampling: at twice the rate, what it adds above half the rate is taken out.
    size = spectrum_size(len(wave) + sample_rate // 10, sample_rate)
    fine = np.asarray(fft.irfft(2 * np.asarray(fft.rfft(wave, size)), 2 * size), np.float32)
    drive = np.float32(10 ** (settings.drive / 20) / np.abs(wave).max())
    bent = np.tanh(fine * drive + np.float32(settings.bias)) - np.tanh(np.float32(settings.bias))
    spectrum = np.asarray(fft.rfft(bent))[: size // 2 + 1] / (2 * drive)
    # A bias rectifies; what is left of that does not pass a condenser or a head.
    spectrum = spectrum * (frequencies(size, sample_rate) >= 20)
    return np.asarray(fft.irfft(spectrum, size), np.float32)[: len(wave)]


@dataclass(frozen=True)
class HardClipping:
    """What is above a limit is cut off, as by a converter that is driven too far."""

    limit: float
    """Against the recording's peak, dB."""

    skew: float
    """How much lower the upper limit is, as a share."""


def _clip(
    settings: HardClipping, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    limit = 10 ** (settings.limit / 20) * float(np.abs(wave).max())
    return np.clip(wave, -limit, limit * (1 - settings.skew))


GAIN = Part(
    "automatic gain",
    AutomaticGain,
    _level,
    source="Giannoulis, Massberg & Reiss (2012), J. Audio Eng. Soc. 60, 399; threshold, ratio, "
    "attack and recovery are what IEC 60268-8 names; drawn from a limiter to a slow record level",
)
SOFT_CLIPPING = Part(
    "soft clipping",
    SoftClipping,
    _saturate,
    source="tanh, the usual memoryless model of tape's and valves' saturation (Zölzer, DAFX, "
    "ch. 4); drawn from hardly bent to squared",
)
HARD_CLIPPING = Part(
    "hard clipping",
    HardClipping,
    _clip,
    source="a converter's full scale; limits down to a tenth of the peak. Harmonics fold, as they "
    "do where what is clipped is sampled already",
)
