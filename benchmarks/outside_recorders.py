"""Recorders of other people: chains of sox, ffmpeg and plain filters that the package never saw.

Each chain takes a whole recording, never a cut song, and is a pure function of (wave, rate, seed):
the seed draws the machine (a room, a response); seed and wave together draw what is never twice the
same (wind, hum). Nothing here is imported by the package, no figure of a chain may enter the
recorders of `synth/recorder`, and nothing of them is read here.

Four groups, written down before any of them was run on a method:

- `named`: the chains that the design page and the issue name;
- `tuning`: half of those of our own making; the method is tuned on these and `named`, seeds 0 to 2;
- `unseen`: the other half, run only once the method is fixed, on seeds from 100 on. What they gave
  the first time is what is reported.
- `kept`: written down when the method had been changed for what `unseen` gave, and before any of
  them was run; reported from seed 100 on, as `unseen` was.
"""

import subprocess
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

import numpy as np
import soxr
from scipy import fft, signal

NAMED, TUNING, UNSEEN, KEPT = "named", "tuning", "unseen", "kept"
PEAK = 0.5
"""Of a recording as a chain gets it, full scale being 1: what clips or compresses depends on it."""

LATEST_S = 0.25
"""The longest delay that a codec is freed from, s."""

Apply = Callable[[np.ndarray, int, int], np.ndarray]


class ToolError(RuntimeError):
    """An outside tool failed."""


@dataclass(frozen=True)
class Chain:
    """What one recording goes through."""

    name: str
    group: str
    """`named`, `tuning`, `unseen` or `kept`."""

    process: Apply
    """([samples], Hz, seed) -> [samples]; what `apply` frames."""

    needs: tuple[str, ...] = ()
    """Programs, and encoders of ffmpeg as `ffmpeg:libopus`."""

    speed: float = 1.0
    """How many times faster the recording runs; times in it are divided by this."""

    def apply(self, wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        """The recording as heard through the chain.

        Args:
            wave: [samples] a whole recording, mono.
            rate: Hz.
            seed: draws the machine.

        Returns:
            [samples / speed] float32 at the same rate, peak at most 1.

        Raises:
            ToolError: where a program fails or gives silence.
        """
        loudest = float(np.abs(wave).max(initial=0.0))
        if loudest == 0:
            raise ToolError(f"{self.name}: a silent recording")
        heard = self.process(np.asarray(wave, np.float64) * (PEAK / loudest), rate, seed)
        heard = fitted(heard, round(len(wave) / self.speed))
        peak = float(np.abs(heard).max())
        if not np.isfinite(peak) or peak < 1e-4:
            raise ToolError(f"{self.name}: what comes out is silent, or not finite")
        return (heard / max(peak, 1.0)).astype(np.float32)


def missing(chain: Chain) -> str:
    """Which program or encoder a chain lacks here; "" where it can run."""
    for need in chain.needs:
        program, _, encoder = need.partition(":")
        if which(program) is None:
            return f"{program} is not installed"
        if encoder and encoder not in _encoders():
            return f"this ffmpeg has no encoder {encoder}"
    return ""


@cache
def _encoders() -> frozenset[str]:
    listed = _run(["ffmpeg", "-hide_banner", "-encoders"], b"").decode()
    return frozenset(line.split()[1] for line in listed.splitlines() if len(line.split()) > 1)


def _run(words: list[str], given: bytes) -> bytes:
    done = subprocess.run(words, input=given, capture_output=True, check=False)
    if done.returncode:
        raise ToolError(f"{' '.join(words)}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout


def fitted(wave: np.ndarray, samples: int) -> np.ndarray:
    """[samples]: cut at its end, or silence added there."""
    return np.pad(wave[:samples], (0, max(0, samples - len(wave))))


def delay(heard: np.ndarray, wave: np.ndarray, rate: int) -> int:
    """By how many samples `heard` lags behind `wave`, by the largest cross-correlation.

    Args:
        heard: [samples]
        wave: [samples]
        rate: Hz; lags of up to `LATEST_S` either way are looked at.
    """
    size = fft.next_fast_len(len(heard) + len(wave), real=True)
    spectrum = np.asarray(fft.rfft(heard, size)) * np.conj(np.asarray(fft.rfft(wave, size)))
    both = np.abs(np.asarray(fft.irfft(spectrum, size)))
    most = int(LATEST_S * rate)
    lags = np.r_[0 : most + 1, -most:0]
    return int(lags[np.argmax(both[lags])])


def _aligned(heard: np.ndarray, wave: np.ndarray, rate: int) -> np.ndarray:
    late = delay(heard, wave, rate)
    return heard[late:] if late > 0 else np.pad(heard, (-late, 0))


def sox(*effects: str, align: bool = False) -> Apply:
    """A chain of sox effects."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        raw = ["-t", "f32", "-r", str(rate), "-c", "1", "-"]
        words = ["sox", "-D", "-R", *raw, *raw, *effects]
        heard = np.frombuffer(_run(words, wave.astype("<f4").tobytes()), "<f4").astype(float)
        return _aligned(heard, wave, rate) if align else heard

    return process


def _ffmpeg(given: bytes, *words: str) -> bytes:
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-threads", "1", *words]
    return _run(command, given)


def _raw(rate: int) -> list[str]:
    return ["-f", "f32le", "-ar", str(rate), "-ac", "1"]


def ffmpeg_filter(graph: str) -> Apply:
    """A chain of ffmpeg filters, freed from its delay."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        given = wave.astype("<f4").tobytes()
        out = _ffmpeg(given, *_raw(rate), "-i", "pipe:0", "-af", graph, *_raw(rate), "pipe:1")
        return _aligned(np.frombuffer(out, "<f4").astype(float), wave, rate)

    return process


def codec(encoder: str, ending: str, rate_coded: int, *options: str) -> Apply:
    """Through a codec of ffmpeg and back, freed from its delay.

    Args:
        encoder: of ffmpeg.
        ending: of the file that carries it.
        rate_coded: Hz at which it is coded.
        options: of the encoder.
    """

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        given = wave.astype("<f4").tobytes()
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / f"coded.{ending}")
            coded = ["-c:a", encoder, "-ar", str(rate_coded), *options, file]
            _ffmpeg(given, *_raw(rate), "-i", "pipe:0", *coded)
            out = _ffmpeg(b"", "-i", file, *_raw(rate), "pipe:1")
        return _aligned(np.frombuffer(out, "<f4").astype(float), wave, rate)

    return process


def _noise(wave: np.ndarray, seed: int) -> np.random.Generator:
    """What no two recordings share: drawn by the seed and the recording itself."""
    return np.random.default_rng([seed, zlib.crc32(wave.astype("<f4").tobytes())])


def _level(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(wave**2)))


def band(low: float, high: float, order: int = 4) -> Apply:
    """Butterworth band-pass, Hz."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        top = min(high, 0.49 * rate)
        sections = signal.butter(order, [low, top], "bandpass", fs=rate, output="sos")
        return np.asarray(signal.sosfilt(sections, wave))

    return process


def gain_control(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Automatic gain: level kept at -14 dB, at most 30 dB up, 10 ms to duck, 400 ms to recover."""
    hop = max(1, rate // 200)
    frames = np.pad(wave, (0, -len(wave) % hop)).reshape(-1, hop)
    levels = 20 * np.log10(np.sqrt((frames**2).mean(axis=1)) + 1e-6)
    held, followed = levels[0], np.empty(len(levels))
    fast, slow = np.exp(-hop / rate / 0.010), np.exp(-hop / rate / 0.400)
    for index, level in enumerate(levels):
        held = level + (fast if level > held else slow) * (held - level)
        followed[index] = held
    gains = np.clip(-14 - followed, -20, 30)
    times = (np.arange(len(gains)) + 0.5) * hop
    return wave * 10 ** (np.interp(np.arange(len(wave)), times, gains) / 20)


def in_turn(*parts: Apply) -> Apply:
    """One chain after the other."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        for part in parts:
            wave = part(wave, rate, seed)
        return wave

    return process


def room(
    decay_s: float, reverberant_db: float, modes: tuple[float, ...] = (), first_ms: float = 4.0
) -> Apply:
    """Convolution with the impulse response of a room drawn by the seed.

    Args:
        decay_s: time in which its sound falls by 60 dB, below 2 kHz; half of it at 8 kHz.
        reverberant_db: energy of the reverberation against the direct sound, dB.
        modes: resonances that ring on, Hz.
        first_ms: when the first reflections come, ms.
    """

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        random = np.random.default_rng([seed, 5])
        time = np.arange(int(1.2 * decay_s * rate)) / rate
        tail = np.zeros(len(time))
        for low, high, share in ((100, 2000, 1.0), (2000, 4500, 0.8), (4500, 0.45 * rate, 0.5)):
            sections = signal.butter(2, [low, high], "bandpass", fs=rate, output="sos")
            noise = np.asarray(signal.sosfilt(sections, random.standard_normal(len(time))))
            tail += noise * 10 ** (-3 * time / (share * decay_s))
        for mode in modes:
            ring = np.sin(2 * np.pi * mode * time + random.uniform(0, 6))
            tail += 0.25 * ring * 10 ** (-3 * time / decay_s)
        tail[: int(first_ms / 1000 * rate)] = 0
        early = (random.uniform(first_ms, 8 * first_ms, 8) / 1000 * rate).astype(int)
        tail[early] += (
            random.choice([-1, 1], 8) * 4 * np.abs(tail).max() * random.uniform(0.3, 1, 8)
        )
        tail *= 10 ** (reverberant_db / 20) / np.sqrt((tail**2).sum())
        tail[0] += 1
        return np.asarray(signal.fftconvolve(wave, tail))[: len(wave)]

    return process


def response(points: tuple[tuple[float, float], ...], spread_db: float = 2.0) -> Apply:
    """A microphone's response, linear phase: (Hz, dB) points, each moved a little by the seed."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        random = np.random.default_rng([seed, 7])
        frequency, gain = np.array(points).T
        gain = gain + random.normal(0, spread_db, len(gain))
        grid = np.linspace(0, rate / 2, 257)
        wanted = 10 ** (np.interp(np.log(grid + 20), np.log(frequency + 20), gain) / 20)
        taps = signal.firwin2(513, grid, wanted, fs=rate)
        return np.asarray(signal.fftconvolve(wave, taps, mode="same"))

    return process


def clip_hard(share: float) -> Apply:
    """All above this share of the peak is cut off."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        most = share * np.abs(wave).max()
        return np.clip(wave, -most, most) * (PEAK / most)

    return process


def _coloured(random: np.random.Generator, samples: int, rate: int, slope: float) -> np.ndarray:
    """[samples] of level 1; its power changes by `slope` dB per octave from 40 Hz on."""
    spectrum = fft.rfft(random.standard_normal(samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / rate), 40.0)
    noise = fft.irfft(
        np.asarray(spectrum) * (frequency / 40) ** (slope / 20 / np.log10(2)), samples
    )
    return np.asarray(noise) / _level(np.asarray(noise))


def rumble(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Noise that falls by 6 dB an octave, 6 dB louder than the recording in all."""
    return wave + 2 * _level(wave) * _coloured(_noise(wave, seed), len(wave), rate, -6.0)


def hum_and_street(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Mains hum of 50 Hz with 40 harmonics, and a street that swells and ebbs."""
    random, time = _noise(wave, seed), np.arange(len(wave)) / rate
    hum = np.zeros(len(wave))
    for harmonic in range(1, 41):
        hum += np.sin(2 * np.pi * 50 * harmonic * time + random.uniform(0, 6)) / harmonic
    swell = 1 + 0.6 * np.sin(2 * np.pi * time / random.uniform(3, 8) + random.uniform(0, 6))
    street = swell * _coloured(random, len(wave), rate, -4.5)
    return wave + _level(wave) * (0.7 * hum / _level(hum) + 0.8 * street)


def wind(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Gusts: steep noise, and a broad hiss of leaves that follows them."""
    random = _noise(wave, seed)
    knots = random.lognormal(0, 0.8, int(len(wave) / rate / 0.4) + 3)
    gusts = np.interp(np.arange(len(wave)), np.arange(len(knots)) * 0.4 * rate, knots)
    low = _coloured(random, len(wave), rate, -9.0)
    leaves = _coloured(random, len(wave), rate, -1.0)
    return wave + _level(wave) * gusts * (1.5 * low + 0.12 * leaves)


def coarse(bits: int) -> Apply:
    """Few bits a sample, no dither."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        step = 2.0 ** (1 - bits)
        return np.round(wave / step) * step

    return process


def wow_and_flutter(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Speed that wavers by 0.6 % at 0.8 Hz and 0.4 % at 9 Hz; on the whole it is right."""
    random, time = _noise(wave, seed), np.arange(len(wave)) / rate
    shift = np.zeros(len(wave))
    for depth, hertz in ((0.006, 0.8), (0.004, 9.0)):
        angle = 2 * np.pi * hertz * time + random.uniform(0, 6)
        shift += depth / (2 * np.pi * hertz) * np.sin(angle)
    fine = soxr.resample(wave, rate, 8 * rate)
    return np.interp((time + shift) * 8 * rate, np.arange(len(fine)), fine)


def unfiltered(rate_low: int) -> Apply:
    """Sampled at a low rate without a filter before, so that what is above folds back."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        moments = np.arange(0, len(wave) / rate, 1 / rate_low)
        sampled = np.interp(moments * rate, np.arange(len(wave)), wave)
        return soxr.resample(sampled, rate_low, rate)

    return process


def wall(late_ms: float, gain: float) -> Apply:
    """A comb: one reflection from a wall beside the microphone."""

    def process(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
        late = round(late_ms / 1000 * rate)
        return wave + gain * np.pad(wave, (late, 0))[: len(wave)]

    return process


def lost_packets(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """One packet of 20 ms in twelve does not arrive, and the one before is heard again, fainter."""
    random = _noise(wave, seed)
    packet = round(0.02 * rate)
    packets = np.pad(wave, (0, -len(wave) % packet)).reshape(-1, packet).copy()
    for number in np.flatnonzero(random.random(len(packets) - 1) < 1 / 12) + 1:
        packets[number] = 0.7 * packets[number - 1]
    return packets.ravel()[: len(wave)]


def fading(wave: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """A radio's link: level that falls and rises by 25 dB over seconds."""
    random = _noise(wave, seed)
    knots = random.uniform(-25, 0, int(len(wave) / rate / 0.7) + 3)
    level = np.interp(np.arange(len(wave)), np.arange(len(knots)) * 0.7 * rate, knots)
    return wave * 10 ** (level / 20)


CHEAP = ((0, -40), (300, -12), (900, -2), (2000, 2), (3000, 10), (4200, -8), (6000, 4), (9000, -18))
LAPEL = ((0, -20), (500, 0), (2500, 0), (3300, -16), (4000, 0), (5500, -9), (9000, -14))

CHAINS: tuple[Chain, ...] = (
    Chain("mp3, 32 kb/s", NAMED, codec("libmp3lame", "mp3", 22_050, "-b:a", "32k"),
          ("ffmpeg:libmp3lame",)),
    Chain("band 0.7-5.5 kHz with automatic gain", NAMED, in_turn(band(700, 5500), gain_control)),
    Chain("reverberant room", NAMED, room(0.7, 0.0)),
    Chain("hall", NAMED, sox("reverb", "80", "30", "100", "100", "10", "5"), ("sox",)),
    Chain("2 % faster", NAMED, sox("speed", "1.02", "rate", "-h"), ("sox",), speed=1.02),
    Chain("hard clipping", NAMED, clip_hard(0.1)),
    Chain("a cheap microphone's response", NAMED, response(CHEAP)),
    Chain("gain control", NAMED, gain_control),
    Chain("opus, 12 kb/s", NAMED, codec("libopus", "ogg", 24_000, "-b:a", "12k"),
          ("ffmpeg:libopus",)),
    Chain("rumble louder than the song", NAMED, rumble),
    Chain("tiled bathroom", TUNING, room(0.5, 3.0, modes=(2310.0, 3170.0, 4450.0), first_ms=2.0)),
    Chain("compressor", TUNING,
          sox("compand", "0.005,0.15", "6:-60,-40,-30,-16,0,-9", "0", "-20"), ("sox",)),
    Chain("noise reduction", TUNING, ffmpeg_filter("afftdn=nr=30:nf=-35"), ("ffmpeg",)),
    Chain("6 bits a sample", TUNING, coarse(6)),
    Chain("wow and flutter", TUNING, wow_and_flutter),
    Chain("aac, 20 kb/s", TUNING, codec("aac", "m4a", 22_050, "-b:a", "20k"), ("ffmpeg:aac",)),
    Chain("mains hum and street", TUNING, hum_and_street),
    Chain("telephone, u-law 8 kHz", TUNING, codec("pcm_mulaw", "wav", 8000), ("ffmpeg:pcm_mulaw",)),
    Chain("lapel microphone under a coat", TUNING, response(LAPEL)),
    Chain("3 % slower", TUNING, sox("speed", "0.97", "rate", "-h"), ("sox",), speed=0.97),
    Chain("overdrive", UNSEEN, sox("overdrive", "25", "20", "gain", "-n", "-6"), ("sox",)),
    Chain("wall beside the microphone", UNSEEN, wall(0.9, 0.85)),
    Chain("speex, wideband", UNSEEN, codec("libspeex", "spx", 16_000, "-b:a", "12k"),
          ("ffmpeg:libspeex",)),
    Chain("vorbis, lowest quality", UNSEEN, codec("libvorbis", "ogg", 22_050, "-q:a", "-1"),
          ("ffmpeg:libvorbis",)),
    Chain("11.025 kHz without a filter", UNSEEN, unfiltered(11_025)),
    Chain("loudness levelled", UNSEEN, ffmpeg_filter("dynaudnorm=f=100:g=5:m=30"), ("ffmpeg",)),
    Chain("wind", UNSEEN, wind),
    Chain("garage", UNSEEN, sox("reverb", "85", "70", "70", "100", "0", "5"), ("sox",)),
    Chain("flanger", UNSEEN, sox("flanger", "0", "3", "20", "80", "0.4"), ("sox",)),
    Chain("a cliff's echoes", UNSEEN, ffmpeg_filter("aecho=0.9:0.8:70|150|260:0.6|0.4|0.25"),
          ("ffmpeg",)),
    Chain("gsm full rate", KEPT, codec("libgsm", "gsm", 8000), ("ffmpeg:libgsm",)),
    Chain("g.726, 24 kb/s", KEPT, codec("g726", "wav", 8000, "-b:a", "24k"), ("ffmpeg:g726",)),
    Chain("wma, 24 kb/s", KEPT, codec("wmav2", "wma", 22_050, "-b:a", "24k"), ("ffmpeg:wmav2",)),
    Chain("mp2, 32 kb/s", KEPT, codec("mp2", "mp2", 22_050, "-b:a", "32k"), ("ffmpeg:mp2",)),
    Chain("adpcm, 11.025 kHz", KEPT, codec("adpcm_ima_wav", "wav", 11_025),
          ("ffmpeg:adpcm_ima_wav",)),
    Chain("phaser", KEPT, sox("phaser", "0.8", "0.74", "3", "0.4", "0.5", "-t"), ("sox",)),
    Chain("lost packets", KEPT, lost_packets),
    Chain("fading radio link", KEPT, fading),
    Chain("three bands compressed", KEPT,
          sox("mcompand", "0.005,0.1 6:-47,-40,-34,-34,-17,-33", "1500",
              "0.003,0.05 6:-47,-40,-34,-34,-17,-33", "4500",
              "0.001,0.05 6:-47,-40,-34,-34,-17,-33"), ("sox",)),
    Chain("noise gate", KEPT, ffmpeg_filter("agate=threshold=0.03:ratio=6:attack=3:release=60"),
          ("ffmpeg",)),
)  # fmt: skip

NO_CHAIN = Chain("none", NAMED, lambda wave, rate, seed: wave)
"""The halves as they are."""
