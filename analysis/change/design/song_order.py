"""The one order in which songs are gone through, whatever the order of a table's rows."""

import numpy as np
import pandas as pd

from chingolo.analysis.space.latent_table import NO_FILE
from chingolo.synth.tables.song_table import PLACE
from chingolo.synth.tables.words import words

WHO = ("individual", "site", "era", "date")
KEY_COLUMNS = 4
"""Of vectors; the first few tell songs apart."""


def song_order(songs: pd.DataFrame, *evidence: np.ndarray) -> np.ndarray:
    """Puts songs into an order that the order of rows does not enter.

    Random draws go through songs, units and sites in this order, so that they are keyed to what a
    song is: its file and its place in it, then who sang it, where and when, then what was heard.
    The folder that all files share does not matter, nor do names of birds and sites where files
    tell songs apart. Songs that are alike in all of this are exchangeable.

    Args:
        songs: the rows of a song table, with the column `path`.
        evidence: what was heard of each song: [songs] names or [songs, quantities].

    Returns:
        [songs] row numbers.
    """
    made_up = bool(songs["path"].astype(str).str.fullmatch(NO_FILE).all())
    place = [column for column in PLACE if column in songs.columns]
    keys = [_sortable(songs[column]) for column in place if not (made_up and column == "path")]
    keys += [words(songs[column]).astype(str) for column in WHO if column in songs.columns]
    for heard in evidence:
        columns = heard[:, None] if heard.ndim == 1 else heard
        keys += [_sortable(pd.Series(column)) for column in columns.T[:KEY_COLUMNS]]
    return np.lexsort(keys[::-1])


def _sortable(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(column):
        return column.fillna(-1).to_numpy(np.float64)
    return column.astype(str).to_numpy(str)
