"""Two eras compared by a table of song types and years alone, without audio."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import themes_alone
from chingolo.analysis.change.design.song_order import song_order
from chingolo.analysis.change.era_change import measure_change
from chingolo.analysis.claims.both_claims import claims_of
from chingolo.analysis.results import Comparison, in_order, put_together, versions
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import numbered_rows, songs_in_memory
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.delimited import read_rows
from chingolo.synth.tables.forms.headers import one_spelling, set_aside, told_aside
from chingolo.synth.tables.song_table import KNOWN, validate_song_table
from chingolo.synth.tables.words import words


def read_song_types(path: Path, type_column: str) -> pd.DataFrame:
    """Reads a table whose rows are songs with a type; a column `path` is not needed.

    Args:
        path: CSV or Parquet.
        type_column: column of the types; empty where a song has none.

    Raises:
        InputError: if the file is missing or no table, or has no such column or no type.
    """
    table = read_rows(path)
    if type_column not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(f"{path}: no column '{type_column}'; there are {columns}")
    if not (words(table[type_column]) != "").any():
        raise InputError(f"{path}: no song has a type in '{type_column}'")
    types = table[type_column].to_numpy()
    table = table.set_axis(one_spelling(table.columns, KNOWN), axis=1)
    songs = validate_song_table(numbered_rows(table), base=path.parent, name=str(path))
    return songs if type_column in songs.columns else songs.assign(**{type_column: types})


def compare_types(
    songs: pd.DataFrame, type_column: str, settings: CompareSettings, *, name: str = "the table"
) -> Comparison:
    """Compares the shares of song types in two eras; a type stands as a theme.

    Args:
        songs: rows of `read_song_types`, or the like in memory.
        type_column: column of the types.
        settings: eras, levels and seed.
        name: what to call the table in messages.

    Raises:
        InputError: for eras that do not occur, or where there are not two.
    """
    songs = songs_in_memory(songs)
    theme = words(songs[type_column])
    rows = song_order(songs, theme)
    songs, theme = songs.iloc[rows].reset_index(drop=True), theme[rows]
    eras = find_eras(songs, settings)
    if eras is None:
        raise InputError(
            f"{name}: no two eras in '{settings.era_column}'; say --era-column, and --cut-date to "
            "make two eras of many years"
        )
    # a column of the types under that name is the theme
    renamed = {} if type_column == "theme" else set_aside(songs.columns, ["theme"])
    evidence = themes_alone(theme)
    change = measure_change(songs, eras, evidence, settings)
    results = put_together(
        change.results,
        claims_of(songs, eras, evidence, change, settings, by_people=True),
        {
            "songs": len(songs),
            "clusters": None,
            "map": None,
            "theme_naming": f"Themes are the types of the column '{type_column}'.",
            "notes": [
                "Types were given by people, and no recorder entered the tests; who gave them in "
                "each era is not known.",
                *change.remarks,
                *told_aside(renamed),
            ],
            "settings": dataclasses.asdict(settings),
            "versions": versions(),
            "run": {},
        },
    )
    comparison = Comparison(
        songs.rename(columns=renamed).assign(theme=theme),
        np.zeros((len(songs), 2)),
        None,
        eras,
        results,
    )
    return in_order(comparison, np.argsort(rows, kind="stable"))
