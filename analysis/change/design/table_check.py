"""What a reader must know of a table before eras are compared."""

from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.birds import column_words
from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.design.units import Design
from chingolo.synth.tables.files import counted
from chingolo.synth.tables.words import alike

TOLD = ("individual", "site", "date", "device", "origin")
"""Columns that a comparison rests on."""
MOST_SITES = 12
"""Sites that are told one by one."""


def check_table(songs: pd.DataFrame, eras: Eras, design: Design) -> dict[str, Any]:
    """Looks a table over: what is missing, and where its eras are unlike.

    Args:
        songs: the rows of a song table.
        eras: era of each song.
        design: of the same songs.

    Returns:
        `sites`: for each site its units and songs in both eras, the most sung first, at most 12;
        `missing`: for each of `TOLD`, songs of both eras without it; `remarks`: sentences.
    """
    used = eras.of_song >= 0
    missing = {}
    for column in TOLD:
        blank = column_words(songs, column) == ""
        missing[column] = [int((blank & (eras.of_song == era)).sum()) for era in (0, 1)]
    remarks = [_missing_words(missing, used)] if any(map(any, missing.values())) else []
    for column, word in (("device", "devices"), ("origin", "origins")):
        told = _unlike(column_words(songs, column), eras, word)
        remarks += [told] if told else []
    told = _alike_sites(column_words(songs, "site")[used])
    remarks += [told] if told else []
    return {
        "sites": _sites(songs, eras, design),
        "missing": missing,
        "remarks": [*eras.remarks, *design.remarks, *remarks],
    }


def table_lines(check: dict[str, Any], eras: Eras) -> list[str]:
    """The check as lines of text, for a terminal."""
    lines = [
        f"{row['site']}: {counted(row['units'][0], 'unit')} of {eras.historical}, "
        f"{row['units'][1]} of {eras.modern} "
        f"({row['songs'][0]} and {counted(row['songs'][1], 'song')})"
        for row in check["sites"]
    ]
    return [*lines, *check["remarks"]]


def _sites(songs: pd.DataFrame, eras: Eras, design: Design) -> list[dict[str, Any]]:
    site = column_words(songs, "site")
    used = eras.of_song >= 0
    table = pd.DataFrame(
        {"site": site[used], "era": eras.of_song[used], "unit": design.unit_of_song[used]}
    )
    rows = []
    for name, part in table.groupby("site"):
        by_era = [part[part["era"] == era] for era in (0, 1)]
        rows.append(
            {
                "site": name or "unknown site",
                "units": [int(one["unit"].nunique()) for one in by_era],
                "songs": [len(one) for one in by_era],
            }
        )
    return sorted(rows, key=lambda row: (-sum(row["songs"]), row["site"]))[:MOST_SITES]


def _missing_words(missing: dict[str, list[int]], used: np.ndarray) -> str:
    told = [f"{column} of {sum(counts)}" for column, counts in missing.items() if sum(counts)]
    return f"Not known: {', '.join(told)} of {counted(int(used.sum()), 'song')}."


def _alike_sites(values: np.ndarray) -> str:
    """A sentence where names of sites are alike (`words.alike`), and yet count as several."""
    groups = alike(values)
    if not groups:
        return ""
    first = " and ".join(f"'{name}'" for name in groups[0])
    more = f", and {len(groups) - 1} more" if len(groups) > 1 else ""
    return (
        f"Names of site that differ in case, blanks or the like alone count as several: "
        f"{first}{more}."
    )


def _unlike(values: np.ndarray, eras: Eras, word: str) -> str:
    """A sentence where the eras' sets of devices or origins are not the same."""
    sets = [sorted(set(values[eras.of_song == era]) - {""}) for era in (0, 1)]
    if sets[0] == sets[1] or not any(sets):
        return ""
    told = [", ".join(one[:4]) + (", ..." if len(one) > 4 else "") or "none known" for one in sets]
    return f"Unlike {word}: {told[0]} in {eras.historical}; {told[1]} in {eras.modern}."
