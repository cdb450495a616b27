"""Recorders that the package does not model, for the measures of drift: scipy and ffmpeg alone.

Each takes a whole recording, [samples] and its rate, and a generator, and gives a recording.
"""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal
from scipy.io import wavfile

Chain = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]


def scaled(wave: np.ndarray) -> np.ndarray:
    """The wave with its peak at 0.5."""
    return 0.5 * wave / max(float(np.abs(wave).max()), 1e-12)


def _noise(wave: np.ndarray, random: np.random.Generator, slope: float) -> np.ndarray:
    """Noise of power 1 / f^slope and as much power as the wave has where it is loud."""
    spectrum = np.fft.rfft(random.standard_normal(len(wave)))
    hertz = np.maximum(np.arange(len(spectrum)), len(spectrum) / 200)
    noise = np.fft.irfft(spectrum * hertz ** (-slope / 2), len(wave))
    loud = np.mean(wave[np.abs(wave) > 0.2 * np.abs(wave).max()] ** 2)
    return noise / noise.std() * np.sqrt(loud)


def noise_at(decibel: float, slope: float = 0.0) -> Chain:
    """Noise that lies so many dB below the song."""
    return lambda wave, rate, random: wave + 10 ** (-decibel / 20) * _noise(wave, random, slope)


def room(decay: float, direct: float) -> Chain:
    """A room that decays by 60 dB in `decay` s; `direct` is the direct sound's share of energy."""

    def chain(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
        time = np.arange(int(1.2 * decay * rate)) / rate
        tail = random.standard_normal(len(time)) * 10 ** (-3 * time / decay)
        tail[: int(0.003 * rate)] = 0
        tail *= np.sqrt((1 - direct) / direct / np.sum(tail**2))
        tail[0] = 1.0
        return signal.fftconvolve(wave, tail)[: len(wave)]

    return chain


def gain_control(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
    """Automatic gain: attack 3 ms, release 150 ms, 4 : 1."""
    size = np.abs(signal.hilbert(wave))
    level = np.empty_like(size)
    up, down = 1 - np.exp(-1 / (0.003 * rate)), 1 - np.exp(-1 / (0.15 * rate))
    now = 0.0
    for place, value in enumerate(size):
        now += (up if value > now else down) * (value - now)
        level[place] = now
    return wave * np.maximum(level, 0.02 * level.max()) ** -0.75


def clip_hard(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
    """All above a fifth of the peak is cut."""
    most = 0.2 * np.abs(wave).max()
    return np.clip(wave, -most, most)


def tilted(decibel: float) -> Chain:
    """A response that rises by so many dB from 1 to 10 kHz, with three resonances."""

    def chain(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
        hertz = np.fft.rfftfreq(len(wave), 1 / rate)
        shape = decibel * np.log10(np.clip(hertz, 300, 12_000) / 1000)
        for _ in range(3):
            centre = np.exp(random.uniform(np.log(1500), np.log(8000)))
            away = np.log(np.maximum(hertz, 1) / centre) / 0.08
            shape += random.uniform(-12, 12) * np.exp(-0.5 * away**2)
        return np.fft.irfft(np.fft.rfft(wave) * 10 ** (shape / 20), len(wave))

    return chain


def band(low: float, high: float) -> Chain:
    """A band with slopes of 24 dB an octave."""

    def chain(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
        sections = signal.butter(4, [low, high], "bandpass", fs=rate, output="sos")
        return np.asarray(signal.sosfilt(sections, wave))

    return chain


def hum(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
    """Mains hum with its overtones to 2 kHz, as loud as the song, over a rumble."""
    time = np.arange(len(wave)) / rate
    tones = sum(np.sin(2 * np.pi * 50 * k * time + k * k) / k for k in range(1, 41))
    loud = np.sqrt(np.mean(wave[np.abs(wave) > 0.2 * np.abs(wave).max()] ** 2))
    return wave + loud * np.asarray(tones) + 0.5 * _noise(wave, random, 2.5)


def codec(name: str, bits: str) -> Chain:
    """Through an encoder of ffmpeg and back."""

    def chain(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            source, coded, back = (Path(folder) / each for each in ("a.wav", "b.ogg", "c.wav"))
            coded = coded.with_suffix({"libmp3lame": ".mp3", "libopus": ".ogg"}[name])
            wavfile.write(source, rate, (32_000 * scaled(wave)).astype(np.int16))
            call = ["ffmpeg", "-v", "error", "-y", "-i"]
            encode = [*call, str(source), "-c:a", name, "-b:a", bits, str(coded)]
            subprocess.run(encode, check=True)
            subprocess.run([*call, str(coded), "-ar", str(rate), str(back)], check=True)
            heard = wavfile.read(back)[1].astype(float)
        return np.pad(heard, (0, max(0, len(wave) - len(heard))))[: len(wave)]

    return chain


def _both(*chains: Chain) -> Chain:
    def chain(wave: np.ndarray, rate: int, random: np.random.Generator) -> np.ndarray:
        for each in chains:
            wave = each(scaled(wave), rate, random)
        return wave

    return chain


CHAINS: dict[str, Chain] = {
    "noise 10 dB": noise_at(10),
    "rumble 0 dB": noise_at(0, 2),
    "room 0.8 s": room(0.8, 0.5),
    "hall 1.2 s, far": room(1.2, 0.25),
    "gain control": gain_control,
    "hard clipping": clip_hard,
    "rising response": tilted(20),
    "falling response": tilted(-20),
    "band 0.7-5.5 kHz": band(700, 5500),
    "hum": hum,
    "mp3 32 kb/s": codec("libmp3lame", "32k"),
    "opus 12 kb/s": codec("libopus", "12k"),
    "room, gain, noise": _both(room(0.8, 0.5), gain_control, noise_at(15)),
    "band, clipping, noise": _both(band(700, 5500), clip_hard, noise_at(15)),
}
"""None of their figures may enter the package."""
