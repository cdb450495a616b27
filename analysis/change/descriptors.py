"""Acoustic descriptors of songs, and their change between eras within themes."""

import numpy as np
import pandas as pd
from scipy import signal

from chingolo.analysis.change.design import Design
from chingolo.analysis.change.permutation import (
    contrasts,
    permutation_p,
    permuted_eras,
    unit_means,
    within_blocks,
)
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError

SAMPLE_RATE = 22050
WINDOW, HOP = 512, 128
LOWEST_HZ, HIGHEST_HZ = 1000.0, 10_000.0
TITLES = {
    "duration_s": "duration, s",
    "f0_low_hz": "f0, 5th percentile, Hz",
    "f0_high_hz": "f0, 95th percentile, Hz",
    "bandwidth_hz": "bandwidth of f0 (5th to 95th percentile), Hz",
    "trill_rate_hz": "trill rate, 1/s",
}


def describe(wave: np.ndarray, *, sample_rate: int = SAMPLE_RATE) -> dict[str, float]:
    """Measures one song.

    f0 is taken as the frequency of the strongest component between 1 and 10 kHz, which holds for
    whistled songs, over frames within 25 dB of the loudest. The trill rate is that of the strongest
    repetition of the spectrogram over its last 60 %: the smallest peak of its autocorrelation over
    time that reaches 80 % of the highest one.

    Args:
        wave: [samples] one song.
        sample_rate: Hz.

    Returns:
        A value for each key of `TITLES`; NaN where it cannot be measured.
    """
    nothing = dict.fromkeys(TITLES, np.nan)
    if len(wave) < 4 * WINDOW:
        return nothing
    frequency, time, power = signal.spectrogram(
        wave, sample_rate, window="hann", nperseg=WINDOW, noverlap=WINDOW - HOP
    )
    band = (frequency >= LOWEST_HZ) & (frequency <= HIGHEST_HZ)
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
        "trill_rate_hz": _trill_rate(power[:, first : last + 1], sample_rate / HOP),
    }


def measure_songs(songs: pd.DataFrame) -> pd.DataFrame:
    """[songs] descriptors of each row of a song table; NaN where the audio cannot be read."""
    rows = []
    for place in range(len(songs)):
        try:
            wave = load_song(songs.iloc[place], sample_rate=SAMPLE_RATE)
        except InputError:
            wave = np.zeros(0, np.float32)
        rows.append(describe(wave))
    return pd.DataFrame(rows, columns=pd.Index(list(TITLES)))


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
    kept = peaks >= shortest
    peaks = peaks[kept]
    if not len(peaks) or found["prominences"][kept].max() < 0.1:
        return np.nan
    lag = int(peaks[correlation[peaks] >= 0.8 * correlation[peaks].max()][0])
    a, b, c = correlation[lag - 1 : lag + 2]
    return float(frame_rate / (lag + 0.5 * (a - c) / (a - 2 * b + c)))


def within_themes(values: np.ndarray, theme: np.ndarray) -> np.ndarray:
    """[songs, quantities] less the mean of each song's theme; NaN counts as that mean.

    A change of the repertoire's shares leaves these residuals alone: they hold what changed in the
    songs of a theme.
    """
    residual = np.array(values, dtype=np.float64)
    for name in np.unique(theme.astype(str)):
        members = np.flatnonzero(theme.astype(str) == name)
        part = residual[members]
        known = np.isfinite(part)
        mean = np.where(known, part, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        residual[members] = np.where(known, part - mean, 0.0)
    return residual


def standardised_difference(
    residuals: np.ndarray, design: Design, eras: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Difference of the eras in residuals within themes, over the spread among units.

    Args:
        residuals: [songs, quantities] of `within_themes`.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1.

    Returns:
        [draws, quantities] modern less historical in standard deviations of units within blocks
        and eras (as they truly were), and those deviations.
    """
    block = design.block[design.testable]
    units = unit_means(design) @ residuals
    cells = 2 * block + design.era[design.testable]
    spread = within_blocks(units, cells).std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)
    return contrasts(eras, block) @ units / spread, spread


def descriptor_statistic(residuals: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """[draws] largest squared standardised difference among the descriptors."""
    return (standardised_difference(residuals, design, eras)[0] ** 2).max(axis=1)


def descriptor_table(
    values: pd.DataFrame,
    theme: np.ndarray,
    design: Design,
    *,
    permutations: int = 999,
    bootstraps: int = 500,
    seed: int = 0,
) -> dict[str, dict]:
    """Each descriptor by era, with effect size and Holm-adjusted p.

    Args:
        values: [songs] rows of `describe`.
        theme: [songs] themes; effects are within themes.
        design: units, eras and blocks.
        permutations: permutations behind each p value.
        bootstraps: samples of units behind each interval.
        seed: of both.

    Returns:
        For each descriptor by name its `title`, the eras' means over units (`historical`,
        `modern`), `effect` (Cohen's d among units, within themes and sites) with `interval`, and
        `p`.
    """
    names = [name for name in TITLES if name in values.columns]
    measured = values[names].to_numpy(np.float64)
    residuals = within_themes(measured, theme)
    eras = permuted_eras(design, permutations=permutations, seed=seed)
    effects, spread = standardised_difference(residuals, design, eras)
    p = holm(np.array([permutation_p(np.abs(column)) for column in effects.T]))
    units = unit_means(design) @ residuals
    drawn = _bootstrap_effects(units, design, bootstraps=bootstraps, seed=seed) / spread
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    rows = {}
    for i, name in enumerate(names):
        column = values[name]
        by_unit = column.groupby(design.unit_of_song).mean()
        means = [
            float(by_unit[by_unit.index.isin(np.flatnonzero(design.era == era))].mean())
            for era in (0, 1)
        ]
        rows[name] = {
            "title": TITLES[name],
            "historical": means[0],
            "modern": means[1],
            "effect": float(effects[0, i]),
            "interval": [float(low[i]), float(high[i])],
            "p": float(p[i]),
        }
    return rows


def _bootstrap_effects(
    units: np.ndarray, design: Design, *, bootstraps: int, seed: int
) -> np.ndarray:
    """[bootstraps, quantities] differences with units drawn anew within era and block."""
    generator = np.random.default_rng(seed)
    era, block = design.era[design.testable], design.block[design.testable]
    weights = contrasts(era[None], block)[0]
    drawn = np.zeros((bootstraps, len(units)))
    for cell in np.unique(2 * block + era):
        members = np.flatnonzero(2 * block + era == cell)
        alike = np.full(len(members), 1 / len(members))
        drawn[:, members] = generator.multinomial(len(members), alike, bootstraps)
    return drawn * weights @ units


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment of [tests] p values (Holm 1979)."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1.0)
    return result
