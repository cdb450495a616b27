"""The recording channel: measured in each era, made alike, and imposed for the placebo."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from scipy import signal

from chingolo.analysis.change.eras import HISTORICAL, MODERN, Eras
from chingolo.synth.recorder.channel import Channel, through_channel
from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError

SAMPLE_RATE = 22050
SONG_BAND = (1000.0, 10_000.0)
"""Band where song is weighed against noise, Hz; the channel's own ratios are set there too."""


@dataclass(frozen=True)
class SongChannel:
    """What one recording tells of its channel."""

    snr: float
    """Song over background in the song band, dB."""

    floor: np.ndarray
    """[frequencies] background, dB against its mean between 2 and 6 kHz."""

    nyquist: float
    """Half the sample rate of the file, Hz."""


@dataclass(frozen=True)
class EraChannel:
    """What the recordings of one era have in common."""

    devices: tuple[str, ...]
    """Device of each song, where the table names a known recorder for all; else empty."""

    low: float
    """Lower band limit, Hz."""

    high: float
    """Upper band limit, Hz."""

    snr: float
    """Median song over background, dB."""

    def sentence(self, era: str) -> str:
        """One sentence for the report."""
        known = f" ({', '.join(sorted(set(self.devices)))})" if self.devices else " (measured)"
        return (
            f"{era}: band {self.low:.0f} to {self.high:.0f} Hz{known}, median song "
            f"{self.snr:.0f} dB over background."
        )


@dataclass(frozen=True)
class Equalised:
    """Two tables of songs made alike in channel, as files."""

    songs: pd.DataFrame
    """All songs of both eras, band and noise made alike."""

    rerecorded: pd.DataFrame
    """The modern songs sent through the historical recorder, then made alike in the same way."""

    notes: tuple[str, ...]
    """What was measured and done, in sentences."""


def measure_channel(wave: np.ndarray, *, sample_rate: int, nyquist: float) -> SongChannel:
    """Measures one song's channel.

    The song's power is the mean over frames within 20 dB of the loudest, the background's the 10th
    percentile over frames, which a song with pauses leaves free.

    Args:
        wave: [samples] audio.
        sample_rate: Hz.
        nyquist: half the sample rate of the file itself, Hz.
    """
    window = min(512, len(wave))
    frequency, _, power = signal.spectrogram(
        wave, sample_rate, nperseg=window, noverlap=window // 2
    )
    band = (frequency >= SONG_BAND[0]) & (frequency <= SONG_BAND[1])
    level = power[band].sum(axis=0)
    floor = np.quantile(power, 0.1, axis=1)
    # over the whole band, where the noise of one frame hardly scatters
    background = np.quantile(level, 0.1)
    # in noise the frames between notes lie within 20 dB too, and are no song
    sounding = (level >= 0.01 * level.max()) & (level >= 4 * background)
    song = level[sounding].mean() if sounding.any() else background
    middle = (frequency >= 2000) & (frequency <= 6000)
    shape = 10 * np.log10((floor + 1e-20) / (floor[middle].mean() + 1e-20))
    snr = 10 * np.log10(max(song - background, 1e-20) / max(background, 1e-20))
    if window < 512:
        shape = np.interp(np.linspace(0, sample_rate / 2, 257), frequency, shape)
    return SongChannel(float(snr), shape, nyquist)


def measure_era(songs: pd.DataFrame, channels: list[SongChannel]) -> EraChannel:
    """Summarises the channels of one era's songs.

    The band is that of the recorders named in the column `device` where all are known; else it is
    where the era's median background stays within 25 dB of its level between 2 and 6 kHz.
    """
    snr = float(np.median([channel.snr for channel in channels]))
    nyquist = min(channel.nyquist for channel in channels)
    devices = tuple(songs["device"]) if "device" in songs.columns else ()
    if devices and all(device in RECORDERS for device in devices):
        low = max(RECORDERS[device].low for device in devices)
        high = min(RECORDERS[device].high for device in devices)
        return EraChannel(devices, low, min(high, nyquist), snr)
    shape = np.median([channel.floor for channel in channels], axis=0)
    frequency = np.linspace(0, SAMPLE_RATE / 2, len(shape))
    low = frequency[(frequency < 3000) & (shape < -25)].max(initial=50.0)
    high = frequency[(frequency > 5000) & (shape < -25)].min(initial=SAMPLE_RATE / 2)
    return EraChannel((), float(low), float(min(high, nyquist)), snr)


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
    band = signal.butter(4, SONG_BAND, "band", fs=sample_rate, output="sos")
    noise = random.standard_normal(len(wave))
    # the level of the song within the song band, as `measure_channel` takes it
    filtered = np.asarray(signal.sosfilt(band, wave))
    frames = filtered[: len(filtered) // 256 * 256].reshape(-1, 256)
    power = (frames**2).mean(axis=1) if len(frames) else np.array([np.mean(filtered**2)])
    song = power[power >= 0.01 * power.max()].mean()
    missing = song * (10 ** (-wanted / 10) - 10 ** (-measured / 10))
    return wave + noise * np.sqrt(missing / np.mean(np.square(signal.sosfilt(band, noise))))


def equalise(
    songs: pd.DataFrame,
    eras: Eras,
    folder: Path,
    *,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> Equalised:
    """Makes the channels of two eras alike, and re-records the modern songs as the old were.

    Every song is limited to the band that both eras have, at one sample rate, and gets noise until
    it stands no further above its background than the median song of the noisier era. The modern
    songs are also sent through the historical recorder first: the named ones in the historical
    shares, or else the measured band and noise.

    Args:
        songs: rows of a song table with `path` to readable audio.
        eras: era of each song.
        folder: existing folder for the audio files.
        seed: of the noise.
        tell: takes lines of progress.

    Returns:
        Both tables, in the order of the songs of the two eras.

    Raises:
        InputError: if a song cannot be read.
    """
    rows = np.flatnonzero(eras.of_song >= 0)
    waves = [load_song(songs.iloc[row], sample_rate=SAMPLE_RATE) for row in rows]
    channels = [
        measure_channel(wave, sample_rate=SAMPLE_RATE, nyquist=_nyquist(songs["path"].iloc[row]))
        for row, wave in zip(rows, waves, strict=True)
    ]
    of_row = eras.of_song[rows]
    old, young = (
        measure_era(
            songs.iloc[rows[of_row == era]],
            [channel for channel, own in zip(channels, of_row, strict=True) if own == era],
        )
        for era in (HISTORICAL, MODERN)
    )
    low, high = max(old.low, young.low), min(old.high, young.high)
    if high < 2 * low:
        raise InputError(
            f"the recorders of the eras share no band ({low:.0f} to {high:.0f} Hz): nothing can "
            "be compared"
        )
    snr = min(old.snr, young.snr)

    def alike(wave: np.ndarray, channel: SongChannel, random: np.random.Generator) -> np.ndarray:
        wave = with_noise(wave, channel.snr, snr, sample_rate=SAMPLE_RATE, random=random)
        return band_limited(wave, low, high, sample_rate=SAMPLE_RATE)

    own, again = [], []
    for place, (row, wave) in enumerate(zip(rows, waves, strict=True)):
        random = np.random.default_rng([seed, int(row)])
        own.append(_write(folder / f"{place}.wav", alike(wave, channels[place], random)))
        if of_row[place] == MODERN:
            copy = _as_historical(wave, channels[place], old, random)
            measured = measure_channel(
                copy, sample_rate=SAMPLE_RATE, nyquist=channels[place].nyquist
            )
            again.append(_write(folder / f"{place}_again.wav", alike(copy, measured, random)))
        if (place + 1) % 500 == 0:
            tell(f"{place + 1} of {len(rows)} songs re-recorded")
    table = songs.iloc[rows].drop(columns=["start_s", "end_s"], errors="ignore")
    modern = table[of_row == MODERN]
    notes = (
        old.sentence(eras.historical),
        young.sentence(eras.modern),
        f"All songs were limited to {low:.0f} to {high:.0f} Hz at one sample rate, and noise was "
        f"added until none stood more than {snr:.0f} dB over its background.",
    )
    return Equalised(table.assign(path=own), modern.assign(path=again), notes)


def _as_historical(
    wave: np.ndarray, channel: SongChannel, old: EraChannel, random: np.random.Generator
) -> np.ndarray:
    """One modern song through the historical recorder and at the historical noise."""
    wave = with_noise(wave, channel.snr, old.snr, sample_rate=SAMPLE_RATE, random=random)
    if old.devices:
        recorder = Channel(recorder=RECORDERS[str(random.choice(old.devices))], snr=None)
        return through_channel(wave, recorder, sample_rate=SAMPLE_RATE, random=random)
    return band_limited(wave, old.low, old.high, sample_rate=SAMPLE_RATE)


def _nyquist(path: str) -> float:
    return soundfile.info(path).samplerate / 2


def _write(path: Path, wave: np.ndarray) -> str:
    peak = float(np.abs(wave).max())
    soundfile.write(path, wave * (0.9 / peak if peak > 0.9 else 1.0), SAMPLE_RATE, subtype="FLOAT")
    return str(path)
