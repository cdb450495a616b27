"""Songs of two eras made alike in channel, and modern ones sent through the historical one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from chingolo.analysis.change.design.eras import HISTORICAL, MODERN, Eras
from chingolo.analysis.recorder.channel_measures import (
    SONG_BAND,
    EraChannel,
    SongChannel,
    measure_channel,
    measure_era,
)
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.tables.files import InputError


@dataclass(frozen=True)
class Equalised:
    """Songs of two eras made alike in channel."""

    waves: list[np.ndarray]
    """[samples] float32 of each song, band and noise made alike; empty for songs of neither era."""

    rerecorded: list[np.ndarray]
    """[samples] of each modern song sent through the historical recorder, then made alike in the
    same way; for historical songs those of `waves`."""

    remarks: tuple[str, ...]
    """What was measured and done, in sentences."""


def band_limited(wave: np.ndarray, low: float, high: float, *, sample_rate: int) -> np.ndarray:
    """Zero-phase band limits: -6 dB at `low` and `high` (Butterworth, both ways); [samples]."""
    limits = [max(low, 20.0), min(high, 0.49 * sample_rate)]
    sos = signal.butter(4, limits, "band", fs=sample_rate, output="sos")
    return np.asarray(signal.sosfiltfilt(sos, wave, padlen=min(len(wave) - 1, 200)))


def with_noise(
    wave: np.ndarray,
    measured: float,
    wanted: float,
    *,
    sample_rate: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Adds white noise where the song stands further above its background than is wanted.

    Args:
        wave: [samples] audio.
        measured: song over background now, dB.
        wanted: song over background afterwards, dB.
        sample_rate: Hz.
        random: of the noise.
    """
    if measured <= wanted:
        return wave
    limits = [SONG_BAND[0], min(SONG_BAND[1], 0.49 * sample_rate)]
    band = signal.butter(4, limits, "band", fs=sample_rate, output="sos")
    noise = random.standard_normal(len(wave))
    # the level of the song within the song band, as `measure_channel` takes it
    filtered = np.asarray(signal.sosfilt(band, wave))
    frames = filtered[: len(filtered) // 256 * 256].reshape(-1, 256)
    power = (frames**2).mean(axis=1) if len(frames) else np.array([np.mean(filtered**2)])
    song = power[power >= 0.01 * power.max()].mean()
    missing = song * (10 ** (-wanted / 10) - 10 ** (-measured / 10))
    return wave + noise * np.sqrt(missing / np.mean(np.square(signal.sosfilt(band, noise))))


def equalise(
    waves: Sequence[np.ndarray],
    eras: Eras,
    *,
    sample_rate: int,
    devices: Sequence[str] = (),
    nyquist: Sequence[float] = (),
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> Equalised:
    """Makes the channels of two eras alike, and re-records the modern songs as the old were.

    Every song is limited to the band that both eras have, and gets noise until it stands no further
    above its background than the median song of the noisier era. The modern songs are also sent
    through the historical recorder first: the named ones in the historical shares, or else the
    measured band and noise.

    Args:
        waves: [samples] audio of each song; of songs of neither era it is not read.
        eras: era of each song.
        sample_rate: of all waves, Hz.
        devices: recorder of each song as its table names it, "" for unknown; empty where no
            recorder is named at all.
        nyquist: half the sample rate of each song's own file, Hz; empty: of `sample_rate`.
        seed: of the noise.
        tell: takes lines of progress.

    Raises:
        InputError: if the eras share no band.
    """
    rows = np.flatnonzero(eras.of_song >= 0).tolist()
    channels = {
        row: measure_channel(
            waves[row],
            sample_rate=sample_rate,
            nyquist=nyquist[row] if len(nyquist) else sample_rate / 2,
        )
        for row in rows
    }

    def of_era(era: int) -> EraChannel:
        own = [row for row in rows if eras.of_song[row] == era]
        named = [devices[row] for row in own] if len(devices) else []
        return measure_era([channels[row] for row in own], named, sample_rate=sample_rate)

    old, young = of_era(HISTORICAL), of_era(MODERN)
    low, high = max(old.low, young.low), min(old.high, young.high)
    if high < 2 * low:
        raise InputError(
            f"the recorders of the eras share no band ({low:.0f} to {high:.0f} Hz): nothing can "
            "be compared"
        )
    snr = min(old.snr, young.snr)

    def alike(wave: np.ndarray, channel: SongChannel, random: np.random.Generator) -> np.ndarray:
        wave = with_noise(wave, channel.snr, snr, sample_rate=sample_rate, random=random)
        return _within_scale(band_limited(wave, low, high, sample_rate=sample_rate))

    own = [np.zeros(0, np.float32)] * len(waves)
    again = list(own)
    for place, row in enumerate(rows):
        wave, channel = waves[row], channels[row]
        random = np.random.default_rng([seed, row])
        own[row] = again[row] = alike(wave, channel, random)
        if eras.of_song[row] == MODERN:
            copy = _as_historical(wave, channel, old, sample_rate=sample_rate, random=random)
            measured = measure_channel(copy, sample_rate=sample_rate, nyquist=channel.nyquist)
            again[row] = alike(copy, measured, random)
        if (place + 1) % 500 == 0:
            tell(f"{place + 1} of {len(rows)} songs re-recorded")
    remarks = (
        old.sentence(eras.historical),
        young.sentence(eras.modern),
        f"All songs were limited to {low:.0f} to {high:.0f} Hz at one sample rate, and noise was "
        f"added until none stood more than {snr:.0f} dB over its background.",
    )
    return Equalised(own, again, remarks)


def _as_historical(
    wave: np.ndarray,
    channel: SongChannel,
    old: EraChannel,
    *,
    sample_rate: int,
    random: np.random.Generator,
) -> np.ndarray:
    """One modern song through the historical recorder and at the historical noise."""
    wave = with_noise(wave, channel.snr, old.snr, sample_rate=sample_rate, random=random)
    if old.devices:
        recorder = Channel(recorder=RECORDERS[str(random.choice(old.devices))], snr=None)
        return through_channel(wave, recorder, sample_rate=sample_rate, random=random)
    return band_limited(wave, old.low, old.high, sample_rate=sample_rate)


def _within_scale(wave: np.ndarray) -> np.ndarray:
    """[samples] float32 that peak at 0.9 of full scale at most."""
    peak = float(np.abs(wave).max())
    return np.asarray(wave * (0.9 / peak if peak > 0.9 else 1.0), np.float32)
