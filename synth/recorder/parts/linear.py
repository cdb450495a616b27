"""What filters: responses, a reflecting surface, rooms, band limits, a lower sample rate.

Filters without a room keep their phase at zero, and rooms begin with the direct sound, so that
onsets stay where they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd

import numpy as np
from scipy import fft
from scipy.interpolate import CubicSpline

from chingolo.synth.recorder.background import frequencies, spectrum_size
from chingolo.synth.recorder.parts.part import Part


def filtered(
    wave: np.ndarray, gain: Callable[[np.ndarray], np.ndarray], sample_rate: int
) -> np.ndarray:
    """The wave with each frequency times its gain, without delay.

    Args:
        wave: [samples] float32.
        gain: of frequencies in Hz; complex where it turns the phase.
        sample_rate: Hz.
    """
    size = spectrum_size(len(wave) + sample_rate // 10, sample_rate)
    shape = gain(frequencies(size, sample_rate))
    shape = shape.astype(np.complex64 if np.iscomplexobj(shape) else np.float32)
    spectrum = np.asarray(fft.rfft(wave, size)) * shape
    return np.asarray(fft.irfft(spectrum, size), np.float32)[: len(wave)]


@dataclass(frozen=True)
class Response:
    """A smooth frequency response."""

    tilt: float
    """dB per octave about 3 kHz."""

    spread: float
    """Standard deviation of the bumps, dB."""

    octaves: float
    """Between independent bumps."""

    seed: int
    """Of the bumps."""


LARGEST_GAIN = 25.0
"""Of a response against 3 kHz, dB, up or down."""


def response_db(settings: Response, frequency: np.ndarray) -> np.ndarray:
    """Gain of a response in dB at frequencies in Hz, [...].

    Independent normal values at knots over log frequency, joined by a cubic spline, on a tilt.
    """
    knots = np.arange(np.log2(40.0), np.log2(100_000.0) + 2, settings.octaves)
    bumps = np.random.default_rng(settings.seed).standard_normal(len(knots))
    octave = np.log2(np.clip(frequency, 40.0, 100_000.0))
    # A spline is exact between its knots alone; on a grid of a 50th of an octave it costs nothing.
    grid = np.arange(knots[0], knots[-1], 0.02)
    bump = np.interp(octave, grid, CubicSpline(knots, bumps)(grid))
    gain = settings.tilt * (octave - np.log2(3000.0)) + settings.spread * bump
    return np.clip(gain, -LARGEST_GAIN, LARGEST_GAIN)


def _respond(
    settings: Response, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    return filtered(wave, lambda hz: 10 ** (response_db(settings, hz) / 20), sample_rate)


@dataclass(frozen=True)
class Comb:
    """One reflection from a surface near the microphone."""

    delay: float
    """Of the reflection behind the direct sound, s."""

    gain: float
    """Of the reflection against the direct sound; negative from a soft surface."""


def _comb(
    settings: Comb, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    def gain(hz: np.ndarray) -> np.ndarray:
        turn = np.exp(hz * np.complex64(-2j * np.pi * settings.delay))
        return (1 + settings.gain * turn) / np.sqrt(1 + settings.gain**2)

    return filtered(wave, gain, sample_rate)


@dataclass(frozen=True)
class Room:
    """Early reflections, then a tail that decays exponentially."""

    decay: float
    """Reverberation time (60 dB) below `DAMPED_ABOVE`, s."""

    damping: float
    """Reverberation time far above `DAMPED_ABOVE`, as a share of `decay`."""

    direct: float
    """Energy of the direct sound over that of all that follows, dB."""

    first: float
    """Time of the first reflection behind the direct sound, s."""

    early: float
    """Share of the energy behind the direct sound that is in the early reflections."""

    seed: int
    """Of the reflections; a room stays the same."""


DAMPED_ABOVE = 3000.0
"""Hz; above it air and soft surfaces absorb more (Kuttruff, Room Acoustics, ch. 6)."""

EARLY = 0.05
"""s behind the first reflection in which single reflections stand out."""

LOUDEST_REFLECTION = 0.9
"""Against the direct sound; each has gone further, and lost something at a surface."""


def impulse_response(settings: Room, sample_rate: int) -> np.ndarray:
    """Response of a room, [samples] float32; direct sound first, energy 1.

    Args:
        settings: of the room.
        sample_rate: Hz.
    """
    random = np.random.default_rng(settings.seed)
    times = settings.first + EARLY * np.concatenate([[0.0], random.uniform(0, 1, 9)])
    signs = random.choice([-1.0, 1.0], 10) * random.uniform(0.4, 1.0, 10)
    count = max(2, int((settings.first + settings.decay) * sample_rate) + 1)
    time = np.arange(count, dtype=np.float32) / np.float32(sample_rate)
    noise = random.standard_normal(count, dtype=np.float32)
    low = filtered(noise, lambda hz: 1 / (1 + (hz / DAMPED_ABOVE) ** 4), sample_rate)
    rate = np.float32(-3 * np.log(10) / settings.decay)
    late = low * np.exp(rate * time)
    late += (noise - low) * np.exp(rate / np.float32(settings.damping) * time)
    late[time < settings.first] = 0
    taps = np.minimum(np.round(times * sample_rate).astype(int), count - 1)
    early = np.bincount(
        taps, signs * settings.first / times * np.exp(rate * times), minlength=count
    ).astype(np.float32)
    behind = 10 ** (-settings.direct / 10)
    early *= np.sqrt(settings.early * behind / max(float(early @ early), 1e-20))
    early = np.clip(early, -LOUDEST_REFLECTION, LOUDEST_REFLECTION)
    # What is left of the energy, but for what the two share by chance where they meet.
    late *= np.sqrt((behind - float(early @ early)) / max(float(late @ late), 1e-20))
    response = early + late
    response *= np.sqrt(behind / max(float(response @ response), 1e-20))
    response[0] = 1.0
    return response / np.float32(np.sqrt(1 + behind))


def _reverberate(
    settings: Room, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    response = impulse_response(settings, sample_rate)
    size = spectrum_size(len(wave) + len(response), sample_rate)
    spectrum = np.asarray(fft.rfft(wave, size)) * np.asarray(fft.rfft(response, size))
    return np.asarray(fft.irfft(spectrum, size), np.float32)[: len(wave)]


@dataclass(frozen=True)
class Band:
    """Limits of the band, of Butterworth's form."""

    low: float
    """Lower -3 dB point, Hz."""

    high: float
    """Upper -3 dB point, Hz."""

    low_order: int
    """6 dB per octave each."""

    high_order: int
    """6 dB per octave each."""


def _limit(
    settings: Band, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    def gain(hz: np.ndarray) -> np.ndarray:
        below = (settings.low / np.maximum(hz, 1e-3).astype(np.float64)) ** (2 * settings.low_order)
        above = (hz.astype(np.float64) / settings.high) ** (2 * settings.high_order)
        return 1 / np.sqrt((1 + below) * (1 + above))

    return filtered(wave, gain, sample_rate)


@dataclass(frozen=True)
class RateLimit:
    """Sampled at a lower rate and brought back."""

    rate: int
    """Hz."""

    filtered: bool
    """Whether a filter takes out what the lower rate cannot hold; else it folds back."""

    held: bool
    """Whether samples are held until the next, which leaves images above half the rate."""


def _resample(
    settings: RateLimit, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    rate = settings.rate
    if rate >= sample_rate:
        return wave
    # A stretch that holds a whole number of samples at both rates: folding the spectrum is then
    # exactly to keep every so many samples, and repeating it exactly to bring them back.
    unit = sample_rate // gcd(rate, sample_rate)
    units = int(fft.next_fast_len(-(-(len(wave) + sample_rate // 10) // unit)) or 1)
    size, small = unit * units, rate // gcd(rate, sample_rate) * units
    hz = np.abs(np.asarray(fft.fftfreq(size, 1 / sample_rate), np.float32))
    spectrum = np.asarray(fft.fft(wave, size))
    if settings.filtered:
        spectrum = spectrum * (hz < 0.47 * rate)
    bins = np.round(np.asarray(fft.fftfreq(size, 1 / size))).astype(int) % small
    real, imaginary = (
        np.bincount(bins, each, small) for each in (np.real(spectrum), np.imag(spectrum))
    )
    folded = real + 1j * imaginary
    tiled = folded[bins]
    kept = np.sinc(hz / rate) if settings.held else hz < 0.5 * rate
    return np.real(np.asarray(fft.ifft(tiled * kept)))[: len(wave)].astype(np.float32)


RESPONSE = Part(
    "smooth response",
    Response,
    _respond,
    source="chosen: microphones and loudspeakers without correction deviate by some dB per third "
    "of an octave, and tilt; a Gaussian process over log frequency says no more than that",
)
COMB = Part(
    "comb",
    Comb,
    _comb,
    source="the image source of one plane: Allen & Berkley (1979), JASA 65, 943; .1 to 6 ms are "
    "paths 3 cm to 2 m longer, as by a table, a parabola's rim or the ground",
)
ROOM = Part(
    "room",
    Room,
    _reverberate,
    source="Gaussian noise under an exponential: Polack (1988), thesis, Le Mans; Kuttruff, Room "
    "Acoustics, ch. 4-6. Rooms decay in .2 to 1.2 s (ISO 3382-2 measures it); forests likewise, "
    "from trunks: Wiley & Richards (1978), Behav. Ecol. Sociobiol. 3, 69",
)
BAND = Part(
    "band limits",
    Band,
    _limit,
    source="Butterworth's magnitude, 6 dB per octave and order, without its phase; corners from "
    "no limit to a dictating machine's 300 Hz and speech filters of 1.2 kHz, and from 4.5 kHz up",
)
RATE = Part(
    "rate limit",
    RateLimit,
    _resample,
    source="sampling theorem: without a filter each f above half the rate is heard at its mirror; "
    "held samples have the images of sinc(f / rate); rates that files have",
)
