"""Near-tonal peaks of a noisy recording, sharp for sweeps too.

Short-time spectra of the signal freed of a set of chirp rates, the largest kept at each time and
frequency (a chirplet transform, Mann & Haykin, IEEE Trans. Signal Process. 43, 2745-2761, 1995), so
that a sweep of 150 kHz/s stands as sharp as a whistle.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter1d

from chingolo.synth.spectra.bin_noise import bin_noise

RATE = 22_050
"""Hz, the sampling rate of the analysis."""

HOP = 20
"""Samples between frames: 1102.5 frames a second."""

WINDOW = 256
"""Samples under the Hann window, 11.6 ms."""

BINS = 512
"""Length of the zero-padded transform."""

CHIRP_RATES = np.arange(-180_000.0, 180_001.0, 30_000.0)
"""Hz/s. A step of 30 kHz/s costs at most 0.3 dB under this window."""

FRAMES_AT_ONCE = 128
"""Frames transformed together: what a processor's cache holds."""

BLOCK = 512
"""Frames whose peaks are looked for together: what a processor's cache holds."""

PEAKS = 6
"""Candidates kept in each frame."""

LOW, HIGH = 500.0, 10_500.0
"""Hz, the band that is searched."""


ECHO_LAGS = np.arange(0.02, 0.121, 0.01)
"""s after a sound at which its echo is looked for; before them the window still holds the sound."""

ECHO_QUANTILE = 0.25
"""Of what is left of sounds after a lag: below half, for trills come back to a band."""

ECHO_BINS = 10
"""Bins that the loudest sound must have moved by (430 Hz) for what is left behind to be an echo."""

ECHO_MARGIN_DB = 3.0
"""A peak less than this above the echo expected there is doubted; echoes vary about their mean."""

ECHO_COST = 1.5
"""Of a frame that holds an echo, in units of 10 dB."""


@dataclass(frozen=True)
class Plane:
    """The chirp-matched spectrogram's peaks; frame k is centred on sample k * HOP."""

    frequency: np.ndarray
    """[frames, PEAKS] Hz."""

    chirp: np.ndarray
    """[frames, PEAKS] Hz/s."""

    snr: np.ndarray
    """[frames, PEAKS] dB above the noise of the band; -inf where there is no peak."""

    doubt: np.ndarray
    """[frames, PEAKS] from 0 to 1: whether the peak is an echo of what sounded before."""

    frequencies: np.ndarray
    """[bins] Hz."""

    floor: np.ndarray
    """[bins] mean noise power of a bin (|FFT|^2 of a Hann window of sum 1)."""

    power: np.ndarray
    """[frames, bins] power at the best chirp rate."""


def find_peaks(wave: np.ndarray) -> Plane:
    """Computes the plane of a recording.

    Args:
        wave: [samples] at `RATE`.
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
    time = (np.arange(WINDOW) - WINDOW / 2) / RATE
    kernels = (window / window.sum()) * np.exp(-1j * np.pi * CHIRP_RATES[:, None] * time**2)
    padded = np.pad(np.asarray(wave, np.float32), (WINDOW // 2, WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    frequencies = np.arange(BINS) * RATE / BINS
    band = slice(int(np.searchsorted(frequencies, LOW)), int(np.searchsorted(frequencies, HIGH)))
    best, flat, which, rates = _loudest_chirp(frames, kernels, band)
    floor = bin_noise(flat, frame_s=HOP / RATE) + 1e-9 * float(best.max()) + 1e-20
    del flat
    echo = expected_echo(best, floor)
    blocks = [slice(begin, begin + BLOCK) for begin in range(0, len(best), BLOCK)]
    parts = [_peaks_of(best[b], rates, which[b], echo[b], frequencies[band], floor) for b in blocks]
    frequency, chirp, snr, doubt = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Plane(frequency, chirp, snr, doubt, frequencies[band], floor, best)


def _loudest_chirp(
    frames: np.ndarray, kernels: np.ndarray, band: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """How loud each frame is at the chirp rate that suits it best.

    Args:
        frames: [frames, WINDOW].
        kernels: [rates, WINDOW] complex, of the `CHIRP_RATES`.
        band: of the transform's bins.

    Returns:
        [frames, bins] power at the best rate; the same without chirp; [frames, bins] which rate is
        the best; and the [rates] Hz/s that this counts in.
    """
    # Of a real signal, the opposite chirp rate stands at the negative frequencies, mirrored.
    mirror = slice(BINS - band.start, BINS - band.stop, -1)
    half = len(kernels) // 2 + 1
    rates = np.stack([CHIRP_RATES[:half], CHIRP_RATES[::-1][:half]], axis=1).ravel()
    best = np.full((len(frames), band.stop - band.start), -1.0, np.float32)
    which = np.zeros(best.shape, np.uint8)
    flat = np.empty_like(best)
    some = np.zeros((FRAMES_AT_ONCE, BINS), np.complex64)
    for first in range(0, len(frames), FRAMES_AT_ONCE):
        here = slice(first, min(first + FRAMES_AT_ONCE, len(frames)))
        count = here.stop - first
        for index, kernel in enumerate(kernels[:half].astype(np.complex64)):
            np.multiply(frames[here], kernel, out=some[:count, :WINDOW])
            spectrum: Any = fft.fft(some[:count], axis=1)
            both = np.square(spectrum.real) + np.square(spectrum.imag)
            for turn, side in ((2 * index, band), (2 * index + 1, mirror)):
                power = both[:, side]
                if rates[turn] == 0:
                    flat[here] = power
                # A later turn is a larger one: no masked assignment, which costs five times this.
                better = (power > best[here]).view(np.uint8) * np.uint8(turn)
                np.maximum(which[here], better, out=which[here])
                np.maximum(best[here], power, out=best[here])
    return best, flat, which, rates


def _peaks_of(
    best: np.ndarray,
    rates: np.ndarray,
    which: np.ndarray,
    echo: np.ndarray,
    frequencies: np.ndarray,
    floor: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """[frames, PEAKS] frequency, chirp rate, SNR and doubt of the strongest peaks; see `Plane`."""
    level = 10 * np.log10(best + 1e-20)
    middle, left, right = level[:, 1:-1], level[:, :-2], level[:, 2:]
    peak = (middle > left) & (middle >= right)
    snr = np.where(peak, middle - 10 * np.log10(floor[1:-1]), -np.inf)
    above = middle - 10 * np.log10(echo[:, 1:-1] + 1e-20)
    doubt = np.clip(1.0 - above / ECHO_MARGIN_DB, 0.0, 1.0)
    top = np.argpartition(10 * ECHO_COST * doubt - snr, PEAKS, axis=1)[:, :PEAKS]

    def at_top(values: np.ndarray) -> np.ndarray:
        return np.take_along_axis(values, top, axis=1)

    a, b, c = at_top(left), at_top(middle), at_top(right)
    bend = a - 2 * b + c
    shift = np.where(bend < 0, 0.5 * (a - c) / np.where(bend < 0, bend, 1.0), 0.0)
    frequency = frequencies[1:-1][top] + np.clip(shift, -0.5, 0.5) * RATE / BINS
    return frequency, rates[at_top(which[:, 1:-1])], at_top(snr), at_top(doubt)


def expected_echo(power: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """Power that the echoes of earlier sounds would have, as this very recording lets them fade.

    The fading is measured: what is left in a bin a lag after a sound passed it and went elsewhere,
    at a low quantile over all passages, since the bin may sound again. In a dry recording that is
    next to nothing. A recording's own decay as noise: Lebart, Boucher & Denbigh, Acta Acustica 87,
    359-366, 2001.

    Args:
        power: [frames, bins].
        floor: [bins] mean noise power.

    Returns:
        [frames, bins]; at most half of what sounded, so that a sound that goes on is not doubted.
    """
    lags = np.round(ECHO_LAGS * RATE / HOP).astype(int)
    echo = np.zeros_like(power)
    passed = power > 1e3 * floor
    passed &= power == maximum_filter1d(power, 2 * lags[0] + 1, axis=0)
    frame, column = np.nonzero(passed)
    loudest = power.argmax(axis=1)
    share = 10 ** (-ECHO_MARGIN_DB / 10)
    for lag in lags[lags < len(power)]:
        inside = frame + lag < len(power)
        frame, column = frame[inside], column[inside]
        seen = np.abs(column - loudest[frame + lag]) >= ECHO_BINS
        if not seen.any():
            break  # nothing is known of this lag's echo, and none is assumed
        row, bins = frame[seen], column[seen]
        left = np.maximum(power[row + lag, bins] - floor[bins], 0.0) / power[row, bins]
        # The quantile of exponentially distributed powers tells their mean; echoes do not grow.
        mean = np.quantile(left, ECHO_QUANTILE) / -np.log(1 - ECHO_QUANTILE)
        share = min(share, float(mean))
        np.maximum(echo[lag:], share * power[:-lag], out=echo[lag:])
    return echo
