"""What every song of a theme has in common to be measured: intervals, trill periods, pitches."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from chingolo.analysis.change.drift.match_theme import FoundPart, ThemePart, find_parts, theme_plan
from chingolo.analysis.change.drift.song_measures import SongMeasures

TIME, PITCH = "time", "pitch"

INTERVAL_ERROR, PERIOD_ERROR, PITCH_ERROR = 0.008, 0.002, 0.003
"""Natural-log units: what no recorder tried has moved a measure by (docs/methods.md); it enters the
variance, so that no number of birds makes a smaller difference a claim."""


@dataclass(frozen=True)
class Measure:
    """One measure of one theme."""

    theme: str
    name: str
    """In plain words, such as 'trill period of part 2'."""

    kind: str
    """`TIME` or `PITCH`: which way a wrong speed of the tape moves it."""

    error: float
    """Natural-log units that a recorder may move it by."""

    @property
    def unit(self) -> str:
        """Of its exponential."""
        return "s" if self.kind == TIME else "Hz"


@dataclass(frozen=True, eq=False)
class DriftTable:
    """All measures of all songs."""

    measures: tuple[Measure, ...]
    values: np.ndarray
    """[songs, measures] natural logarithms of s or Hz; NaN where not measured, and where the song
    is of another theme."""

    theme: np.ndarray
    """[songs] name, "" for none."""

    def rows(self) -> pd.DataFrame:
        """One row a song and measure of its theme: song, theme, measure, value, unit."""
        of = np.array([measure.theme for measure in self.measures], dtype=object)
        song, column = np.nonzero(self.theme[:, None] == of[None, :])
        return pd.DataFrame(
            {
                "song": song,
                "theme": self.theme[song],
                "measure": [self.measures[place].name for place in column],
                "value": np.exp(self.values[song, column]),
                "unit": [self.measures[place].unit for place in column],
            }
        )


Plans = dict[str, tuple[ThemePart, ...]]
"""The parts of each theme, by its name."""


def plan_themes(songs: Sequence[SongMeasures], theme: np.ndarray) -> Plans:
    """What each theme has in common that can be measured.

    Args:
        songs: measured, in the order of the table.
        theme: [songs] name, "" for none.
    """
    return {
        str(name): tuple(
            theme_plan([songs[song] for song in np.flatnonzero(theme == name).tolist()])
        )
        for name in sorted(set(theme.tolist()) - {""})
    }


def drift_table(
    songs: Sequence[SongMeasures], theme: np.ndarray, plans: Plans | None = None
) -> DriftTable:
    """Measures each song by the parts of its theme.

    Args:
        songs: measured, in the order of the table.
        theme: [songs] name, "" for none.
        plans: of `plan_themes` on other songs of the same themes; None: on these.

    Returns:
        The table; of no column where no theme has a measure.
    """
    theme = np.array(theme, dtype=object)
    measures: list[Measure] = []
    columns: list[np.ndarray] = []
    for name, parts in (plan_themes(songs, theme) if plans is None else plans).items():
        own = _measures(name, parts)
        values = np.full((len(theme), len(own)), np.nan)
        for song in np.flatnonzero(theme == name).tolist():
            values[song] = _values(find_parts(songs[song], parts)[0], parts)
        measures += own
        columns.append(values)
    stacked = np.concatenate(columns, axis=1) if columns else np.zeros((len(theme), 0))
    return DriftTable(tuple(measures), stacked, theme)


def _measures(theme: str, parts: Sequence[ThemePart]) -> list[Measure]:
    """The measures of a theme, in the order of `_values`."""
    told = []
    for number, part in enumerate(parts, start=1):
        if part.trill is not None:
            name = f"trill period of part {number}"
            told.append(Measure(theme, name, TIME, PERIOD_ERROR))
        elif part.is_whistle:
            told.append(Measure(theme, f"pitch of part {number}", PITCH, PITCH_ERROR))
    told += [
        Measure(theme, f"interval from part {first} to part {second}", TIME, INTERVAL_ERROR)
        for first, second in pairwise(_sharp(parts))
    ]
    return told


def _sharp(parts: Sequence[ThemePart]) -> list[int]:
    """Numbers, from 1, of the parts to which intervals are measured."""
    return [number for number, part in enumerate(parts, start=1) if part.is_sharp]


def _values(found: Sequence[FoundPart | None], parts: Sequence[ThemePart]) -> np.ndarray:
    pieces = [FoundPart(np.nan, np.nan) if piece is None else piece for piece in found]
    told = []
    for piece, part in zip(pieces, parts, strict=True):
        if part.trill is not None:
            told.append(piece.period)
        elif part.is_whistle:
            told.append(piece.pitch)
    told += list(np.diff([pieces[number - 1].moment for number in _sharp(parts)]))
    values = np.array(told, dtype=float)
    return np.log(np.where(values > 0, values, np.nan))
