"""What codecs for speech and little bandwidth leave: noise that comes and goes with the song."""

from dataclasses import dataclass

import numpy as np
from scipy import signal
from scipy.linalg import solve_toeplitz

from chingolo.synth.recorder.parts.coding import overlapped, short_spectra, window_size
from chingolo.synth.recorder.parts.part import Part


@dataclass(frozen=True)
class SpeechCodec:
    """A coder that sends a filter, and few pulses to drive it."""

    rate: int
    """Hz at which it works."""

    order: int
    """Of the filter."""

    pulses: float
    """Sent, of all samples."""

    frame: float
    """s that one filter holds for."""


SUBFRAMES = 4
"""Of a frame; each has its own pulses and their strength."""

WHITE = 1e-4
"""Share of the power added as if white, which keeps the filter stable; 40 dB, as is usual."""

SHRINK = 0.994
"""Factor on the radius of the filter's poles, which widens their bands by some 15 Hz at 16 kHz."""


def _speak(
    settings: SpeechCodec, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    rate = min(settings.rate, sample_rate)
    narrow = signal.resample_poly(wave.astype(np.float64), rate, sample_rate)
    quarter = max(8, round(settings.frame * rate / SUBFRAMES))
    size = SUBFRAMES * quarter
    frames = -(-len(narrow) // size)
    padded = np.pad(narrow, (size, frames * size - len(narrow) + size))
    order = settings.order
    filters = _filters(padded, frames, size, order)
    past = np.zeros(order)
    spoken = np.zeros(frames * size)
    count = max(1, round(settings.pulses * quarter))
    for number, coefficients in enumerate(filters):
        begin = size * (number + 1)
        heard = padded[begin - order : begin + size]
        residual = np.convolve(heard, coefficients, "valid").reshape(SUBFRAMES, quarter)
        strength = np.abs(residual)
        least = np.partition(strength, quarter - count, axis=1)[:, quarter - count, None]
        sent = np.where(strength >= least, np.sign(residual), 0.0)
        gain = np.sqrt((residual**2).sum(axis=1) / np.maximum((sent**2).sum(axis=1), 1))
        state = signal.lfiltic([1.0], coefficients, past)
        out, _ = signal.lfilter([1.0], coefficients, (sent * gain[:, None]).ravel(), zi=state)
        # pulses off a tone's phase make little of it; coders choose a gain that makes up for it
        lost = np.linalg.norm(heard[order:]) / max(float(np.linalg.norm(out)), 1e-9)
        spoken[size * number : size * (number + 1)] = out * min(lost, 4.0)
        past = out[: -order - 1 : -1]
    back = signal.resample_poly(spoken[: len(narrow)], sample_rate, rate)
    return np.pad(back, (0, max(0, len(wave) - len(back))))[: len(wave)].astype(np.float32)


def _filters(padded: np.ndarray, frames: int, size: int, order: int) -> np.ndarray:
    """[frames, order + 1] of linear prediction over two frames each, by autocorrelation."""
    first = size // 2
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * size)[first::size][:frames]
    spectra = np.fft.rfft(windows * np.hanning(2 * size), 4 * size)
    correlation = np.fft.irfft(np.abs(spectra) ** 2)[:, : order + 1]
    filters = np.zeros((frames, order + 1))
    filters[:, 0] = 1.0
    shrink = SHRINK ** np.arange(1, order + 1)
    for number, row in enumerate(correlation):
        if row[0] > 1e-12:
            lags = row * np.r_[1 + WHITE, np.ones(order)]
            filters[number, 1:] = -solve_toeplitz(lags[:-1], lags[1:]) * shrink
    return filters


@dataclass(frozen=True)
class RebuiltHighs:
    """A coder that sends of high frequencies no more than how loud their bands are."""

    above: float
    """Hz, of which bands are rebuilt."""

    bands: float
    """An octave, whose loudness is sent."""

    copied: bool
    """Whether bands are filled with what is below, else with noise."""

    window: float
    """s, to the next power of two in samples."""


def _rebuild(
    settings: RebuiltHighs, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    size = window_size(settings.window, sample_rate)
    spectra = short_spectra(wave, size)
    frequency = np.fft.rfftfreq(size, 1 / sample_rate)
    first = int(np.searchsorted(frequency, settings.above))
    high = len(frequency) - first
    if high < 1:
        return wave
    power = np.abs(spectra[:, first:]) ** 2
    if settings.copied and first > 1:
        fill, loss = spectra[:, 1 + np.arange(high) % (first - 1)], 1.0
    else:
        draws = random.standard_normal((2, *power.shape)).astype(np.float32)
        # neighbouring windows do not add up as those of one wave do
        fill, loss = draws[0] + 1j * draws[1], 2.0
    octave = np.log2(frequency[first:] / frequency[first])
    band = np.unique((octave * settings.bands).astype(int), return_inverse=True)[1]
    edges = np.flatnonzero(np.r_[True, np.diff(band) > 0])
    wanted = np.add.reduceat(power, edges, axis=1)
    there = np.add.reduceat(np.abs(fill) ** 2, edges, axis=1)
    gain = np.sqrt(loss * wanted / np.maximum(there, 1e-20))[:, band]
    rebuilt = np.concatenate([spectra[:, :first], fill * gain], axis=1).astype(np.complex64)
    return overlapped(rebuilt, size, len(wave))


@dataclass(frozen=True)
class ModulatedNoise:
    """White noise that is as loud, sample by sample, as the sound is."""

    ratio: float
    """Of sound to noise, dB."""


def _modulate(
    settings: ModulatedNoise, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    noise = random.standard_normal(len(wave)).astype(np.float32)
    return wave * (1 + np.float32(10 ** (-settings.ratio / 20)) * noise)


SPEECH_CODEC = Part(
    "speech codec",
    SpeechCodec,
    _speak,
    source="linear prediction driven by few pulses, as Atal & Remde (1982), Proc. ICASSP, 614, and "
    "all coders of speech since; pulses are taken from the residual, without a search",
)
REBUILT_HIGHS = Part(
    "rebuilt highs",
    RebuiltHighs,
    _rebuild,
    source="bandwidth extension by copied or random spectra under a sent envelope: Dietz et al. "
    "(2002), Audio Eng. Soc. Conv. 112, paper 5553",
)
MODULATED_NOISE = Part(
    "modulated noise",
    ModulatedNoise,
    _modulate,
    source="the modulated noise reference unit, ITU-T P.810: how coders of waveforms are imitated",
)
