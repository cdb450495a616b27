"""Two eras compared by a table of song types and years alone, without audio."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import NO_ERA, Eras, find_eras
from chingolo.analysis.change.design.evidence import themes_alone
from chingolo.analysis.change.design.repeats import first_of_each, told_repeats
from chingolo.analysis.change.design.song_order import song_order
from chingolo.analysis.change.era_change import measure_change
from chingolo.analysis.claims.both_claims import claims_of
from chingolo.analysis.results import Comparison, in_order, put_together, versions
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import numbered_rows, songs_in_memory
from chingolo.synth.tables.files import InputError, counted, folders_of
from chingolo.synth.tables.forms.delimited import read_rows
from chingolo.synth.tables.forms.headers import one_spelling, set_aside, told_aside
from chingolo.synth.tables.song_table import KNOWN, validate_song_table
from chingolo.synth.tables.words import words

FOUND_BY = {
    "theme": ("cluster_probability", "theme_probability"),
    "cluster": ("cluster_probability", "theme_probability"),
    "predicted_label": ("predicted_probability",),
}
"""Columns that our own tables hold, and those beside them that tell them from a user's."""

NOISE = "-1"
"""What clusterers write for a song of no cluster."""

REST = frozenset(("other", "others", "misc", "misc.", "miscellaneous", "otro", "otros", "andere"))
"""Types, in any case, of all that no other is: what they hold in two eras is not one theme."""


def read_song_types(path: Path, type_column: str) -> pd.DataFrame:
    """Reads a table whose rows are songs with a type; a column `path` is not needed.

    Args:
        path: CSV or Parquet.
        type_column: column of the types; empty where a song has none.

    Raises:
        InputError: if the file is missing or no table, has no such column or no type, or if its
            types are what an encoder found.
    """
    table = read_rows(path)
    if type_column not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(f"{path}: no column '{type_column}'; there are {columns}")
    if not (words(table[type_column]) != "").any():
        raise InputError(f"{path}: no song has a type in '{type_column}'")
    found = next((told for told in FOUND_BY.get(type_column, ()) if told in table.columns), "")
    if found:
        raise InputError(
            f"{path}: '{type_column}' holds what an encoder found, as the column '{found}' tells, "
            "and no types that people told: a recorder may have made them. Compare the latent "
            "table; or rename the column, if people went through it"
        )
    types = table[type_column].to_numpy()
    table = table.set_axis(one_spelling(table.columns, KNOWN), axis=1)
    songs = validate_song_table(numbered_rows(table), base=folders_of(path), name=str(path))
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
        InputError: for eras that do not occur, where there are not two or one has no type, or for
            rows that repeat a song and contradict each other.
    """
    songs = songs_in_memory(songs)
    theme, rest = _without_rest(words(songs[type_column]))
    first = np.ones(len(songs), dtype=bool)
    if {"start_s", "end_s"} <= set(songs.columns):
        # without times, rows of one file may be its many songs
        timed = songs[["start_s", "end_s"]].notna().all(axis=1).to_numpy()
        first[timed] = first_of_each(songs[timed], (type_column, settings.era_column))
    rows = np.flatnonzero(first)
    rows = rows[song_order(songs.iloc[rows], theme[rows])]
    songs, theme = songs.iloc[rows].reset_index(drop=True), theme[rows]
    eras = find_eras(songs, settings)
    if eras is None:
        raise InputError(
            f"{name}: no two eras in '{settings.era_column}'; say --era-column, and --cut-date to "
            "make two eras of many years"
        )
    eras = _typed_alone(eras, theme, type_column)
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
                *rest,
                *told_repeats(first),
                *eras.remarks,
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


def _without_rest(theme: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """[songs] types with "" for those that are none, and sentences on them.

    These are `REST`, and -1 where all others are numbers of clusters.
    """
    rest = np.array([name.casefold() in REST for name in theme], dtype=bool)
    noise = theme == NOISE
    others = set(theme[~noise & ~rest]) - {""}
    if not others:
        return theme, []
    if not all(name.isdecimal() for name in others):
        noise = np.zeros_like(noise)
    told = []
    if rest.any():
        names = ", ".join(f"'{name}'" for name in sorted(set(theme[rest])))
        told.append(
            f"{counted(int(rest.sum()), 'song')} of type {names} "
            f"{'is' if rest.sum() == 1 else 'are'} of no type: all that is left."
        )
    if noise.any():
        told.append(
            f"{counted(int(noise.sum()), 'song')} of type -1 "
            f"{'is' if noise.sum() == 1 else 'are'} taken to be of no type, as clusterers write."
        )
    return np.where(noise | rest, "", theme).astype(object), told


def _typed_alone(eras: Eras, theme: np.ndarray, type_column: str) -> Eras:
    """The eras of the songs that have a type, [songs] not ""; the rest belong to neither.

    Raises:
        InputError: if no song of an era has one.
    """
    untyped = (theme == "") & (eras.of_song != NO_ERA)
    if not untyped.any():
        return eras
    of_song = np.where(untyped, NO_ERA, eras.of_song)
    for code, name in enumerate((eras.historical, eras.modern)):
        if not (of_song == code).any():
            raise InputError(f"no song of era '{name}' has a type in '{type_column}'")
    songs = int((eras.of_song != NO_ERA).sum())
    have = "has" if untyped.sum() == 1 else "have"
    told = f"{untyped.sum()} of {counted(songs, 'song')} {have} no type and entered no test."
    return dataclasses.replace(eras, of_song=of_song, remarks=(*eras.remarks, told))
