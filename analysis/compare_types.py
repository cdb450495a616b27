"""Two eras compared by a table of song types and years alone, without audio."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.change.change_tests import change_tests
from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import themes_alone
from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.units import effort, find_design
from chingolo.analysis.change.era_change import design_results
from chingolo.analysis.change.theme_table import theme_table
from chingolo.analysis.change.turnover import turnover
from chingolo.analysis.recorder.placebo import NOT_MADE
from chingolo.analysis.results import Comparison, put_together, versions, with_tests
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import songs_in_memory
from chingolo.analysis.verdict import CHANGED, decide
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.delimited import read_rows
from chingolo.synth.tables.song_table import validate_song_table
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
    if "path" not in table.columns:
        table = table.assign(path=[f"row {row + 1}" for row in range(len(table))])
    return validate_song_table(table, base=path.parent, name=str(path))


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
    eras = find_eras(songs, settings)
    if eras is None:
        raise InputError(
            f"{name}: no two eras in '{settings.era_column}'; say --era-column, and --cut-date to "
            "make two eras of many years"
        )
    design = find_design(songs, eras, era_column=settings.era_column, seed=settings.seed)
    theme = words(songs[type_column])
    themes = theme_counts(theme, design)
    drawn = permuted_eras(design, permutations=settings.permutations)
    tests = change_tests(themes_alone(theme), design, drawn) if design.testable.any() else {}
    by_people = dataclasses.replace(settings, same_recorder=True)
    verdict, reasons = decide(songs, eras, design, tests, NOT_MADE, by_people)
    by_hand = "Types were given by people, and no recorder entered the tests; who gave them in each"
    if verdict == CHANGED:
        reasons = [reasons[0], f"{by_hand} era was not controlled."]
    results = put_together(
        design_results(eras, design),
        {
            "verdict": verdict,
            "reasons": reasons,
            "songs": len(songs),
            "placebo": NOT_MADE,
            "descriptors": None,
            "clusters": None,
            "map": None,
            "novel": None,
            "themes": theme_table(
                themes,
                design,
                drawn,
                bootstraps=settings.bootstraps,
                absent_below=settings.absent_below,
                significance=settings.significance,
            ),
            "theme_naming": f"Themes are the types of the column '{type_column}'.",
            "turnover": turnover(themes, design, bootstraps=settings.bootstraps),
            "effort": effort(songs, eras, design),
            "notes": [*eras.remarks, *design.remarks, f"{by_hand} era is not known."],
            "settings": dataclasses.asdict(settings),
            "versions": versions(),
            "run": {},
        },
    )
    songs = songs.assign(theme=theme)
    return Comparison(songs, np.zeros((len(songs), 2)), None, eras, with_tests(results, tests))
