"""How themes are sung in two eras, and what recorders alone do to that."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import HISTORICAL, MODERN
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.drift.drift_table import Plans, plan_themes
from chingolo.analysis.change.drift.measure_drift import DriftResult, measure_drift, measure_name
from chingolo.analysis.change.drift.song_measures import SongMeasures
from chingolo.analysis.claims.claim import NOT_MADE
from chingolo.analysis.claims.folds import folded_measures
from chingolo.analysis.claims.heard_twice import LEVEL, device_pairs, paired_design, songs_of_era

Measured = Sequence[SongMeasures | None]
"""[songs] None for one that was not measured."""

Pair = tuple[Sequence[SongMeasures], Sequence[SongMeasures], np.ndarray, np.ndarray]
"""All songs, some of them heard again, their rows, and the unit of each."""


def drift_evidence(
    songs: pd.DataFrame,
    theme: np.ndarray,
    sung: Measured,
    sung_again: Sequence[Measured] | None,
    design: Design,
    *,
    permutations: int,
    speed_known: bool,
) -> tuple[DriftResult, dict[str, Any]]:
    """Compares how themes are sung, and makes the placebo of it.

    Args:
        songs: the rows of a song table.
        theme: [songs] theme of each song, "" for none.
        sung: of `measure_recordings`.
        sung_again: [recorders] of `measure_copies`; None where songs were heard as they are alone.
        design: units and eras.
        permutations: draws of the eras.
        speed_known: see `measure_drift`.

    Returns:
        The result, and the placebo: `passed`, whether no recorder changes any measure (at a level
        of 5 % over all recorders and both eras); `p` of the recorder that changes one most,
        adjusted for all of these; `recorders`; `measures`, the largest change that a recorder makes
        of each, per cent, the speed that all have in common taken out; `kinds`, the largest that
        one makes of any measure in a unit, by a test of that recorder alone; `measured`, whether
        devices were compared. `passed` alone, None, where there is neither. In any case `folds`, of
        `folded_measures`.
    """
    theme = np.where([song is not None for song in sung], theme, "").astype(object)
    heard = [song or SongMeasures(()) for song in sung]
    plans = plan_themes(heard, theme)
    result = measure_drift(
        heard, theme, design, permutations=permutations, speed_known=speed_known, plans=plans
    )
    folds = {"folds": folded_measures(result.rows, heard, design)}
    pairs = [
        (heard, [heard[row] for row in other.tolist()], one, unit)
        for one, other, unit in device_pairs(songs)
    ]
    measured = bool(pairs)
    if not measured:
        pairs = _through_recorders(theme, heard, sung_again, design)
    if not any(len(rows) for _, _, rows, _ in pairs):
        return result, NOT_MADE | folds
    told = {"measured": measured, "recorders": len(pairs if measured else sung_again or ())}
    return result, _placebo(pairs, theme, plans, design.seed) | told | folds


def _through_recorders(
    theme: np.ndarray,
    heard: Sequence[SongMeasures],
    sung_again: Sequence[Measured] | None,
    design: Design,
) -> list[Pair]:
    """Songs of each era and what each recorder makes of them; see `recorder_placebo`."""
    pairs: list[Pair] = []
    for era, through in product((HISTORICAL, MODERN), sung_again or ()):
        again = np.array([song is not None for song in through]) & (theme != "")
        rows = songs_of_era(design, era)
        rows = rows[again[rows]]
        if not len(rows):
            continue
        unit = np.unique(design.unit_of_song[rows], return_inverse=True)[1]
        copies = [through[row] or SongMeasures(()) for row in rows.tolist()]
        pairs.append((heard, copies, rows, unit))
    return pairs


def _placebo(
    pairs: Sequence[Pair],
    theme: np.ndarray,
    plans: Plans,
    seed: int,
    *,
    permutations: int = 499,
) -> dict[str, Any]:
    """The comparison of eras itself, of songs with their copies; see `drift_evidence`."""
    smallest: list[float] = [1.0]
    largest: dict[str, float] = {}
    kinds: dict[str, float] = {}
    for heard, copies, rows, unit in pairs:
        own = {name: plans[name] for name in plans if name in set(theme[rows])}
        result = measure_drift(
            [*(heard[row] for row in rows.tolist()), *copies],
            np.concatenate([theme[rows], theme[rows]]),
            paired_design(unit, seed),
            permutations=permutations,
            plans=own,
        )
        if result.p is None:
            continue
        smallest.append(result.p)
        for row in result.rows:
            name = measure_name(row.theme, row.measure)
            largest[name] = max(largest.get(name, 0.0), abs(row.change_percent))
            if row.p <= LEVEL:
                kinds[row.unit] = max(kinds.get(row.unit, 0.0), abs(row.change_percent))
    p = min(1.0, min(smallest) * len(pairs))
    return {"passed": p > LEVEL, "p": p, "measures": largest, "kinds": kinds}
