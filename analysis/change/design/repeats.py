"""Rows that repeat one song: counted once where they agree, refused where they contradict."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.song_table import PLACE, song_reference
from chingolo.synth.tables.words import words

TOLD = ("era", "individual", "site", "date", "device", "origin", "label", "species", "rendition")
"""Columns that a comparison may go by, beside those that are named in its settings."""

REPEATED = "rows that repeat a song (same file, channel, start and end) were dropped."
"""End of the sentence on rows that were dropped."""


def first_of_each(songs: pd.DataFrame, columns: Iterable[str] = ()) -> np.ndarray:
    """[songs] bool, whether a row is the first of its song; rows of one song must agree.

    Performances that two devices heard (`rendition`) are no repeats.

    Args:
        songs: rows of a song table; their index is their number in it, from 0.
        columns: those that the comparison goes by, beside `TOLD`.

    Raises:
        InputError: naming two rows of one song and what they contradict each other in.
    """
    heard = [column for column in ("rendition", "device") if column in songs.columns]
    keys = songs[[column for column in PLACE if column in songs.columns]].copy()
    if len(heard) == 2:  # the device parts songs of a rendition alone
        named = words(songs["rendition"]) != ""
        keys["device of the rendition"] = np.where(named, words(songs["device"]), "")
    first = ~keys.duplicated().to_numpy()
    if first.all():
        return first
    song = keys.groupby(list(keys.columns), dropna=False, sort=False).ngroup().to_numpy()
    row_of = np.flatnonzero(first)[song]
    told = {
        name: words(songs[name])
        for name in dict.fromkeys([*columns, *TOLD])
        if name in songs.columns
    }
    differing = {
        int(row): parts
        for row in np.flatnonzero(~first)
        if (parts := list(_differing(told, int(row_of[row]), int(row))))
    }
    if differing:
        row, parts = next(iter(differing.items()))
        more = f" ({counted(len(differing) - 1, 'more row')} so)" if len(differing) > 1 else ""
        raise InputError(
            f"rows {songs.index[row_of[row]] + 1} and {songs.index[row] + 1} are one song "
            f"({song_reference(songs.iloc[row])}) and differ in {', '.join(parts)}{more}; correct "
            "the table, or leave one of them out"
        )
    return first


def told_repeats(first: np.ndarray) -> list[str]:
    """A sentence on how many rows repeat a song, [songs] of `first_of_each`; none where none do."""
    dropped = int((~first).sum())
    return [f"{dropped} of {len(first)} {REPEATED}"] if dropped else []


def _differing(told: dict[str, np.ndarray], one: int, other: int) -> Iterator[str]:
    for name, values in told.items():
        if values[one] != values[other]:
            pair = " and ".join(f"'{value}'" if value else "none" for value in values[[one, other]])
            yield f"{name} ({pair})"
