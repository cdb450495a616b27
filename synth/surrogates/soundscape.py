"""What one microphone hears for some seconds: sounds near and far, other sounds, wind and hiss.

Sounds are laid into a background, each with its own distance and echoes, and the whole is heard by
a recorder; the truth of where each sound begins and ends is kept.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from chingolo.synth.recorder.background import NOISE_BAND, share_of_band
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import Recorder

Random = np.random.Generator


@dataclass(frozen=True)
class Scene:
    """What is heard, and what of it is a song of the species."""

    wave: np.ndarray
    """[samples] float32."""

    songs: np.ndarray
    """[songs, 2] begin and end of the near songs, s."""

    distant: np.ndarray
    """[songs, 2] the same for songs that are too faint to be asked for."""


@dataclass(frozen=True)
class SceneSettings:
    """How loud and how busy scenes are."""

    snr: tuple[float, float] = (-3.0, 30.0)
    """Level of the loudest song over the noise in 1-10 kHz, dB (mean powers), from and to; the band
    is lower in proportion to the singer's gamma."""

    random_themes: float = 0.7
    """Share of songs that are random themes in the repertoire's manner; the rest are its own."""

    songs: tuple[float, ...] = (0.3, 0.45, 0.25)
    """Probability of 0, 1, 2 ... near songs."""

    distant: float = 0.3
    """Probability of a distant song of the species, 12 to 30 dB below the near ones."""

    strangers: float = 2.0
    """Mean number of other sounds in a scene."""


DEFAULTS = SceneSettings()


def compose(
    near: list[np.ndarray],
    distant: list[np.ndarray],
    strangers: list[np.ndarray],
    samples: int,
    sample_rate: int,
    settings: SceneSettings,
    recorders: tuple[Recorder, ...],
    scale: float,
    random: Random,
) -> Scene:
    """Lays sounds into a scene.

    Args:
        near: each [samples] of peak 1, to be found.
        distant: the same, too faint to be asked for.
        strangers: other sounds.
        samples: of the scene.
        sample_rate: Hz.
        settings: how loud and how busy.
        recorders: machines to draw from.
        scale: size of the singers against birds of 1 to 10 kHz; see `background_noise`.
        random: of all places, levels and noise.
    """
    scene = np.zeros(samples, np.float32)
    spans: dict[str, list[tuple[float, float]]] = {"near": [], "distant": []}
    free = list(random.permutation(len(near)))
    for number, wave in enumerate(near):
        # each near song gets a share of the scene, and may begin before it or end after it
        share = samples / len(near)
        start = round((free[number] + random.uniform(-0.2, 1)) * share - 0.3 * len(wave))
        span = _lay(scene, wave, start, random.uniform(-6, 0), sample_rate, random)
        spans["near"].append(span)
    for wave in distant:
        start = int(random.integers(-len(wave) // 2, samples))
        span = _lay(scene, wave, start, random.uniform(-30, -12), sample_rate, random)
        spans["distant"].append(span)
    for wave in strangers:
        start = int(random.integers(-len(wave) // 2, samples))
        _lay(scene, wave, start, random.uniform(-25, 6), sample_rate, random)
    snr = random.uniform(*settings.snr)
    scene = scene + background_noise(samples, sample_rate, random, scale) * np.float32(
        0.15 * 10 ** (-snr / 20)
    )
    heard, first, last = _hear(scene, recorders, sample_rate, scale, random)
    kept = {
        name: np.clip(np.array(every).reshape(-1, 2), first, last) for name, every in spans.items()
    }
    kept = {name: every[every[:, 1] > every[:, 0]] for name, every in kept.items()}
    return Scene(heard, kept["near"], kept["distant"])


def _lay(
    scene: np.ndarray,
    wave: np.ndarray,
    start: int,
    level: float,
    sample_rate: int,
    random: Random,
) -> tuple[float, float]:
    """Adds a song heard from afar to the scene; returns its begin and end, s."""
    distance = float(np.exp(random.uniform(np.log(3), np.log(80))))
    echo = float(random.uniform(0.1, 1.0))
    path = Channel(distance=distance, echo_time=echo, echo_level=float(random.uniform(-30, -10)))
    heard = through_channel(
        np.pad(wave, (0, round(0.3 * sample_rate))), path, sample_rate=sample_rate, random=random
    )
    heard *= 10 ** (level / 20) / max(float(np.abs(heard).max()), 1e-9)
    first, last = max(start, 0), min(start + len(heard), len(scene))
    if last > first:
        scene[first:last] += heard[first - start : last - start]
    return start / sample_rate, (start + len(wave)) / sample_rate


def background_noise(
    samples: int, sample_rate: int, random: Random, scale: float = 1.0
) -> np.ndarray:
    """Noise with a smooth random spectrum, and gusts; [samples] with unit power in 1-10 kHz.

    Of birds that sing in other bands, `scale` times as high, the power is that in their band; of a
    slower sample rate, what of that power lies below half the rate.
    """
    spectrum = np.asarray(fft.rfft(random.standard_normal(samples, dtype=np.float32)))
    frequency = np.asarray(fft.rfftfreq(samples, 1 / sample_rate))
    octave = np.log2(np.maximum(frequency, 50.0) / 1000)
    slope, bends = random.uniform(-9, 1), random.normal(0, 4, 9)
    shape = _noise_shape(octave, slope, bends)
    noise = np.asarray(fft.irfft(spectrum * 10 ** (shape / 20), samples))
    band = (frequency > 1000 * scale) & (frequency < 10_000 * scale)
    power = np.mean(np.abs(spectrum[band] * 10 ** (shape[band] / 20)) ** 2) * band.mean() / samples
    if sample_rate < 2 * NOISE_BAND[1] * scale:
        power /= share_of_band(
            lambda hz: 10 ** (_noise_shape(np.log2(scale * hz / 1000), slope, bends) / 10),
            sample_rate / scale,
        )
    noise = noise / np.sqrt(power)
    if random.random() < 0.4:  # gusts, and noise that comes and goes
        knots = np.exp(random.normal(0, random.uniform(0.1, 0.8), 2 + samples // sample_rate * 3))
        noise = noise * np.interp(np.linspace(0, 1, samples), np.linspace(0, 1, len(knots)), knots)
    return noise.astype(np.float32)


def _noise_shape(octave: np.ndarray, slope: float, bends: np.ndarray) -> np.ndarray:
    """Level in dB at octaves above 1 kHz: a slope, and bends of it at nine places."""
    return slope * octave + np.interp(octave, np.linspace(-4.5, 3.5, 9), bends)


def _hear(
    scene: np.ndarray,
    recorders: tuple[Recorder, ...],
    sample_rate: int,
    scale: float,
    random: Random,
) -> tuple[np.ndarray, float, float]:
    """The scene through a recorder, at any level, sometimes clipped or with silent ends.

    Returns:
        [samples], and from when to when it is not silent, s.
    """
    samples = len(scene)
    first, last = 0, samples
    recorder = recorders[int(random.choice(len(recorders)))]
    heard = through_channel(
        scene, Channel(recorder=recorder), sample_rate=sample_rate, random=random
    )
    if random.random() < 0.25:
        heard = _narrow(heard, sample_rate, scale, random)
    if random.random() < 0.1:
        limit = float(np.abs(heard).max()) * random.uniform(0.15, 0.6)
        heard = np.clip(heard, -limit, limit)
    heard = heard * 10 ** (random.uniform(-40, 6) / 20)
    if random.random() < 0.2:  # a file's fade or a gate
        first = int(random.uniform(0, 0.15) * samples)
        last = samples - int(random.uniform(0, 0.15) * samples)
        fade = max(1, int(random.uniform(0.002, 0.5) * sample_rate))
        place = np.arange(samples)
        heard = heard * np.clip(np.minimum(place - first, last - place) / fade, 0, 1)
    return heard.astype(np.float32), first / sample_rate, last / sample_rate


def _narrow(wave: np.ndarray, sample_rate: int, scale: float, random: Random) -> np.ndarray:
    """Cuts the band, as a low sample rate, a codec or a filter against what sings no lower does."""
    machine = Recorder(
        "narrow",
        low=float(np.exp(random.uniform(np.log(50), np.log(2000)))) * min(scale, 1.0),
        high=float(random.uniform(4500, 10_000)),
        hiss=90,
    )
    spectrum = np.asarray(fft.rfft(wave))
    frequency = np.asarray(fft.rfftfreq(len(wave), 1 / sample_rate))
    low = 1 / np.sqrt(1 + (machine.low / np.maximum(frequency, 1e-3)) ** 8)
    return np.asarray(fft.irfft(spectrum * low * (frequency < machine.high), len(wave)))
