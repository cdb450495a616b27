"""The placebo of the repertoire: songs against themselves as other recorders heard them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import HISTORICAL, MODERN
from chingolo.analysis.change.design.permutation import family_wise_p, permuted_eras
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.composition import share_differences, unit_shares
from chingolo.analysis.claims.claim import NOT_MADE
from chingolo.analysis.claims.heard_twice import (
    LEVEL,
    device_pairs,
    paired_design,
    songs_of_era,
)


@dataclass(frozen=True)
class HeardTwice:
    """Songs as two recorders heard them."""

    before: np.ndarray
    """[songs] object: theme of each."""

    after: np.ndarray
    """[songs] theme of the same song through the other recorder."""

    unit: np.ndarray
    """[songs] number of the unit, from 0."""


def recorder_placebo(
    songs: pd.DataFrame, theme: np.ndarray, copied: np.ndarray | None, design: Design
) -> dict[str, Any]:
    """What recorders alone do to the shares of themes.

    Every unit is compared with its own songs heard through another recorder, pair by pair: nothing
    but the recorder differs. Where the column `rendition` tells which songs are one performance
    heard by two devices, these are compared; else the songs of each era with their copies through
    random recorders. Of each, since which era a recorder narrowed is not known, and what is narrow
    already is moved by no further narrowing.

    Args:
        songs: the rows of a song table.
        theme: [songs] theme of each song, "" for none.
        copied: [recorders, songs] theme that each song has through each random recorder; None where
            songs were heard as they are alone.
        design: units and eras.

    Returns:
        `measured`: whether devices were compared; `passed`: whether no recorder changes the shares
        (at a level of 5 % over all recorders and both eras); `p` of the recorder that changes them
        most, adjusted for all of these; `recorders`; `stable`, share of songs that stay in their
        theme; `themes`: for each theme the largest difference in share that a recorder makes.
        `passed` alone, None, where there is neither.
    """
    measured = [
        HeardTwice(theme[one], theme[other], unit) for one, other, unit in device_pairs(songs)
    ]
    if measured:
        told = {"measured": True, "recorders": len(measured)}
        return _placebo(measured, design.seed) | told
    if copied is None:
        return dict(NOT_MADE)
    again = []
    for rows in filter(len, (songs_of_era(design, era) for era in (HISTORICAL, MODERN))):
        unit = np.unique(design.unit_of_song[rows], return_inverse=True)[1]
        again += [HeardTwice(theme[rows], through[rows], unit) for through in copied]
    if not again:
        return dict(NOT_MADE)
    return _placebo(again, design.seed) | {"measured": False, "recorders": len(copied)}


def _placebo(again: Sequence[HeardTwice], seed: int, *, permutations: int = 999) -> dict[str, Any]:
    smallest, largest = [], {}
    for heard in again:
        paired = paired_design(heard.unit, seed)
        eras = permuted_eras(paired, permutations=permutations)
        counts = theme_counts(np.concatenate([heard.before, heard.after]), paired)
        statistics = share_differences(counts, paired, eras)
        smallest.append(float(family_wise_p(statistics).min(initial=1.0)))
        before, after = np.split(unit_shares(counts, paired), 2)
        differences = np.abs(before.mean(axis=0) - after.mean(axis=0))
        for name, difference in zip(counts.names, differences, strict=True):
            if name:
                largest[name] = max(largest.get(name, 0.0), float(difference))
    p = min(1.0, min(smallest) * len(again))
    stayed = np.concatenate([(heard.before == heard.after)[heard.before != ""] for heard in again])
    return {
        "passed": p > LEVEL,
        "p": p,
        "stable": float(stayed.mean()) if len(stayed) else 0.0,
        "themes": largest,
    }
