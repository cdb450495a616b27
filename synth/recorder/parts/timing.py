"""What moves sounds in time: a wrong speed, wow and flutter."""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import map_coordinates

from chingolo.synth.recorder.background import frequencies, spectrum_size
from chingolo.synth.recorder.parts.part import Part


def _read(wave: np.ndarray, position: np.ndarray, sample_rate: int, fastest: float) -> np.ndarray:
    """The wave at positions in samples; beyond its ends it is mirrored, as if the place went on.

    A cubic spline at twice the rate: at a third of the sample rate it errs by less than 1 %.
    """
    size = spectrum_size(len(wave) + sample_rate // 10, sample_rate)
    spectrum = 2 * np.asarray(fft.rfft(wave, size))
    # What would lie above half the rate once it is read faster.
    spectrum = spectrum * (frequencies(size, sample_rate) <= 0.5 * sample_rate / fastest)
    fine = np.asarray(fft.irfft(spectrum, 2 * size), np.float32)
    # The transform is circular: what rings over its end belongs before its begin.
    fine = np.roll(fine, 64)
    last = len(wave) - 1
    position = np.clip(last - np.abs(last - np.abs(position)), 0, last)
    return map_coordinates(fine, [2 * position + 64], np.float32, order=3, mode="nearest")


@dataclass(frozen=True)
class Speed:
    """A constant wrong speed; the middle of the recording stays where it is."""

    factor: float
    """Heard speed over true speed."""


def _speed(
    settings: Speed, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    middle = (len(wave) - 1) / 2
    position = middle + (np.arange(len(wave)) - middle) * settings.factor
    return _read(wave, position, sample_rate, max(1.0, settings.factor))


def _heard_at_speed(settings: Speed, times: np.ndarray, duration: float) -> np.ndarray:
    return duration / 2 + (np.asarray(times) - duration / 2) / settings.factor


@dataclass(frozen=True)
class Wow:
    """A speed that wavers, slowly (wow) and fast (flutter)."""

    wow: float
    """Peak relative deviation."""

    wow_rate: float
    """Hz."""

    flutter: float
    """Peak relative deviation."""

    flutter_rate: float
    """Hz."""

    phase: float
    """Of both at time 0, radians."""


def _shift(settings: Wow, heard: np.ndarray) -> np.ndarray:
    """How much later in the true recording what is heard at these times stands, s, [...]."""
    shift = np.zeros(np.shape(heard))
    for depth, rate in (
        (settings.wow, settings.wow_rate),
        (settings.flutter, settings.flutter_rate),
    ):
        shift += depth / (2 * np.pi * rate) * np.sin(2 * np.pi * rate * heard + settings.phase)
    return shift


def _waver(
    settings: Wow, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    index = np.arange(len(wave))
    # The shift is slow: a point every millisecond, joined linearly, says it all.
    knots = np.arange(0, len(wave) + sample_rate // 1000 + 1, max(1, sample_rate // 1000))
    shift = np.interp(index, knots, _shift(settings, knots / sample_rate))
    fastest = 1 + settings.wow + settings.flutter
    return _read(wave, index + shift * sample_rate, sample_rate, fastest)


def _heard_at_waver(settings: Wow, times: np.ndarray, duration: float) -> np.ndarray:
    times = np.asarray(times, float)
    heard = times
    # The deviation is a few per cent at most, and each turn brings it in by that much again.
    for _ in range(8):
        heard = times - _shift(settings, heard)
    return heard


SPEED = Part(
    "speed",
    Speed,
    _speed,
    heard_at=_heard_at_speed,
    source="chosen: 4 % is a weak battery or a worn drive; machines in order keep to 1 or 2 % "
    "(measured as IEC 60094-3 has it)",
)
WOW = Part(
    "wow and flutter",
    Wow,
    _waver,
    heard_at=_heard_at_waver,
    source="measured as IEC 60386 has it, which weights about 4 Hz most; up to ten times what "
    "data sheets of portable machines state (.1 to .2 %)",
)
