"""What works on short spectra: lossy codecs and noise reduction."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from chingolo.synth.recorder.parts.part import Part


def short_spectra(wave: np.ndarray, size: int) -> np.ndarray:
    """Spectra of windows half a window apart, [frames, size // 2 + 1] complex64.

    Sine windows, which together with those of `overlapped` give the wave back (Princen & Bradley
    1986, IEEE Trans. ASSP 34, 1153).

    Args:
        wave: [samples].
        size: samples of a window, even.
    """
    half = size // 2
    blocks = -(-len(wave) // half) + 1
    padded = np.zeros((blocks + 1) * half, np.float32)
    padded[half : half + len(wave)] = wave
    halves = padded.reshape(-1, half)
    return np.asarray(fft.rfft(np.hstack([halves[:-1], halves[1:]]) * _window(size)))


def overlapped(spectra: np.ndarray, size: int, length: int) -> np.ndarray:
    """The wave of short spectra, [length] float32; see `short_spectra`."""
    half = size // 2
    windows = np.asarray(fft.irfft(spectra, size), np.float32) * _window(size)
    halves = np.zeros((len(windows) + 1, half), np.float32)
    halves[:-1] += windows[:, :half]
    halves[1:] += windows[:, half:]
    return halves.ravel()[half : half + length]


def _window(size: int) -> np.ndarray:
    return np.sin(np.pi * (np.arange(size, dtype=np.float32) + 0.5) / size).astype(np.float32)


def window_size(seconds: float, sample_rate: int) -> int:
    """The power of two next to a duration."""
    return 1 << max(4, round(np.log2(seconds * sample_rate)))


@dataclass(frozen=True)
class Codec:
    """A lossy codec that keeps too little."""

    cutoff: float
    """Above which nothing is kept, Hz."""

    offset: float
    """Of the masking threshold below the spread energy, dB; the less, the more is lost."""

    floor: float
    """Below which nothing is kept, against the loudest bin, dB."""

    window: float
    """s, to the next power of two in samples."""


def bark(frequency: np.ndarray) -> np.ndarray:
    """Critical-band rate of frequencies in Hz, Zwicker & Terhardt (1980), JASA 68, 1523."""
    return 13 * np.arctan(0.00076 * frequency) + 3.5 * np.arctan((frequency / 7500) ** 2)


def masking(power: np.ndarray, frequency: np.ndarray, offset: float) -> np.ndarray:
    """Threshold below which a bin is masked by others of its frame, [frames, bins].

    Mean energy in critical bands, spread over the neighbouring bands: Schroeder, Atal & Hall
    (1979), JASA 66, 1647, less an offset.

    Args:
        power: [frames, bins].
        frequency: [bins] Hz.
        offset: dB.
    """
    band = bark(frequency).astype(int)
    member = (band[:, None] == np.arange(band.max() + 1)).astype(np.float32)
    count = np.maximum(member.sum(axis=0), 1)
    apart = np.arange(band.max() + 1)[None] - np.arange(band.max() + 1)[:, None] + 0.474
    spread = 10 ** ((15.81 + 7.5 * apart - 17.5 * np.sqrt(1 + apart**2)) / 10)
    in_band = (power @ (member / count)) @ spread.astype(np.float32)
    return in_band[:, band] * np.float32(10 ** (-offset / 10))


def _code(
    settings: Codec, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    size = window_size(settings.window, sample_rate)
    spectra = short_spectra(wave, size)
    power = np.real(spectra) ** 2 + np.imag(spectra) ** 2
    frequency = np.fft.rfftfreq(size, 1 / sample_rate)
    threshold = masking(power, frequency, settings.offset)
    threshold = np.maximum(threshold, power.max() * np.float32(10 ** (settings.floor / 10)))
    # A step whose error is as strong as the threshold: step^2 / 12 in each of two components.
    step = np.sqrt(6 * np.maximum(threshold, 1e-30))
    parts = spectra.view(np.float32).reshape(*spectra.shape, 2)
    coded = np.rint(parts / step[..., None]) * step[..., None]
    coded = np.ascontiguousarray(coded, np.float32).view(np.complex64)[..., 0]
    return overlapped(coded * (frequency <= settings.cutoff), size, len(wave))


@dataclass(frozen=True)
class NoiseReduction:
    """Spectral subtraction without smoothing, which leaves musical noise."""

    quantile: float
    """Of a bin's power over time that is taken for the noise."""

    excess: float
    """How much more than that is taken away, dB."""

    floor: float
    """Lowest gain, dB."""

    gate: bool
    """Whether bins are kept or turned down to the floor, with nothing in between."""

    window: float
    """s, to the next power of two in samples."""


def _reduce(
    settings: NoiseReduction, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    size = window_size(settings.window, sample_rate)
    spectra = short_spectra(wave, size)
    power = np.real(spectra) ** 2 + np.imag(spectra) ** 2
    # The outer windows hold the silence beyond the recording.
    inner = power[1:-1] if len(power) > 2 else power
    noise = np.quantile(inner, settings.quantile, axis=0).astype(np.float32)
    noise = noise * np.float32(10 ** (settings.excess / 10))
    floor = np.float32(10 ** (settings.floor / 20))
    left = 1 - noise / np.maximum(power, 1e-30)
    if settings.gate:
        gain = np.where(left > 0, np.float32(1), floor)
    else:
        gain = np.maximum(np.sqrt(np.maximum(left, 0)), floor)
    return overlapped(spectra * gain, size, len(wave))


CODEC = Part(
    "lossy codec",
    Codec,
    _code,
    source="a uniform quantiser of short spectra whose steps follow a masking threshold, as "
    "Painter & Spanias (2000), Proc. IEEE 88, 451 review it; Schroeder, Atal & Hall (1979)",
)
NOISE_REDUCTION = Part(
    "noise reduction",
    NoiseReduction,
    _reduce,
    source="power subtraction with excess and floor: Berouti, Schwartz & Makhoul (1979), Proc. "
    "ICASSP, 208; without smoothing over time, whence the tones",
)
