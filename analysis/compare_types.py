"""Two eras compared by a table of song types and years alone, without audio."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design import effort, find_design
from chingolo.analysis.change.eras import find_eras
from chingolo.analysis.change.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.theme_table import composition_statistic, theme_table
from chingolo.analysis.change.turnover import turnover
from chingolo.analysis.compare import Comparison, versions
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.verdict import decide
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table, validate_song_table


def read_types(path: Path, type_column: str) -> pd.DataFrame:
    """Reads a table whose rows are songs with a type; a column `path` is not needed.

    Args:
        path: CSV or Parquet.
        type_column: column of the types; empty where a song has none.

    Raises:
        InputError: if the file is missing or no table, or has no such column or no type.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such table")
    if path.suffix == ".parquet":
        table = read_song_table(path)
    else:
        try:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        except (ValueError, OSError) as error:
            raise InputError(f"{path}: not a CSV table ({str(error).splitlines()[0]})") from error
    if type_column not in table.columns:
        columns = ", ".join(map(str, table.columns))
        raise InputError(f"{path}: no column '{type_column}'; there are {columns}")
    if not (table[type_column].astype(str) != "").any():
        raise InputError(f"{path}: no song has a type in '{type_column}'")
    if "path" not in table.columns:
        table = table.assign(path=[f"row {row + 1}" for row in range(len(table))])
    return validate_song_table(table, base=path.parent, name=str(path))


def compare_types(
    songs: pd.DataFrame, type_column: str, settings: CompareSettings, *, name: str = "the table"
) -> Comparison:
    """Compares the shares of types in two eras.

    Args:
        songs: rows of `read_types`.
        type_column: column of the types.
        settings: eras, levels and seed.
        name: what to call the table in messages.

    Raises:
        InputError: for eras that do not occur, or where there are not two.
    """
    eras = find_eras(songs, settings)
    if eras is None:
        raise InputError(
            f"{name}: no two eras in '{settings.era_column}'; say --era-column, and --cut-date to "
            "make two eras of many years"
        )
    design = find_design(songs, eras, era_column=settings.era_column)
    theme = songs[type_column].astype(str).to_numpy(object)
    draws = {"permutations": settings.permutations, "seed": settings.seed}
    tests: dict[str, Any] = {}
    if design.testable.any():
        drawn = permuted_eras(design, **draws)
        statistic = composition_statistic(theme, design, drawn)
        p = permutation_p(statistic)
        summary = {"value": float(statistic[0]), "expected": float(statistic[1:].mean()), "p": p}
        tests = {"composition": summary, "combined": {"p": p}}
    settings_of_types = dataclasses.replace(settings, same_recorder=True)
    placebo = {"p": None, "passed": None}
    verdict, reasons = decide(songs, eras, design, tests, placebo, settings_of_types)
    by_hand = "Types were given by people, and no recorder entered the tests; who gave them in each"
    if verdict == "changed":
        reasons = [reasons[0], f"{by_hand} era was not controlled."]
    results = {
        "verdict": verdict,
        "reasons": reasons,
        "songs": len(songs),
        "eras": {"historical": eras.historical, "modern": eras.modern},
        "unit": design.unit_name,
        "block": design.block_name,
        **dict.fromkeys(("energy", "mmd", "classifier", "permanova", "permdisp")),
        **tests,
        "placebo": placebo,
        "descriptors": None,
        "descriptors_test": None,
        "clusters": None,
        "map": None,
        "novel": None,
        "themes": theme_table(
            theme,
            design,
            bootstraps=settings.bootstraps,
            absent_below=settings.absent_below,
            significance=settings.significance,
            **draws,
        ),
        "theme_naming": f"Themes are the types of the column '{type_column}'.",
        "turnover": turnover(theme, design, bootstraps=settings.bootstraps, seed=settings.seed),
        "effort": effort(songs, eras, design),
        "notes": [*eras.notes, *design.notes, f"{by_hand} era is not known."],
        "settings": dataclasses.asdict(settings),
        "versions": versions(),
        "run": {},
    }
    return Comparison(songs.assign(theme=theme), np.zeros((len(songs), 2)), None, eras, results)
