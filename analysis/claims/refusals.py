"""Why eras cannot be compared whatever the tests say, and what makes a recorder no explanation."""

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.birds import column_words
from chingolo.analysis.change.design.eras import HISTORICAL, MODERN, Eras
from chingolo.analysis.change.design.permutation import smallest_p
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import NO_FILE
from chingolo.synth.tables.forms.headers import other_names

MOST_UNLIKE_ORIGIN = 0.1
"""Difference between the eras in the share of songs of one origin."""


def design_refusal(
    songs: pd.DataFrame, eras: Eras, design: Design, settings: CompareSettings
) -> str:
    """Why these songs cannot show a change whatever the tests say; "" where they could."""
    mixed = origin_mismatch(songs, eras)
    if mixed:
        return mixed
    if nobody_named(songs, design):
        return (
            "Neither birds nor recordings are named, so that songs of one bird would count as "
            "independent. Say who sang each song in a column 'individual' (if every row is another "
            "bird, a number for each), or name the recordings in 'path'. "
            + " ".join(other_names(songs.columns))
        ).strip()
    if not design.testable.any():
        return (
            "No site was recorded in both eras, so a change cannot be told from a difference "
            "between sites."
        )
    units = [int((design.era[design.testable] == era).sum()) for era in (HISTORICAL, MODERN)]
    if min(units) < 2:
        return (
            f"The eras hold {units[0]} and {units[1]} {design.unit_name}s at sites recorded in "
            "both: a difference from a single one may be its own. At least two in each are needed."
        )
    smallest = smallest_p(design, settings.permutations)
    if smallest > settings.significance and 1 / (settings.permutations + 1) >= smallest:
        return (
            f"Too few permutations: {settings.permutations} cannot reach p < {smallest:.2f}, so "
            "neither change nor its absence can be shown; ask for more (999 by default)."
        )
    if smallest > settings.significance:
        return (
            f"Too few units: no test can reach p < {smallest:.2f} with these, so neither change "
            "nor its absence can be shown."
        )
    return ""


def nobody_named(songs: pd.DataFrame, design: Design) -> bool:
    """Whether songs are the units because the table names neither birds nor recordings."""
    made_up = songs["path"].astype(str).str.fullmatch(NO_FILE)
    named = (column_words(songs, "individual") != "").any()
    return design.unit_name == "song" and not named and bool(made_up.all())


def sameness(z: np.ndarray, eras: Eras) -> str:
    """Why equal vectors cannot be compared; "" where each era has songs that differ.

    Args:
        z: [songs, dimensions] vectors as they were embedded; of no dimension where there are none.
        eras: era of each song.
    """
    if not z.shape[1]:
        return ""
    used = z[eras.of_song >= 0]
    if len(used) > 1 and (used == used[0]).all():
        return (
            f"All {len(used)} songs have one and the same vector, as digital silence and copies "
            "have: there is nothing to compare. Listen to the recordings."
        )
    for era, name in ((HISTORICAL, eras.historical), (MODERN, eras.modern)):
        own = z[eras.of_song == era]
        if len(own) > 1 and (own == own[0]).all():
            return (
                f"All {len(own)} songs of {name} have one and the same vector, as digital silence "
                "and copies have: a difference from it would say nothing of songs. Listen to the "
                "recordings."
            )
    return ""


def origin_mismatch(songs: pd.DataFrame, eras: Eras) -> str:
    """Why eras of unlike origin cannot be compared; "" where their origins are alike.

    Eras are alike where the shares of each origin differ by no more than a tenth of the songs; a
    blank origin is one of its own.
    """
    origin = column_words(songs, "origin")
    shares = [
        pd.Series(origin[eras.of_song == era]).value_counts(normalize=True)
        for era in (HISTORICAL, MODERN)
    ]
    old, young = (of_era.to_dict() for of_era in shares)
    apart = [abs(old.get(name, 0.0) - young.get(name, 0.0)) for name in old | young]
    if max(apart, default=0.0) <= MOST_UNLIKE_ORIGIN:
        return ""
    told = [
        ", ".join(f"{share:.0%} {name or 'of unknown origin'}" for name, share in of_era.items())
        for of_era in shares
    ]
    return (
        f"The songs of {eras.historical} are {told[0]}, those of {eras.modern} {told[1]}: a "
        "difference between them is one of making, not of song. Re-synthesise both eras, or "
        "neither, and name the origin of all songs."
    )


def same_device(songs: pd.DataFrame, eras: Eras) -> bool:
    """Whether one and the same device, named in the table, made every song of both eras."""
    devices = set(column_words(songs, "device")[eras.of_song >= 0])
    return len(devices) == 1 and "" not in devices
