"""Notes that sink and swell: whole over the troughs of their amplitude, parted by silence.

A ridge is demodulated: shifted down by its own phase and low-passed. The size of what is left is
its amplitude, which tells whether one note sinks and swells or silence parts two.
"""

from itertools import pairwise

import numpy as np
from scipy import signal

from chingolo.synth.fit.track.chirp_plane import HOP, RATE
from chingolo.synth.fit.track.ridge import Ridge, bridged
from chingolo.synth.voice.labia.integrate import CONTROL_RATE

SAMPLES_PER_FRAME = RATE // CONTROL_RATE
SCALE = HOP // SAMPLES_PER_FRAME

BAND_WINDOW = 88
"""Samples under the low-pass Hann window, 4 ms: a band of 380 Hz, as short trill notes need."""

DIP, HALF = 0.1, 0.5
"""A dip of the amplitude to this share of the peaks on both sides may part two notes; the share of
the peak from which a note is loud."""

TROUGH, EVEN = 0.44, 1.6
"""A note that sinks and swells spends at most this share of the time below `HALF` below `DIP` (0.41
where cos^2 sinks to nothing; a gap of silence more), and comes out of the dip as it went in: the
times to either `HALF` differ by this factor at most. Behind what fades, an echo, they do not agree.
"""

ALIKE = 2.0
"""Factor between the peaks on both sides of a dip up to which one note may have sunk there: the
quieter part of a note is cut off where it is much quieter."""

HIDDEN, NEAR_HZ, AROUND = 0.06, 60.0, 0.15
"""s for which noise may hide the ridge in a trough, Hz that it may be off behind it, s to either
side in which the note is loud again."""


def demodulate(part: np.ndarray, f0: np.ndarray) -> np.ndarray:
    """[frames] complex amplitude of a wave around a moving pitch, under a 4 ms window."""
    samples = np.arange(len(part))
    pitch = np.interp(samples / SAMPLES_PER_FRAME, np.arange(len(f0)), f0)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    window = np.hanning(BAND_WINDOW + 1)
    low = signal.fftconvolve(part * np.exp(-1j * phase), window / window.sum(), mode="same")
    return low[::SAMPLES_PER_FRAME]


def split_at_dips(amplitude: np.ndarray) -> list[tuple[int, int]]:
    """Stretches between deep dips that no note has within, as (first, one past last) frame."""
    level = np.log(np.maximum(amplitude, 1e-12))
    dips, _ = signal.find_peaks(-level, prominence=-np.log(DIP))
    tops = [amplitude[a:b].max() for a, b in pairwise([0, *dips.tolist(), len(amplitude)])]
    parting = [
        int(dip)
        for dip, *peaks in zip(dips, tops[:-1], tops[1:], strict=True)
        if max(peaks) > ALIKE * min(peaks) or not sinks(amplitude / min(peaks), int(dip))
    ]
    return list(pairwise([0, *parting, len(amplitude)]))


def sinks(level: np.ndarray, dip: int) -> bool:
    """Whether one note sinks and swells again at a dip of its [frames] level, without silence."""
    before, after = level[dip::-1], level[dip:]
    if before.max() < HALF or after.max() < HALF:
        return False
    sides = [
        (int(np.argmax(side >= DIP)), int(np.argmax(side >= HALF))) for side in (before, after)
    ]
    low, half = (sum(times) for times in zip(*sides, strict=True))
    halves = sides[0][1], sides[1][1]
    return low <= TROUGH * half and max(halves) <= EVEN * min(halves)


def join_over_troughs(wave: np.ndarray, ridges: list[Ridge]) -> list[Ridge]:
    """Joins ridges of one note that was lost in noise where it sank.

    Args:
        wave: [samples] at `chirp_plane.RATE`.
        ridges: in order of time.
    """
    found: list[Ridge] = []
    for ridge in ridges:
        last = found[-1] if found else None
        if last is not None and _goes_on(wave, last, ridge):
            found[-1] = bridged(last, ridge, min(last.snr[-1], ridge.snr[0]))
        else:
            found.append(ridge)
    return found


def _goes_on(wave: np.ndarray, first: Ridge, second: Ridge) -> bool:
    ends = first.start + len(first.f0)
    gap = second.start - ends
    if not 0 <= gap * HOP / RATE <= HIDDEN or abs(second.f0[0] - first.f0[-1]) > NEAR_HZ:
        return False
    room = round(AROUND * RATE / HOP)
    bridge = np.linspace(first.f0[-1], second.f0[0], gap + 2)[1:-1]
    f0 = np.concatenate([first.f0[-room:], bridge, second.f0[:room]])
    begin = ends - min(room, len(first.f0))
    part = wave[begin * HOP : (begin + len(f0) - 1) * HOP + 1]
    frames = np.arange(len(part) // SAMPLES_PER_FRAME + 1)
    pitch = np.interp(frames, SCALE * np.arange(len(f0)), f0)
    amplitude = np.abs(demodulate(part, pitch))[: len(frames)]
    middle = SCALE * (ends - begin)
    between = slice(max(0, middle - 1), min(len(amplitude), middle + SCALE * gap + 2))
    dip = between.start + int(np.argmin(amplitude[between]))
    peaks = amplitude[: dip + 1].max(), amplitude[dip:].max()
    return max(peaks) <= ALIKE * min(peaks) and sinks(amplitude / min(peaks), dip)
