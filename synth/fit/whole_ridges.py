"""Ridges as notes have them: at their fundamental, and whole over troughs of the amplitude.

The path follows the strongest voice; in a stack that is some harmonic, and not always the same one.
Where the spectrum between a ridge's own harmonics holds the other teeth of a comb, or a louder tone
at a whole part of its pitch, the ridge is divided, and pieces that then continue one another are
joined.

A ridge is demodulated: shifted down by its own phase and low-passed. The size of what is left is
its amplitude, which tells whether one note sinks and swells or silence parts two.
"""

from itertools import pairwise

import numpy as np
from scipy import signal

from chingolo.synth.fit.ridge import HOP, RATE, Plane, Ridge
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

HIDDEN, NEAR_HZ, AROUND = 0.06, 60.0, 0.15
"""s for which noise may hide the ridge in a trough, Hz that it may be off behind it, s to either
side in which the note is loud again."""

LOWEST = 400.0
"""Hz, of a fundamental: below, the teeth would be closer than the window parts."""

MOST_HARMONIC = 7
TOOTH_DB = 4.0
"""How far a tooth stands above the gaps beside it."""

TEETH = 0.6
"""Share of the teeth, over frames and harmonics, that must stand."""

JOIN_GAP, JOIN_RATIO = 0.004, 0.04
"""s and relative f0 between two ridges that are one."""


def to_fundamental(ridges: list[Ridge], plane: Plane) -> list[Ridge]:
    """Divides ridges that follow a harmonic, and joins what belongs together.

    Args:
        ridges: in order of time.
        plane: that they were found in.

    Returns:
        Ridges in order of time; those of pure tones as they were.
    """
    divided = [(ridge, harmonic_number(ridge, plane)) for ridge in ridges]
    found: list[Ridge] = []
    before = 1
    for ridge, number in divided:
        lowered = Ridge(ridge.start, ridge.f0 / number, ridge.snr)
        last = found[-1] if found else None
        # Pure tones are parted where the path jumped, and stay so.
        jumped, before = max(before, number) > 1, number
        if last is not None and jumped and _continues(last, lowered):
            gap = lowered.start - last.start - len(last.f0)
            bridge = np.linspace(last.f0[-1], lowered.f0[0], gap + 2)[1:-1]
            found[-1] = Ridge(
                last.start,
                np.concatenate([last.f0, bridge, lowered.f0]),
                np.concatenate([last.snr, np.full(gap, last.snr[-1]), lowered.snr]),
            )
        else:
            found.append(lowered)
    return found


def _continues(first: Ridge, second: Ridge) -> bool:
    gap = (second.start - first.start - len(first.f0)) * HOP / RATE
    return 0 <= gap < JOIN_GAP and abs(np.log(second.f0[0] / first.f0[-1])) < JOIN_RATIO


def harmonic_number(ridge: Ridge, plane: Plane) -> int:
    """Which harmonic of its stack a ridge follows; 1 for a fundamental or a pure tone."""
    best = 1
    rows = ridge.start + np.arange(len(ridge.f0))
    level = 10 * np.log10(plane.power[rows] + 1e-20)
    for number in range(2, MOST_HARMONIC + 1):
        f0 = ridge.f0 / number
        if np.median(f0) < LOWEST:
            break
        teeth = np.array([k for k in range(1, 2 * number) if k % number])
        at = teeth * f0[:, None]
        contrast = _level_at(level, at, plane) - 0.5 * (
            _level_at(level, at - 0.5 * f0[:, None], plane)
            + _level_at(level, at + 0.5 * f0[:, None], plane)
        )
        inside = (at > plane.frequencies[0]) & (at < plane.frequencies[-1])
        # One tooth below a ridge may be another bird; if it is the louder, the ridge goes with it.
        enough = inside.sum() >= 2 * len(rows)
        stands = contrast > TOOTH_DB
        louder = _level_at(level, f0[:, None], plane) > _level_at(level, ridge.f0[:, None], plane)
        over = stands[:, :1] & louder & inside[:, :1]
        if (enough and stands[inside].mean() > TEETH) or over.mean() > TEETH:
            best = number
    return best


def _level_at(level: np.ndarray, frequency: np.ndarray, plane: Plane) -> np.ndarray:
    """[frames, teeth] dB at frequencies, the nearest bin."""
    spacing = plane.frequencies[1] - plane.frequencies[0]
    column = np.round((frequency - plane.frequencies[0]) / spacing).astype(int)
    return np.take_along_axis(level, column.clip(0, level.shape[1] - 1), axis=1)


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
        if not sinks(amplitude / min(peaks), int(dip))
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
        wave: [samples] at `ridge.RATE`.
        ridges: in order of time.
    """
    found: list[Ridge] = []
    for ridge in ridges:
        last = found[-1] if found else None
        if last is not None and _goes_on(wave, last, ridge):
            gap = ridge.start - last.start - len(last.f0)
            bridge = np.linspace(last.f0[-1], ridge.f0[0], gap + 2)[1:-1]
            hidden = np.full(gap, min(last.snr[-1], ridge.snr[0]))
            found[-1] = Ridge(
                last.start,
                np.concatenate([last.f0, bridge, ridge.f0]),
                np.concatenate([last.snr, hidden, ridge.snr]),
            )
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
    return sinks(amplitude / min(peaks), dip)
