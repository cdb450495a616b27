"""The channel that recordings came through, measured on them: band and background."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.spectra.noise_floor import noise_floor

SONG_BAND = (1000.0, 10_000.0)
"""Band where song is weighed against noise, Hz; the channel's own ratios are set there too."""

BIN_MARGIN = 3.5
"""Natural-log units by which the noise of one Fourier bin may stand above the quieter tenth of its
neighbours' frames, which is 2.3 below its mean."""


@dataclass(frozen=True)
class SongChannel:
    """What one recording tells of its channel."""

    snr: float
    """Song over background in the song band, dB."""

    floor: np.ndarray
    """[frequencies] background, dB against its median between 2 and 6 kHz."""

    nyquist: float
    """Half the sample rate of the file, Hz."""


@dataclass(frozen=True)
class EraChannel:
    """What the recordings of one era have in common."""

    devices: tuple[str, ...]
    """Recorder of each song, where a known one is named for all; else empty."""

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


def measure_channel(wave: np.ndarray, *, sample_rate: int, nyquist: float) -> SongChannel:
    """Measures one song's channel.

    The song's power is the mean over frames within 20 dB of the loudest, the background's the 10th
    percentile over frames, which a song with pauses leaves free. A sound that
    lasts from edge to edge is no background: it counts no more than `noise_floor` allows.

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
    # what lasts: the power of noise is exponential, its median ln 2 of its mean
    logarithm = np.log(power.T[None] + 1e-30)
    reach, frames = len(frequency) // 8, np.ones((1, power.shape[1]), bool)
    allowed = np.exp(noise_floor(logarithm, frames, reach=reach, margin=BIN_MARGIN)[0]) / np.log(2)
    # over the whole band, where the noise of one frame hardly scatters
    background = min(np.quantile(level, 0.1), allowed[band].sum())
    # in noise the frames between notes lie within 20 dB too, and are no song
    sounding = (level >= 0.01 * level.max()) & (level >= 4 * background)
    song = level[sounding].mean() if sounding.any() else background
    middle = (frequency >= 2000) & (frequency <= 6000)
    shape = 10 * np.log10((floor + 1e-20) / (np.median(floor[middle]) + 1e-20))
    snr = 10 * np.log10(max(song - background, 1e-20) / max(background, 1e-20))
    if window < 512:
        shape = np.interp(np.linspace(0, sample_rate / 2, 257), frequency, shape)
    return SongChannel(float(snr), shape, nyquist)


def measure_era(
    channels: Sequence[SongChannel], devices: Sequence[str], *, sample_rate: int
) -> EraChannel:
    """Summarises the channels of one era's songs.

    The band is that of the recorders named as devices where all are known; else it is where the
    era's median background stays within 25 dB of its level between 2 and 6 kHz.

    Args:
        channels: of each song.
        devices: of each song as its table names it; empty where the table names none.
        sample_rate: at which the channels were measured, Hz.
    """
    snr = float(np.median([channel.snr for channel in channels]))
    nyquist = min(channel.nyquist for channel in channels)
    if devices and all(device in RECORDERS for device in devices):
        low = max(RECORDERS[device].low for device in devices)
        high = min(RECORDERS[device].high for device in devices)
        return EraChannel(tuple(devices), low, min(high, nyquist), snr)
    shape = np.median([channel.floor for channel in channels], axis=0)
    frequency = np.linspace(0, sample_rate / 2, len(shape))
    low = frequency[(frequency < 3000) & (shape < -25)].max(initial=50.0)
    high = frequency[(frequency > 5000) & (shape < -25)].min(initial=sample_rate / 2)
    return EraChannel((), float(low), float(min(high, nyquist)), snr)
