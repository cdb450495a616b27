"""The parts of a theme, and where each stands in every song of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.drift.song_measures import HeardNote, SongMeasures, is_steady
from chingolo.analysis.change.drift.trills import (
    Trill,
    TrillPlan,
    find_trill,
    plan_trill,
    trill_length,
)

PITCH, DURATION, INTERVAL = 0.07, 0.5, 0.12
"""Natural-log units in which a note of another song may well differ from the plan's."""

FURTHEST = 3.0
"""Of these units, beyond which it is another note."""

GAIN = 3.0
"""What a found part is worth; less half the squared distances in those units."""

SHARP = 30_000.0
"""Hz/s: a bird 3 % higher passes 5 kHz up to 5 ms later, and intervals are to tell times alone."""

PART_COST = 0.5
"""Share of other songs that a part of a plan must be found in, for what is no piece or echo."""

CANDIDATES, JUDGES = 6, 10
"""Songs tried as the plan of a theme, and songs that each is tried on."""

FEW_NOTES, MANY_NOTES = 0.1, 0.6
"""Quantiles of the songs by their notes, between which plans are tried: where half of the songs
come from a room, half have too many."""


@dataclass(frozen=True)
class ThemePart:
    """One note of a theme, or one trill."""

    start: float
    """s, in the song that is the plan."""

    f0: float
    """Hz."""

    duration: float
    """s, of the note; of the trill's step where it is one."""

    is_whistle: bool
    """Whether its pitch is measured."""

    is_sharp: bool
    """Whether intervals are measured to it."""

    trill: TrillPlan | None = None
    """Its plan, where the part is a trill."""


@dataclass(frozen=True)
class FoundPart:
    """One part of a theme in one song."""

    start: float
    """s, by which it was found."""

    moment: float
    """s, to which intervals are measured: the onset of a note, the first passage of a trill. NaN
    where it is not sharp."""

    note_count: int = 1
    """That it consists of."""

    period: float = np.nan
    """s, of a trill."""

    pitch: float = np.nan
    """Hz, of a whistle."""


def plan_parts(song: SongMeasures) -> tuple[ThemePart, ...]:
    """The parts of one song: trills where like notes stand at even steps, else notes."""
    parts: list[ThemePart] = []
    start = 0
    while start < len(song.notes):
        count = trill_length(song.notes[start:])
        part = _plan_part(song.notes[start : start + count])
        if part is not None:
            parts.append(part)
        start += count
    return tuple(parts)


def _plan_part(notes: tuple[HeardNote, ...]) -> ThemePart | None:
    if len(notes) == 1:
        note = notes[0]
        steady = is_steady(note.contour)
        return ThemePart(note.start, note.f0, note.duration, note.is_whistle, steady)
    plan = plan_trill(notes)
    found = find_trill(SongMeasures(notes), plan)
    if found is None:
        return None
    return ThemePart(found.first, plan.pitch, found.period, False, _is_sharp(plan), plan)


def find_parts(
    song: SongMeasures, parts: Sequence[ThemePart]
) -> tuple[list[FoundPart | None], float]:
    """Finds the parts of a theme in a song, in order, by their pitch and the time between them.

    The best chain by dynamic programming: notes that belong to no part, such as echoes, are passed
    over, and so are parts that the song lacks.

    Args:
        song: measured.
        parts: of the theme, in order.

    Returns:
        For each part where it is, None where it is not; and how well all are found.
    """
    choices = _choices(song, parts)
    totals: list[np.ndarray] = []
    origins: list[list[tuple[int, int] | None]] = []
    for here, (times, scores, _) in enumerate(choices):
        best = np.array(scores)
        origin: list[tuple[int, int] | None] = [None] * len(times)
        for before in range(here):
            earlier = choices[before][0]
            if not len(earlier) or not len(times):
                continue
            planned = max(parts[here].start - parts[before].start, 1e-3)
            gap = np.maximum(times[:, None] - earlier[None, :], 1e-6)
            away = np.abs(np.log(gap / planned)) / INTERVAL
            chained = np.where(away < FURTHEST, totals[before][None, :] - 0.5 * away**2, -np.inf)
            place = chained.argmax(axis=1)
            through = scores + chained[np.arange(len(times)), place]
            for row in np.flatnonzero(through > best):
                best[row], origin[row] = through[row], (before, int(place[row]))
        totals.append(best)
        origins.append(origin)
    found: list[FoundPart | None] = [None] * len(parts)
    ends = [(float(total.max()), here) for here, total in enumerate(totals) if len(total)]
    if not ends:
        return found, 0.0
    score, here = max(ends)
    step: tuple[int, int] | None = (here, int(totals[here].argmax()))
    while step is not None:
        found[step[0]] = choices[step[0]][2][step[1]]
        step = origins[step[0]][step[1]]
    return found, score


def _choices(
    song: SongMeasures, parts: Sequence[ThemePart]
) -> list[tuple[np.ndarray, np.ndarray, list[FoundPart]]]:
    """Times, scores and what would be found, of each part."""
    start, f0, duration = (
        np.array([getattr(note, name) for note in song.notes])
        for name in ("start", "f0", "duration")
    )
    choices = []
    after = -np.inf
    for part in parts:
        if part.trill is not None:
            trill = find_trill(song, part.trill, after=after)
            after = after if trill is None else _end(trill)
            told = [] if trill is None else [_found_trill(trill, part.trill)]
            choices.append(
                (np.array([each.start for each in told]), np.full(len(told), GAIN), told)
            )
            continue
        pitch = np.log(f0 / part.f0) / PITCH
        length = np.log(duration / part.duration) / DURATION
        near = np.flatnonzero((np.abs(pitch) < FURTHEST) & (np.abs(length) < FURTHEST))
        told = [_found_note(song.notes[place], part) for place in near]
        score = GAIN - 0.5 * pitch[near] ** 2 - 0.5 * length[near] ** 2
        choices.append((start[near], score, told))
    return choices


def _end(trill: Trill) -> float:
    return trill.first + trill.period * (trill.count - 0.5)


def _found_trill(trill: Trill, plan: TrillPlan) -> FoundPart:
    moment = trill.first if _is_sharp(plan) else np.nan
    return FoundPart(trill.first, moment, trill.count, trill.period)


def _is_sharp(plan: TrillPlan) -> bool:
    return abs(plan.slope) >= SHARP


def _found_note(note: HeardNote, part: ThemePart) -> FoundPart:
    return FoundPart(
        note.start, note.onset, pitch=note.f0 if part.is_whistle and note.is_whistle else np.nan
    )


def _explained(song: SongMeasures, parts: Sequence[ThemePart]) -> int:
    return sum(part.note_count for part in find_parts(song, parts)[0] if part is not None)


def theme_plan(songs: Sequence[SongMeasures]) -> tuple[ThemePart, ...]:
    """The parts of the song that best stands for a theme: few parts explain most notes of others.

    Args:
        songs: of one theme.

    Returns:
        Parts of the chosen song; none where no song has a note.
    """
    heard = [song for song in songs if song.notes]
    if not heard:
        return ()
    counts = np.array([len(song.notes) for song in heard])
    ends = np.quantile(np.arange(len(heard)), [FEW_NOTES, MANY_NOTES])
    places = np.unique(np.linspace(ends[0], ends[1], CANDIDATES).round().astype(int))
    tried = np.argsort(counts, kind="stable")[places]
    judges = [heard[place] for place in np.linspace(0, len(heard) - 1, JUDGES).round().astype(int)]
    best, best_score = (), -np.inf
    for place in tried:
        parts = plan_parts(heard[place])
        score = sum(_explained(judge, parts) - PART_COST * len(parts) for judge in judges)
        if score > best_score:
            best, best_score = parts, score
    return best
