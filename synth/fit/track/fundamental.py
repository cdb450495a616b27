"""Brings the ridges of harmonic stacks down to their fundamental.

The path follows the strongest voice; in a stack that is some harmonic, and not always the same one.
Where the spectrum between a ridge's own harmonics holds the other teeth of a comb, or a louder tone
at a whole part of its pitch, the ridge is divided, and pieces that then continue one another are
joined.
"""

import numpy as np

from chingolo.synth.fit.track.chirp_plane import HOP, RATE, Plane
from chingolo.synth.fit.track.ridge import Ridge, bridged

LOWEST = 400.0
"""Hz, of a fundamental: below, the teeth would be closer than the window parts."""

MOST_HARMONIC = 7
TOOTH_DB = 4.0
"""How far a tooth stands above the gaps beside it."""

ASIDE = 2
"""Bins (86 Hz) beside a tooth that are fainter than it: what clipping folds back stands near a
tooth, not on it."""

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
            found[-1] = bridged(last, lowered, last.snr[-1])
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
        low, high = at - 0.5 * f0[:, None], at + 0.5 * f0[:, None]
        beside = ASIDE * (plane.frequencies[1] - plane.frequencies[0])
        there = [at, low, high, at - beside, at + beside, f0[:, None], ridge.f0[:, None]]
        heard = _level_at(level, np.concatenate(there, axis=1), plane)
        tooth, below, above, left, right = np.split(heard[:, :-2], 5, axis=1)
        inside = (at > plane.frequencies[0]) & (at < plane.frequencies[-1])
        # One tooth below a ridge may be another bird; if it is the louder, the ridge goes with it.
        enough = inside.sum() >= 2 * len(rows)
        stands = tooth - 0.5 * (below + above) > TOOTH_DB
        stands &= tooth >= np.maximum(left, right)
        over = stands[:, :1] & (heard[:, -2:-1] > heard[:, -1:]) & inside[:, :1]
        if (enough and stands[inside].mean() > TEETH) or over.mean() > TEETH:
            best = number
    return best


def _level_at(level: np.ndarray, frequency: np.ndarray, plane: Plane) -> np.ndarray:
    """[frames, teeth] dB at frequencies, the nearest bin."""
    spacing = plane.frequencies[1] - plane.frequencies[0]
    column = np.round((frequency - plane.frequencies[0]) / spacing).astype(int)
    return level[np.arange(len(level))[:, None], column.clip(0, level.shape[1] - 1)]
