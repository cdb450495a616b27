"""Follows the loudest near-tonal voice through the peaks of a recording.

The path: dynamic programming (Viterbi) over the peaks of `chirp_plane.py`, with a silent state. It
is cut into ridges at silences and jumps, and what an echo parted is joined.
"""

from dataclasses import dataclass

import numpy as np

from chingolo.synth.fit.track.chirp_plane import CHIRP_RATES, ECHO_COST, HOP, RATE, Plane

VOICED_DB = 14.0
"""A peak this far above its band's noise is as likely song as not."""

CLEAR_DB = 45.0
"""Above its band's noise; more makes a peak no likelier to be song."""

ONSET_COST = 2.0
"""Of each change between silence and song, in units of 10 dB over one frame."""

JUMP_COST = 6.0
"""Of a jump from one voice to another without silence; bounds the cost of any step."""

JUMP_HZ = 90.0
"""Mismatch of a step with the chirp rates at both ends that costs 1."""

STEEPEST = 380_000.0
"""Hz/s, of a sweep. Where the best of the `CHIRP_RATES` is their last, steps up to this rate cost
nothing: the tops of trilled notes of *Zonotrichia capensis* fall by 270 kHz/s."""

SHORTEST = 0.006
"""s; what is shorter is no voice."""

JOIN_GAP = 0.002
"""s between two ridges that may be one, and that the path may have strayed for at either end."""

JOIN_FRAMES = 6
"""Of an end, through which its straight line is drawn."""

JOIN_HZ = 250.0
"""How far the lines of two ends may pass each other by."""

JOIN_BEND = 132_000.0
"""Hz/s by which their slopes may differ."""

STRAYED_HZ = 8.0
"""A frame more of either end is given up where the lines then meet by this much better."""


def best_path(plane: Plane) -> np.ndarray:
    """The likeliest course of one voice through the peaks.

    A band that is full of echoes has a high floor, so that a peak's height above it is not enough:
    an echo in a quieter band would stand as high as the voice that goes on. So what is fainter than
    the loudest peak of its frame costs as much as it is.

    Args:
        plane: of a recording.

    Returns:
        [frames] int, the peak at each frame, -1 for silence.
    """
    floor = np.interp(plane.frequency, plane.frequencies, 10 * np.log10(plane.floor))
    level = plane.snr + floor
    loudest = level.max(axis=1, keepdims=True, initial=-300.0)
    fainter = np.where(np.isfinite(level), loudest - level, 0.0)
    gain = (np.minimum(plane.snr, CLEAR_DB) - VOICED_DB - fainter) / 10 - ECHO_COST * plane.doubt
    frames, peaks = gain.shape
    came_from = np.empty((frames, peaks + 1), np.int8)
    cost = np.full((peaks + 1, peaks + 1), ONSET_COST)
    cost[peaks, peaks] = 0.0
    score = np.append(gain[0] - ONSET_COST, 0.0)
    columns = np.arange(peaks + 1)
    gains = np.concatenate([gain, np.zeros((frames, 1))], axis=1)
    mismatch = _mismatch(
        plane.frequency[:-1, :, None],
        plane.chirp[:-1, :, None],
        plane.frequency[1:, None, :],
        plane.chirp[1:, None, :],
    )
    steps = np.minimum((mismatch / JUMP_HZ) ** 2, JUMP_COST)
    for frame in range(1, frames):
        cost[:peaks, :peaks] = steps[frame - 1]
        total = score[:, None] - cost
        origin = total.argmax(axis=0)
        came_from[frame] = origin
        score = total[origin, columns] + gains[frame]
    path = np.empty(frames, int)
    state = int(score.argmax())
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        state = int(came_from[frame, state]) if frame else state
    return np.where(path == peaks, -1, path)


def _mismatch(
    f0: np.ndarray, chirp: np.ndarray, next_f0: np.ndarray, next_chirp: np.ndarray
) -> np.ndarray:
    """Hz by which a step from frame to frame misses what the chirp rates at its ends foretell."""
    step = HOP / RATE
    miss = (next_f0 - 0.5 * step * next_chirp) - (f0 + 0.5 * step * chirp)
    last = CHIRP_RATES[-1]
    beyond = (STEEPEST - last) * step
    up, down = ((sign * chirp >= last) & (sign * next_chirp >= last) for sign in (1, -1))
    miss = np.where(up & (miss > 0), np.maximum(miss - beyond, 0.0), miss)
    return np.where(down & (miss < 0), np.minimum(miss + beyond, 0.0), miss)


@dataclass(frozen=True)
class Ridge:
    """One unbroken stretch of the path."""

    start: int
    """First frame."""

    f0: np.ndarray
    """[frames] Hz."""

    snr: np.ndarray
    """[frames] dB."""


def ridges(plane: Plane, path: np.ndarray) -> list[Ridge]:
    """Cuts the path at silences and jumps, and joins what goes on behind an echo.

    Args:
        plane: of a recording.
        path: from `best_path`.

    Returns:
        Ridges of `SHORTEST` or more, in order of time.
    """
    rows = np.arange(len(path))
    f0, chirp, snr = (of[rows, path] for of in (plane.frequency, plane.chirp, plane.snr))
    jump = np.abs(_mismatch(f0[:-1], chirp[:-1], f0[1:], chirp[1:])) > JUMP_HZ * np.sqrt(JUMP_COST)
    voiced = path >= 0
    cuts = np.flatnonzero((voiced[1:] != voiced[:-1]) | jump) + 1
    found: list[Ridge] = []
    for begin, end in zip([0, *cuts], [*cuts, len(path)], strict=True):
        if voiced[begin] and end - begin > JOIN_FRAMES // 2:
            ridge = Ridge(int(begin), f0[begin:end], snr[begin:end])
            both = joined(found[-1], ridge) if found else None
            if both is None:
                found.append(ridge)
            else:
                found[-1] = both
    return [ridge for ridge in found if len(ridge.f0) >= SHORTEST * RATE / HOP]


def joined(first: Ridge, second: Ridge) -> Ridge | None:
    """Two ridges as one, where the lines of their ends meet; None where they do not.

    Where a sweep crosses an echo of what was sung before, both interfere, and the path strays or
    jumps. A frame or some of either end may then have to be given up.

    Args:
        first: a ridge.
        second: the next in time.
    """
    reach = round(JOIN_GAP * RATE / HOP)
    end = first.start + len(first.f0)
    if second.start - end > reach:
        return None
    least = JOIN_FRAMES - 2
    best: tuple[float, int, int] | None = None
    for less in range(min(reach, len(first.f0) - least) + 1):
        before = first.f0[: len(first.f0) - less][-JOIN_FRAMES:]
        leaving = slope(np.arange(len(before)), before)
        for more in range(min(reach, len(second.f0) - least) + 1):
            after = second.f0[more:][:JOIN_FRAMES]
            coming = slope(np.arange(len(after)), after)
            frames = second.start + more - (end - less - 1)
            miss = abs(after[0] - before[-1] - 0.5 * frames * (leaving + coming))
            badness = miss + STRAYED_HZ * (less + more)
            bend = abs(coming - leaving) * RATE / HOP
            if miss < JOIN_HZ and bend < JOIN_BEND and (best is None or badness < best[0]):
                best = badness, less, more
    if best is None:
        return None
    _, less, more = best
    kept = len(first.f0) - less
    return bridged(
        Ridge(first.start, first.f0[:kept], first.snr[:kept]),
        Ridge(second.start + more, second.f0[more:], second.snr[more:]),
        min(first.snr[kept - 1], second.snr[more]),
    )


def bridged(first: Ridge, second: Ridge, snr: float) -> Ridge:
    """Two ridges as one, straight from the end of the first to the begin of the second.

    Args:
        first: a ridge.
        second: one that begins behind its end.
        snr: dB, of the frames between.
    """
    gap = second.start - first.start - len(first.f0)
    between = np.linspace(first.f0[-1], second.f0[0], gap + 2)[1:-1]
    return Ridge(
        first.start,
        np.concatenate([first.f0, between, second.f0]),
        np.concatenate([first.snr, np.full(gap, snr), second.snr]),
    )


def slope(time: np.ndarray, f0: np.ndarray) -> float:
    """Of the straight line of least squares through [frames] Hz, in Hz for a unit of the time."""
    from_middle = time - time.mean()
    return float(from_middle @ f0 / (from_middle @ from_middle))
