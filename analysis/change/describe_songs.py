"""Acoustic descriptors of songs: duration, pitch and trill rate."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy import signal

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError

WINDOW, HOP = 512, 128
"""Samples."""

TITLES = {
    "duration_s": "duration, s",
    "f0_low_hz": "f0, 5th percentile, Hz",
    "f0_high_hz": "f0, 95th percentile, Hz",
    "bandwidth_hz": "bandwidth of f0 (5th to 95th percentile), Hz",
    "trill_rate_hz": "trill rate, 1/s",
}


def describe(wave: np.ndarray, ear: FrontEnd) -> dict[str, float]:
    """Measures one song.

    f0 is taken as the frequency of the strongest component in the encoder's band, which holds for
    whistled songs, over frames within 25 dB of the loudest. The trill rate is that of the strongest
    repetition of the spectrogram over its last 60 %: the smallest peak of its autocorrelation over
    time that reaches 80 % of the highest one.

    Args:
        wave: [samples] one song, at the rate of `ear`.
        ear: whose rate and band are gone by.

    Returns:
        A value for each key of `TITLES`; NaN where it cannot be measured.
    """
    nothing = dict.fromkeys(TITLES, np.nan)
    if len(wave) < 4 * WINDOW:
        return nothing
    frequency, time, power = signal.spectrogram(
        wave, ear.sample_rate, window="hann", nperseg=WINDOW, noverlap=WINDOW - HOP
    )
    band = (frequency >= ear.f_min) & (frequency <= ear.highest)
    frequency, power = frequency[band], power[band]
    level = power.max(axis=0)
    sounding = level >= level.max() * 10**-2.5
    if not level.max() > 0 or sounding.sum() < 4:
        return nothing
    first, last = np.flatnonzero(sounding)[[0, -1]]
    f0 = _peak_frequency(frequency, power)[sounding]
    low, high = np.quantile(f0, [0.05, 0.95])
    return {
        "duration_s": float(time[last] - time[first]),
        "f0_low_hz": float(low),
        "f0_high_hz": float(high),
        "bandwidth_hz": float(high - low),
        "trill_rate_hz": _trill_rate(power[:, first : last + 1], ear.sample_rate / HOP),
    }


def describe_songs(waves: Iterable[np.ndarray], ear: FrontEnd) -> pd.DataFrame:
    """[songs] `describe` of each wave, [samples] at the ear's rate; NaN for what is too short."""
    rows = [describe(wave, ear) for wave in waves]
    return pd.DataFrame(rows, columns=pd.Index(list(TITLES)))


def describe_recordings(songs: pd.DataFrame, ear: FrontEnd) -> pd.DataFrame:
    """[songs] `describe` of each row of a song table; NaN where the audio cannot be read."""

    def waves() -> Iterator[np.ndarray]:
        for place in range(len(songs)):
            try:
                yield load_song(songs.iloc[place], sample_rate=ear.sample_rate)
            except InputError:
                yield np.zeros(0, np.float32)

    return describe_songs(waves(), ear)


def descriptor_values(described: pd.DataFrame | None) -> np.ndarray | None:
    """[songs, quantities] of `describe_songs` as numbers, in the order of `TITLES`."""
    return None if described is None else described[list(TITLES)].to_numpy(np.float64)


def _peak_frequency(frequency: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Frequency of each frame's strongest bin, by a parabola through the logarithms; [frames]."""
    top = np.clip(power.argmax(axis=0), 1, len(frequency) - 2)
    frame = np.arange(power.shape[1])
    a, b, c = (np.log(power[top + step, frame] + 1e-20) for step in (-1, 0, 1))
    bend = a - 2 * b + c
    offset = np.where(bend < 0, 0.5 * (a - c) / np.where(bend < 0, bend, -1.0), 0.0)
    return frequency[top] + np.clip(offset, -0.5, 0.5) * (frequency[1] - frequency[0])


def _trill_rate(power: np.ndarray, frame_rate: float) -> float:
    """Repetitions a second in the last 60 % of [frequencies, frames]; NaN without a clear one."""
    part = power[:, int(0.4 * power.shape[1]) :]
    level = 10 * np.log10(part + 1e-20)
    level = np.clip(level - level.max() + 30.0, 0.0, None)
    level = level - level.mean(axis=1, keepdims=True)
    frames = level.shape[1]
    size = 2 * frames
    spectrum = np.abs(np.fft.rfft(level, size, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum.sum(axis=0), size)[:frames]
    correlation = correlation / np.maximum(np.arange(frames, 0, -1), 1)
    if correlation[0] <= 0:
        return np.nan
    correlation = correlation / correlation[0]
    shortest, longest = int(frame_rate / 40), min(int(frame_rate / 2.5), int(0.6 * frames))
    peaks, found = signal.find_peaks(correlation[:longest], prominence=0.1)
    # a peak below 0 repeats nothing: few notes that differ make the autocorrelation negative
    kept = (peaks >= shortest) & (correlation[peaks] > 0)
    peaks = peaks[kept]
    if not len(peaks) or found["prominences"][kept].max() < 0.1:
        return np.nan
    lag = int(peaks[correlation[peaks] >= 0.8 * correlation[peaks].max()][0])
    a, b, c = correlation[lag - 1 : lag + 2]
    return float(frame_rate / (lag + 0.5 * (a - c) / (a - 2 * b + c)))
