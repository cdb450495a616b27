"""Songs heard by two recorders, pair by pair: what every placebo is made of."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.birds import column_words
from chingolo.analysis.change.design.units import Design

LEVEL = 0.05
"""Over all recorders, at which one is said to make a change."""

BEYOND = 1.5
"""How many times what a recorder makes a change must be to count: the true recorder may do more
than any that was drawn."""


def parts_themes(placebo: Mapping[str, Any]) -> bool:
    """Whether random recorders alone changed the shares of themes: then no theme is one's own.

    What measured devices did is known theme by theme, and says nothing of the rest.

    Args:
        placebo: of the repertoire; see `recorder_placebo`.
    """
    return placebo["passed"] is False and not placebo["measured"]


def told_heard(placebo: Mapping[str, Any]) -> str:
    """What heard the songs of a placebo, with how many there were."""
    kind = "pairs of devices that heard one performance" if placebo["measured"] else "recorders"
    return f"{placebo['recorders']} {kind}"


def device_pairs(songs: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each two devices the performances that both heard, by the column `rendition`.

    Args:
        songs: the rows of a song table.

    Returns:
        For each pair of devices that heard one performance: [pairs] rows of the first, [pairs]
        rows of the second, [pairs] number of the unit from 0, the bird where known.
    """
    names, device = (column_words(songs, column) for column in ("rendition", "device"))
    table = pd.DataFrame({"name": names, "device": device, "row": np.arange(len(songs))})
    table = table[(table["name"] != "") & (table["device"] != "")]
    first = table.groupby(["name", "device"])["row"].first().unstack()
    bird = column_words(songs, "individual")
    pairs = []
    for one, other in combinations(first.columns, 2):
        both = first[[one, other]].dropna().to_numpy().astype(int)
        if len(both):
            rows = both[:, 0]
            unit = pd.factorize(np.where(bird[rows] != "", bird[rows], names[rows]))[0]
            pairs.append((rows, both[:, 1], unit))
    return pairs


def songs_of_era(design: Design, era: int) -> np.ndarray:
    """[songs of the era] rows of the songs that are of a unit of an era."""
    known = design.unit_of_song >= 0
    return np.flatnonzero(known & (design.era == era)[design.unit_of_song])


def paired_design(unit: np.ndarray, seed: int) -> Design:
    """Songs as one recorder heard them against the same as another did; units exchange in pairs.

    Args:
        unit: [songs] number of each song's unit, from 0; songs stand twice, the first recorder's
            before the other's.
        seed: of permutations.
    """
    units = int(unit.max()) + 1
    return Design(
        unit_of_song=np.concatenate([unit, unit + units]),
        era=np.repeat([1, 0], units),
        block=np.tile(np.arange(units), 2),
        name=np.tile(np.arange(units), 2),
        unit_name="unit",
        block_name="pair",
        seed=seed,
    )
