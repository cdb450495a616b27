"""Trills: like notes at even steps, as a plan of a theme and as found again in another song."""

from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.drift.song_measures import HeardNote, SongMeasures, crossings

FEWEST = 4
"""Notes of a trill: its period is a slope, and three points hardly tell one."""

ALIKE_PITCH, ALIKE_DURATION, EVEN = 0.08, 0.5, 0.2
"""Natural-log units of f0 and duration, and share of a step, within which notes are one trill."""

PERIODS = (0.72, 1.38)
"""Of the plan's period, where a trill is looked for: a third faster or slower is another theme."""

NEAR = 0.15
"""Of a period, within which a note stands at its place."""

STEEP = 5000.0
"""Hz/s. Flatter notes pass no pitch at a sharp time; their starts serve."""

PITCHES = (1.0, 0.95, 1.05, 0.9, 1.1)
"""Of the plan's pitch, at which notes are met: birds differ, and the period is the same at each."""


@dataclass(frozen=True)
class TrillPlan:
    """A trill of a theme."""

    pitch: float
    """Hz, in the midst of its notes."""

    slope: float
    """Hz/s of its notes there."""

    period: float
    """s."""


@dataclass(frozen=True)
class Trill:
    """A trill as found in a song."""

    first: float
    """s, of its first note at the pitch where it was met."""

    period: float
    """s, the slope of the notes' times over their numbers."""

    count: int
    """Notes found."""


def trill_length(notes: tuple[HeardNote, ...]) -> int:
    """How many notes from the first on are one trill; 1 if fewer than `FEWEST` are.

    Args:
        notes: in order of time.
    """
    count = 1
    start = np.array([note.start for note in notes])
    f0 = np.log([note.f0 for note in notes])
    length = np.log([note.duration for note in notes])
    while count < len(notes):
        step = start[count] - start[count - 1]
        usual = np.median(np.diff(start[:count])) if count > 1 else step
        if count >= FEWEST - 1 and step > 1.5 * usual:
            step = 0.5 * step  # one note was not heard
        if not (
            abs(f0[count] - np.median(f0[:count])) < ALIKE_PITCH
            and abs(length[count] - np.median(length[:count])) < ALIKE_DURATION
            and abs(step / usual - 1) < EVEN
        ):
            break
        count += 1
    return count if count >= FEWEST else 1


def plan_trill(notes: tuple[HeardNote, ...]) -> TrillPlan:
    """The plan of a trill.

    Args:
        notes: of the trill, `FEWEST` or more.
    """
    pitch = float(np.exp(np.median(np.log([note.f0 for note in notes]))))
    _, slopes = crossings(SongMeasures(notes), pitch)
    # a note that rises and falls passes the pitch twice; the steeper passage is met more sharply
    falling = slopes[slopes < 0]
    rising = slopes[slopes > 0]
    sides = [float(np.median(side)) for side in (falling, rising) if 2 * len(side) >= len(notes)]
    slope = max(sides, key=abs, default=0.0)
    period = float(np.median(np.diff([note.start for note in notes])))
    return TrillPlan(pitch, slope, period)


def find_trill(song: SongMeasures, plan: TrillPlan, *, after: float = -np.inf) -> Trill | None:
    """Finds the longest row of even steps among the moments at which notes pass the plan's pitch.

    Echoes and noise add moments and take some away; a row allows one missing note at a time.

    Args:
        song: measured.
        plan: what is looked for.
        after: s; only what begins later.

    Returns:
        The trill; None where fewer than `FEWEST` notes stand in a row.
    """
    best: Trill | None = None
    for ratio in PITCHES:
        moments = _moments(song, plan, plan.pitch * ratio)
        found = _longest_row(moments[moments > after], plan.period)
        if found is not None and (best is None or found.count > best.count):
            best = found
    return best


def _moments(song: SongMeasures, plan: TrillPlan, pitch: float) -> np.ndarray:
    if abs(plan.slope) < STEEP:
        near = [abs(np.log(note.f0 / pitch)) < ALIKE_PITCH for note in song.notes]
        return np.array(
            [note.start for note, is_near in zip(song.notes, near, strict=True) if is_near]
        )
    times, slopes = crossings(song, pitch)
    if not len(times):
        return times
    return times[(slopes / plan.slope > 0.4) & (slopes / plan.slope < 2.5)]


def _longest_row(moments: np.ndarray, usual: float) -> Trill | None:
    low, high = PERIODS[0] * usual, PERIODS[1] * usual
    best: tuple[list[int], list[float]] = ([], [])
    for start in range(len(moments)):
        for second in range(start + 1, len(moments)):
            step = moments[second] - moments[start]
            if step > high:
                break
            if step >= low:
                row = _row(moments, moments[start], step)
                if len(row[0]) > len(best[0]):
                    best = row
    if len(best[0]) < FEWEST:
        return None
    number, time = np.array(best[0], float), np.array(best[1])
    slope, first = np.polyfit(number, time, 1)
    away = np.abs(time - first - slope * number)
    kept = away <= max(3 * 1.48 * np.median(away), 1e-4)
    if kept.sum() >= FEWEST:
        slope, first = np.polyfit(number[kept], time[kept], 1)
    return Trill(float(first), float(slope), len(number))


def _row(moments: np.ndarray, first: float, period: float) -> tuple[list[int], list[float]]:
    """Numbers and times of the notes of a row that starts at a moment, with the period learnt."""
    numbers, times = [0], [first]
    missing = 0
    while missing < 2:
        number = numbers[-1] + missing + 1
        wanted = first + number * period
        nearest = int(np.argmin(np.abs(moments - wanted)))
        if abs(moments[nearest] - wanted) < NEAR * period:
            numbers.append(number)
            times.append(float(moments[nearest]))
            period = (times[-1] - first) / number
            missing = 0
        else:
            missing += 1
    return numbers, times
