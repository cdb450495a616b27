"""The way from the beak to the file: air, echoes, background, and the recorder.

Applied after synthesis, in this order, so that one song can be heard through any channel. Each
part can be left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from chingolo.synth.recorder.air import air_absorption
from chingolo.synth.recorder.background import (
    background,
    energy,
    frequencies,
    song_power,
    spectrum_size,
)
from chingolo.synth.recorder.families import WIDE_FAMILIES, Family
from chingolo.synth.recorder.recorders import HISS_BAND, RECORDERS, Recorder, recorder_set
from chingolo.synth.recorder.wide import WideRecorder, through, wide_recorder
from chingolo.synth.spectra.array_cache import cached_arrays
from chingolo.synth.spectra.clip import clip_at
from chingolo.synth.tables.files import InputError


@dataclass(frozen=True)
class Channel:
    """Everything between the bird and the file; None or 0 leaves a part out."""

    recorder: Recorder | None = None
    """The machine; without one the song keeps its level and band."""

    snr: float | None = None
    """Level of the song over the background, dB (mean powers, song where it sounds)."""

    noise_slope: float = -3.0
    """Spectral slope of the background noise, dB per octave; 0 is white, -3 pink."""

    distance: float = 0.0
    """m; spherical spreading from 1 m and absorption in air; 0 leaves the air out."""

    temperature: float = 20.0
    """Of the air, degrees Celsius."""

    humidity: float = 60.0
    """Relative humidity of the air, %."""

    other_singers: int = 0
    """How many other birds are heard at once; `through_channel` takes their songs."""

    other_level: float = -15.0
    """Peak level of the loudest other bird against the song's, dB; the next are 3 dB fainter."""

    echo_time: float = 0.0
    """Reverberation time (60 dB) of the place, s; 0 for none."""

    echo_level: float = -18.0
    """Level of the reverberation against the direct sound, dB."""

    wide: WideRecorder | None = None
    """A recorder at random that hears all of this, behind or in place of `recorder`."""

    @property
    def device(self) -> str:
        """What the recorder is called in song tables: its name, a wide one's family, or `none`."""
        if self.wide is not None:
            return self.wide.family
        return self.recorder.name if self.recorder else "none"


PEAK = 0.5
"""Of a song that `hear` returns; full scale is 1."""


def channel_preset(name: str) -> Channel:
    """The channel of a recorder heard at a good 20 dB.

    Args:
        name: a key of `RECORDERS`, or `none`.

    Raises:
        InputError: for another name.
    """
    if name == "none":
        return Channel()
    if name not in RECORDERS:
        raise InputError(f"no channel '{name}'; one of none, random, wide, {RECORDERS.names()}")
    return Channel(recorder=RECORDERS[name], snr=20.0, echo_time=0.4)


def random_channel(random: np.random.Generator, recorders: Sequence[Recorder]) -> Channel:
    """A channel as chance has it: recorder, distance, echoes and a signal-to-noise of 3-25 dB.

    Args:
        random: of the draw.
        recorders: to draw from; their order matters.
    """
    return Channel(
        recorder=recorders[int(random.choice(len(recorders)))],
        snr=float(random.uniform(3, 25)),
        noise_slope=float(random.uniform(-6, 0)),
        distance=float(np.exp(random.uniform(np.log(3), np.log(60)))),
        echo_time=float(random.uniform(0.1, 1.0)),
        echo_level=float(random.uniform(-26, -10)),
    )


def wide_channel(random: np.random.Generator, family: Family) -> Channel:
    """A recorder of a wide family in a place that is never quite silent: 15-40 dB below the song.

    Args:
        random: of the draw.
        family: to draw from.
    """
    return Channel(
        snr=float(random.uniform(15, 40)),
        noise_slope=float(random.uniform(-6, 0)),
        wide=wide_recorder(random, family.name),
    )


def recorders_of_channel(
    name: str, set_name: str | None
) -> tuple[str | None, tuple[Recorder, ...] | Family]:
    """The recorders that a channel of the command line may be heard through.

    Args:
        name: of the channel: `random`, `wide`, or see `channel_preset`.
        set_name: of the recorders that `random` or the family that `wide` draws from; None takes
            `field-1` and `wide-1`.

    Returns:
        Name of the set or family, None where nothing is drawn; the recorders or the family.

    Raises:
        InputError: for an unknown name, or a set beside a channel that draws nothing.
    """
    if name == "random":
        set_name = set_name or "field-1"
        return set_name, recorder_set(set_name)
    if name == "wide":
        set_name = set_name or "wide-1"
        return set_name, WIDE_FAMILIES.named(set_name)
    channel = channel_preset(name)
    if set_name is not None:
        raise InputError(f"--recorders {set_name}: only --channel random and wide draw")
    return None, (channel.recorder,) if channel.recorder else ()


def choose_channel(
    name: str, random: np.random.Generator, recorders: Sequence[Recorder] | Family
) -> Channel:
    """The channel of a name.

    Args:
        name: `random` and `wide` draw one, others are presets.
        random: of the draw.
        recorders: to draw from; see `recorders_of_channel`.
    """
    if isinstance(recorders, Family):
        return wide_channel(random, recorders)
    return random_channel(random, recorders) if name == "random" else channel_preset(name)


def through_channel(
    wave: np.ndarray,
    channel: Channel,
    *,
    sample_rate: int,
    random: np.random.Generator,
    others: tuple[np.ndarray, ...] = (),
) -> np.ndarray:
    """Hears a song through a channel.

    Args:
        wave: [samples] the song at 1 m.
        channel: what is in between.
        sample_rate: Hz.
        random: for echoes, noise and speed errors.
        others: [samples] songs of other singers; the first `channel.other_singers` are heard.

    Returns:
        [samples] float32 with the song's peak near 0.5 where there is a recorder, else unscaled.
    """
    wave = np.asarray(wave, np.float32)
    length = len(wave)
    if not length:
        return wave
    # The linear parts share one trip to the frequency domain, padded for the longest echo.
    size = spectrum_size(length + int(max(0.05, channel.echo_time) * sample_rate), sample_rate)
    spectrum = np.asarray(fft.rfft(wave, size))
    gain = np.ones(1, np.float32)
    if channel.distance > 0:
        loss = _absorption(size, sample_rate, channel.temperature, channel.humidity)
        gain = 10 ** (-loss * (channel.distance / 20)) / max(channel.distance, 1.0)
    if channel.echo_time > 0:
        gain = gain * _echoes(channel, size, sample_rate, random)
    heard = spectrum * gain
    for number, other in enumerate(others[: channel.other_singers]):
        level = 10 ** ((channel.other_level - 3 * number) / 20)
        level *= float(np.abs(wave).max()) / max(float(np.abs(other).max(initial=0)), 1e-12)
        shifted = np.roll(
            clip_at(np.asarray(other, np.float32), length, 0), random.integers(length)
        )
        heard = heard + np.asarray(fft.rfft(shifted, size)) * gain * np.float32(level)
    if channel.snr is not None:
        passed = energy(spectrum * gain) / max(energy(spectrum), 1e-30)
        power = song_power(wave, sample_rate) * passed / 10 ** (channel.snr / 10)
        heard = heard + background(channel.noise_slope, power, size, sample_rate, random)
    if channel.recorder is None:
        recorded = np.asarray(fft.irfft(heard, size), np.float32)[:length]
    else:
        recorded = _record(heard, channel.recorder, size, length, sample_rate, random)
    if channel.wide is None:
        return recorded
    return through(channel.wide, recorded, sample_rate, take=int(random.integers(2**32)))


def hear(
    wave: np.ndarray,
    channel: Channel,
    others: tuple[np.ndarray, ...],
    sample_rate: int,
    random: np.random.Generator,
) -> np.ndarray:
    """The song with 0.15 s before and after it, through the channel, its peak at `PEAK`."""
    wave = np.pad(wave, round(0.15 * sample_rate))
    wave = through_channel(wave, channel, sample_rate=sample_rate, random=random, others=others)
    peak = float(np.abs(wave).max())
    return wave * (PEAK / peak) if peak > 0 else wave


@cached_arrays
def _absorption(size: int, sample_rate: int, temperature: float, humidity: float) -> np.ndarray:
    loss = air_absorption(
        frequencies(size, sample_rate), temperature=temperature, humidity=humidity
    )
    return loss.astype(np.float32)


@cached_arrays
def _band(recorder: Recorder, size: int, sample_rate: int) -> np.ndarray:
    frequency = frequencies(size, sample_rate)
    low = 1 / np.sqrt(1 + (recorder.low / np.maximum(frequency, 1e-3)) ** 4)
    return (low / np.sqrt(1 + (frequency / recorder.high) ** 8)).astype(np.float32)


def _echoes(
    channel: Channel, size: int, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    """Response of the direct sound with a tail of noise that decays 60 dB in the echo time."""
    count = max(1, int(channel.echo_time * sample_rate))
    time = np.arange(1, count + 1, dtype=np.float32) / np.float32(sample_rate)
    tail = random.standard_normal(count, dtype=np.float32)
    tail *= np.exp(time * np.float32(-3 * np.log(10) / channel.echo_time))
    tail *= 10 ** (channel.echo_level / 20) / np.sqrt(np.dot(tail, tail))
    return 1 + np.asarray(fft.rfft(np.concatenate([[np.float32(0)], tail]), size))


def _record(
    heard: np.ndarray,
    recorder: Recorder,
    size: int,
    length: int,
    sample_rate: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Level, speed errors, saturation and hiss in time; the machine's band in frequency."""
    wave = np.asarray(fft.irfft(heard, size), np.float32)[:length]
    if recorder.wow or recorder.flutter or recorder.speed:
        wave = _with_speed_errors(wave, recorder, sample_rate, random)
    peak = float(np.abs(wave).max())
    if peak > 0:
        wave = wave * (0.5 / peak)
    if recorder.drive:
        wave = np.tanh(wave * (2 * recorder.drive)) / (2 * recorder.drive)
    hiss = random.standard_normal(length, dtype=np.float32)
    level = 0.5 * 10 ** (-recorder.hiss / 20) * np.sqrt(0.5 * sample_rate / HISS_BAND)
    wave = wave + hiss * np.float32(level)
    spectrum = np.asarray(fft.rfft(wave, size)) * _band(recorder, size, sample_rate)
    return np.asarray(fft.irfft(spectrum, size), np.float32)[:length]


def _with_speed_errors(
    wave: np.ndarray, recorder: Recorder, sample_rate: int, random: np.random.Generator
) -> np.ndarray:
    """Reads the wave at a wrong and wavering speed, by cubic interpolation (Catmull-Rom)."""
    knots = np.arange(0, len(wave) + sample_rate // 200, max(1, sample_rate // 200))
    shift = recorder.speed * knots.astype(float)  # slow: points of 5 ms, joined by lines, say it
    for rate, depth in ((0.6, recorder.wow), (7.0, recorder.flutter)):
        phase = random.uniform(0, 2 * np.pi)
        angle = 2 * np.pi * rate * knots / sample_rate + phase
        shift += depth * sample_rate / (2 * np.pi * rate) * np.sin(angle)
    index = np.arange(len(wave))
    position = index + np.interp(index, knots, shift)
    if len(wave) < 5:
        return wave
    if recorder.speed > 0:
        wave = np.append(wave, np.zeros(int(position[-1]) + 4 - len(wave), np.float32))
    whole = np.clip(position.astype(int), 1, len(wave) - 3)
    u = np.clip(position - whole, 0, 1).astype(np.float32)
    p0, p1, p2, p3 = (wave[whole + offset] for offset in (-1, 0, 1, 2))
    return p1 + 0.5 * u * (
        p2 - p0 + u * (2 * p0 - 5 * p1 + 4 * p2 - p3 + u * (3 * (p1 - p2) + p3 - p0))
    )
