"""Whether a theme that went and one that came are one theme, sung otherwise.

Vectors may part a theme that is sung lower or slower now from what it was: that is drift, and no
change of the repertoire. Their notes tell: those of either follow the plan of the other, once all
of it is moved by one factor in pitch and one in time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chingolo.analysis.change.drift.match_theme import ThemePart, find_parts, theme_plan
from chingolo.analysis.change.drift.song_measures import SongMeasures

PITCHES, TIMES = (0.9, 1.0, 1.11), (0.85, 1.0, 1.18)
"""Factors that a plan is tried with; notes may differ by some per cent besides (`match_theme`)."""

FOLLOWED = 0.8
"""Share of what a theme's own songs follow of its plan, that the other's must. In seed 103 of the
truth bench the same theme in the other era .85 to 1.06, another at most .72 in both directions."""

MOSTLY = 0.8
"""Share of a theme's songs that one era sang."""

SONGS, FEWEST = 12, 4
"""Of each theme that are asked at the most, and at the least."""


def sung_otherwise(
    names: Sequence[str],
    theme: np.ndarray,
    era: np.ndarray,
    sung: Sequence[SongMeasures | None],
) -> Mapping[str, str]:
    """Which themes are one of the other era, sung otherwise.

    Args:
        names: of the themes that are asked.
        theme: [songs] theme of each song, "" for none.
        era: [songs] 0 for the older, 1 for the younger, -1 for neither.
        sung: [songs] of `measure_recordings`.

    Returns:
        Of those that are, the other theme.
    """
    of_era = {name: _era_of(name, theme, era) for name in np.unique(theme[era >= 0]) if name}
    heard = {
        name: _songs_of(name, mostly, theme, era, sung)
        for name, mostly in of_era.items()
        if mostly is not None
    }
    heard = {name: songs for name, songs in heard.items() if len(songs) >= FEWEST}
    asked = [name for name in names if name in heard]
    plans: dict[str, tuple[tuple[ThemePart, ...], float]] = {}
    found: dict[str, str] = {}
    for one in asked:
        for other in heard:
            if of_era[one] == of_era[other] or one in found:
                continue
            for name in (one, other):
                if name not in plans:
                    plan = theme_plan(heard[name])
                    plans[name] = plan, _score(plan, heard[name])
            if all(
                _followed(*plans[a], heard[b]) >= FOLLOWED for a, b in ((one, other), (other, one))
            ):
                found[one] = other
    return found


def _era_of(name: str, theme: np.ndarray, era: np.ndarray) -> int | None:
    """The era that sang most of a theme, None where both did."""
    young = float(np.mean(era[(theme == name) & (era >= 0)]))
    return 1 if young >= MOSTLY else 0 if young <= 1 - MOSTLY else None


def _songs_of(
    name: str,
    mostly: int,
    theme: np.ndarray,
    era: np.ndarray,
    sung: Sequence[SongMeasures | None],
) -> list[SongMeasures]:
    wanted = (theme == name) & (era == mostly)
    songs = [song for song, asked in zip(sung, wanted, strict=True) if asked and song is not None]
    songs = [song for song in songs if song.notes]
    if not songs:
        return []
    chosen = np.linspace(0, len(songs) - 1, min(SONGS, len(songs))).round().astype(int)
    return [songs[place] for place in chosen.tolist()]


def _followed(plan: tuple[ThemePart, ...], usual: float, others: Sequence[SongMeasures]) -> float:
    """How well other songs follow a plan that may be moved, against its own; 0 to about 1."""
    if usual <= 0:
        return 0.0
    return max(_score(_moved(plan, p, t), others) for p in PITCHES for t in TIMES) / usual


def _score(plan: tuple[ThemePart, ...], songs: Sequence[SongMeasures]) -> float:
    return float(np.median([find_parts(song, plan)[1] for song in songs]))


def _moved(plan: tuple[ThemePart, ...], pitch: float, time: float) -> tuple[ThemePart, ...]:
    """The plan with all pitches and all times multiplied."""
    return tuple(
        replace(
            part,
            start=part.start * time,
            f0=part.f0 * pitch,
            duration=part.duration * time,
            trill=part.trill
            and replace(
                part.trill,
                pitch=part.trill.pitch * pitch,
                slope=part.trill.slope * pitch / time,
                period=part.trill.period * time,
            ),
        )
        for part in plan
    )
