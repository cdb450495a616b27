"""What is added: noise, hum, rumble, rain, a second bird.

Levels are against the song: what comes in, in 1-10 kHz and where it is loud there, so that a rumble
that a recording has already is not taken for the song.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.signal import oaconvolve

from chingolo.synth.recorder.background import background, frequencies, song_power, spectrum_size
from chingolo.synth.recorder.parts.linear import filtered
from chingolo.synth.recorder.parts.part import Part


def song_band(wave: np.ndarray, sample_rate: int) -> np.ndarray:
    """What a recording holds in 1-10 kHz, [samples] float32."""
    return filtered(wave, lambda hz: (hz >= 1000) & (hz <= 10_000), sample_rate)


def _power(wave: np.ndarray, snr: float, sample_rate: int) -> float:
    """Mean square of noise at a level below the song, dB."""
    return song_power(song_band(wave, sample_rate), sample_rate) / 10 ** (snr / 10)


def _at_power(noise: np.ndarray, wave: np.ndarray, snr: float, sample_rate: int) -> np.ndarray:
    """Noise added at a ratio of the song's power to its own mean power, dB."""
    power = _power(wave, snr, sample_rate)
    found = float(np.mean(np.square(noise, dtype=np.float64)))
    return wave + noise.astype(np.float32) * np.float32(np.sqrt(power / max(found, 1e-30)))


@dataclass(frozen=True)
class Noise:
    """Steady noise of any colour."""

    snr: float
    """Power of the song over that of the noise in 1-10 kHz, dB."""

    slope: float
    """dB per octave above 500 Hz: -6 is brown, -3 pink, 0 white, 3 blue."""


def _hiss(
    settings: Noise, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    size = spectrum_size(len(wave) + sample_rate // 10, sample_rate)
    power = _power(wave, settings.snr, sample_rate)
    noise = fft.irfft(background(settings.slope, power, size, sample_rate, random), size)
    return wave + np.asarray(noise, np.float32)[: len(wave)]


@dataclass(frozen=True)
class Hum:
    """The mains and its harmonics."""

    snr: float
    """Power of the song over that of the hum, dB."""

    mains: float
    """Hz."""

    harmonics: int
    """How many partials."""

    fall: float
    """Of the partials' level, dB per octave."""


def _hum(
    settings: Hum, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    number = np.arange(1, settings.harmonics + 1)
    number = number[number * settings.mains < 0.5 * sample_rate]
    level = 10 ** (-settings.fall * np.log2(number) / 20)
    phase = random.uniform(0, 2 * np.pi, settings.harmonics)[: len(number)]
    # Chebyshev's recurrence in place of a sine for each partial: powers of one turning phasor.
    turn = np.exp(2j * np.pi * ((settings.mains / sample_rate * np.arange(len(wave))) % 1)).astype(
        np.complex64
    )
    weights = np.concatenate([[0], level * np.exp(1j * phase)]).astype(np.complex64)
    hum = np.zeros(len(wave), np.complex64)
    for weight in weights[::-1]:
        hum = hum * turn + weight
    power = _power(wave, settings.snr, sample_rate)
    return wave + hum.real * np.float32(np.sqrt(2 * power / (level @ level)))


@dataclass(frozen=True)
class Rumble:
    """Wind, traffic, handling: noise of low frequencies that swells."""

    snr: float
    """Power of the song over that of the rumble, dB; below 0 the rumble is louder."""

    corner: float
    """Above which it falls, Hz."""

    fall: float
    """dB per octave above the corner."""

    gusts: float
    """Standard deviation of its level over time, dB."""


GUST_RATE = 1.0
"""Hz; gusts change no faster."""


def _rumble(
    settings: Rumble, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    size = spectrum_size(len(wave) + sample_rate // 10, sample_rate)
    hz = frequencies(size, sample_rate)
    shape = np.maximum(hz / np.float32(settings.corner), 1) ** np.float32(
        -settings.fall / (20 * np.log10(2))
    )
    shape = shape * (hz > 10)
    noise = random.standard_normal((len(hz), 2), dtype=np.float32).view(np.complex64)[:, 0]
    rumble = np.asarray(fft.irfft(noise * shape, size), np.float32)[: len(wave)]
    knots = np.arange(0, len(wave) / sample_rate + 2 / GUST_RATE, 1 / GUST_RATE)
    level = np.interp(
        np.arange(len(wave)) / sample_rate, knots, random.standard_normal(len(knots))
    ).astype(np.float32)
    gust = np.power(np.float32(10), level * np.float32(settings.gusts / 20))
    return _at_power(rumble * gust, wave, settings.snr, sample_rate)


@dataclass(frozen=True)
class Rain:
    """Drops that hit what is near."""

    snr: float
    """Power of the song over that of the rain, dB."""

    drops: float
    """A second."""

    ring: float
    """Time in which a drop's sound decays by 60 dB, s."""

    pitch: float
    """Hz; about which what is hit rings, by half an octave either way."""

    seed: int
    """Of what is hit."""


SURFACES = 3
"""Kinds of things that drops hit."""


def _rain(
    settings: Rain, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    things = np.random.default_rng(settings.seed)
    duration = len(wave) / sample_rate
    time = np.arange(max(2, round(settings.ring * sample_rate))) / sample_rate
    rain = np.zeros(len(wave))
    for _ in range(SURFACES):
        pitch = min(settings.pitch * 2 ** things.uniform(-0.5, 0.5), 0.4 * sample_rate)
        click = things.standard_normal(len(time)) * 0.5 + np.cos(2 * np.pi * pitch * time)
        click *= np.exp(-3 * np.log(10) / settings.ring * time)
        count = 1 + random.poisson(settings.drops * duration / SURFACES)
        # Sizes of drops spread widely (Marshall & Palmer 1948), and so does how near they fall.
        size = random.lognormal(0, 1, count) * random.choice([-1.0, 1.0], count)
        train = np.bincount(random.integers(len(wave), size=count), size, len(wave))
        rain += oaconvolve(train, click)[: len(wave)]
    return _at_power(rain, wave, settings.snr, sample_rate)


@dataclass(frozen=True)
class SecondBird:
    """Another bird that sings its own song again and again."""

    level: float
    """Peak of its song against that of the recording in 1-10 kHz, dB."""

    every: float
    """From one song's begin to the next, s; the first is anywhere within it."""

    notes: int
    """In its song."""

    pitch: float
    """Hz; about which its notes lie, by half an octave either way."""

    seed: int
    """Of its song."""


def other_song(settings: SecondBird, sample_rate: int) -> np.ndarray:
    """The song of a second bird: whistles, sweeps and trills, [samples], peak 1.

    Args:
        settings: of the bird.
        sample_rate: Hz; what it sings above 0.45 of it is not heard.
    """
    random = np.random.default_rng(settings.seed)
    parts = []
    for _ in range(settings.notes):
        length = random.uniform(0.04, 0.3)
        centre = settings.pitch * 2 ** random.uniform(-0.5, 0.5)
        sweep, pulses = random.choice([0.0, 1.0]) * random.normal(0, 0.5), random.integers(1, 5)
        pause = random.uniform(0.02, 0.12)
        time = np.arange(max(2, round(length / pulses * sample_rate))) / sample_rate
        place = np.linspace(-0.5, 0.5, len(time))
        pitch = centre * 2 ** (sweep * place)
        note = np.cos(2 * np.pi * np.cumsum(pitch) / sample_rate) * np.cos(np.pi * place) ** 0.5
        note *= random.uniform(0.3, 1.0) * (pitch < 0.45 * sample_rate)
        parts += [note] * int(pulses) + [np.zeros(round(pause * sample_rate))]
    song = np.concatenate(parts)
    return song / max(np.abs(song).max(), 1e-9)


def _sing(
    settings: SecondBird, wave: np.ndarray, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    every = max(1, round(settings.every * sample_rate))
    song = other_song(settings, sample_rate)
    heard = np.zeros(len(song) + len(wave) + len(song))
    # The first of all began before the recording; what is left of it is heard.
    for start in range(int(random.integers(-every, 0)), len(wave), every):
        begin = len(song) + max(start, -len(song))
        heard[begin : begin + len(song)] += random.uniform(0.7, 1.0) * song
    heard = heard[len(song) : len(song) + len(wave)]
    peak = float(np.abs(song_band(wave, sample_rate)).max())
    level = 10 ** (settings.level / 20) * peak
    return wave + (level * heard).astype(np.float32)


NOISE = Part(
    "noise",
    Noise,
    _hiss,
    source="Gaussian, as many independent sources add up; slopes from brown to violet, the song "
    "from 3 dB above it to hardly any",
)
HUM = Part(
    "mains hum",
    Hum,
    _hum,
    source="mains of 50 and 60 Hz, by 4 % off where a tape runs wrongly; partials of a rectifier "
    "reach kHz",
)
RUMBLE = Part(
    "rumble",
    Rumble,
    _rumble,
    source="wind in a microphone falls by 8 to 26 dB per octave above some ten to hundred Hz "
    "(Strasberg 1988, JASA 83, 544) and is often louder than a song",
)
RAIN = Part(
    "rain",
    Rain,
    _rain,
    source="chosen: drops as a Poisson process, each a decaying knock of what it hits",
)
SECOND_BIRD = Part(
    "second bird",
    SecondBird,
    _sing,
    source="chosen: whistles, sweeps and trills of any songbird (1.5 to 8 kHz), one song again "
    "and again",
)
