"""A stretch of song -> its vocal units: what pauses part, by the level above the noise.

A unit is a peak of level that stands out from what is on both its sides; it lasts while the level
is high between the peak and the pause, so that a quiet unit in noise keeps its own edges.
"""

from itertools import pairwise

import numpy as np
from scipy import fft, signal

from chingolo.synth.tables.excerpt import Excerpt, song_in_memory

RATE = 22_050
"""Hz, of the analysis."""

WINDOW, HOP = 256, 32
"""Samples of a Hann window, 12 ms, and between windows, 1.5 ms."""

BAND = (1000.0, 10_000.0)
"""Hz, that is listened to."""

QUIET = 0.2
"""Share of the time in which a frequency is taken to hold noise alone."""

NOISE = 1.5
"""Times its mean that the noise is taken off."""

SMOOTHED_S = 0.011
"""Of the level, s: pauses that are shorter part no units."""

PROMINENCE = 10.0
"""dB that a unit stands out by from both its sides."""

FALL, SHARE = 20.0, 0.6
"""A unit ends where its level has fallen by `FALL` dB, or by this share of the way to the pause."""

RANGE = 40.0
"""dB below the loudest unit of the stretch, below which none is looked for."""

SHORTEST_S = 0.015
"""Of a unit, s."""


def cut_units(song: Excerpt, sample_rate: float) -> np.ndarray:
    """Parts a stretch of song into units.

    Args:
        song: the stretch in its surroundings, from which the noise is heard besides.
        sample_rate: its own, Hz.

    Returns:
        [units, 2] begin and end from the start of the stretch, s, in order of time, inside it; none
        where nothing stands out.
    """
    heard = song_in_memory(song, sample_rate=sample_rate, wanted=RATE)
    level = level_above_noise(heard.wave)
    frames = slice(heard.start // HOP, -(-heard.stop // HOP))
    spans = parted(level[frames]) * (HOP / RATE)
    spans += frames.start * HOP / RATE - heard.start / RATE
    return np.clip(spans, 0.0, len(heard) / RATE)


def level_above_noise(wave: np.ndarray) -> np.ndarray:
    """[frames] dB above the noise of each frequency, smoothed, of [samples] at `RATE`.

    Frame k is centred on sample k * HOP.
    """
    padded = np.pad(np.asarray(wave, np.float32), WINDOW // 2)
    hann = np.asarray(signal.get_window("hann", WINDOW), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    frequency = fft.rfftfreq(WINDOW, 1 / RATE)
    inside = (frequency >= BAND[0]) & (frequency <= BAND[1])
    spectrum = np.asarray(fft.rfft(frames * hann, axis=1))[:, inside]
    power = np.square(np.real(spectrum)) + np.square(np.imag(spectrum))
    # of noise, power is distributed exponentially: its quantile tells its mean
    noise = np.quantile(power, QUIET, axis=0) / -np.log1p(-QUIET)
    above = np.maximum(power - NOISE * noise, 0).sum(axis=1)
    length = round(SMOOTHED_S * RATE / HOP) + 2
    smooth = np.asarray(signal.get_window("hann", length, fftbins=False))
    above = np.convolve(above, smooth / smooth.sum(), "same")
    return 10 * np.log10(above + 0.05 * float(noise.sum()) + 1e-20)


def parted(level: np.ndarray) -> np.ndarray:
    """[units, 2] first frame of each unit and the one behind its last, of [frames] dB."""
    least, most = float(level.min()), float(level.max())
    edged = np.concatenate([[least], level, [least]])
    height = max(least + PROMINENCE, most - RANGE)
    peaks = signal.find_peaks(edged, prominence=PROMINENCE, height=height)[0] - 1
    pauses = [0]
    for before, after in pairwise(peaks):
        pauses.append(int(before + level[before : after + 1].argmin()))
    pauses.append(len(level) - 1)
    units = []
    for number, peak in enumerate(peaks):
        sides = level[pauses[number] : peak + 1], level[peak : pauses[number + 1] + 1]
        rising, falling = (
            side >= level[peak] - min(FALL, SHARE * float(level[peak] - side.min()))
            for side in sides
        )
        first = pauses[number] + int(rising.argmax())
        last = int(peak + np.flatnonzero(falling)[-1])
        if (last + 1 - first) * HOP / RATE >= SHORTEST_S:
            units.append((first, last + 1))
    return np.array(units, float).reshape(-1, 2)
