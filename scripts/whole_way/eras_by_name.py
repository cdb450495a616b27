"""When recordings were made, by the names of their folders or their own."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from chingolo.analysis.find.recordings import named
from chingolo.synth.tables.files import InputError

if TYPE_CHECKING:
    import pandas as pd


def eras_by_folder(paths: list[str], given: tuple[Path, ...]) -> list[str]:
    """The folder of each recording, of those that were named or of those in the one that was.

    Args:
        paths: of recordings, absolute.
        given: what was named: folders, or a song table, whose recordings' own folders count.

    Raises:
        InputError: for a recording that lies in no such folder.
    """
    folders = [folder.resolve() for folder in given if folder.is_dir()]
    eras = []
    for path in map(Path, paths):
        resolved = named(path)
        around = [folder for folder in folders if folder in resolved.parents]
        if not folders:
            eras.append(resolved.parent.name)
        elif not around:
            raise InputError(
                f"--era-from folder: {path} lies in none of the folders that are named"
            )
        elif len(given) > 1:
            eras.append(max(around, key=lambda folder: len(folder.parts)).name)
        else:
            inside = resolved.relative_to(around[0])
            if inside.parent == Path():
                raise InputError(
                    f"--era-from folder: {path} lies in {around[0]} itself, not in the folder of "
                    "an era"
                )
            eras.append(inside.parts[0])
    return eras


def dates_by_name(paths: list[str]) -> list[str]:
    """The date (1966-10-03) or year in the name of each recording.

    Raises:
        InputError: for a name without one, or with several that differ.
    """
    day = re.compile(
        r"(?<!\d)(1[89]\d\d|20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)"
    )
    year = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
    dates = []
    for path in paths:
        name = Path(path).stem
        told = {f"{y}-{m}-{d}" for y, _, m, d in day.findall(name)} or set(year.findall(name))
        if len(told) != 1:
            what = f"several dates ({', '.join(sorted(told))})" if told else "no date or year"
            raise InputError(
                f"--era-from filename: {path} tells {what}; expected one, as 1966-10-03, 19661003 "
                "or 1966"
            )
        dates.append(told.pop())
    return dates


def eras_by_year(table: "pd.DataFrame", told_by: str) -> list[str]:
    """The year of each song, where there are two in all.

    Args:
        table: with a column `date`.
        told_by: value of --era-from, for messages.

    Raises:
        InputError: for another number of years, or a song without one.
    """
    from chingolo.synth.tables.words import words

    if "date" not in table.columns:
        raise InputError(f"--era-from {told_by}: the table has no column `date`")
    years = [re.sub(r"\D.*", "", date)[:4] for date in words(table["date"])]
    known = sorted(set(years))
    if "" in known:
        row = years.index("") + 1
        raise InputError(f"--era-from {told_by}: row {row} has no date that begins with its year")
    if len(known) != 2:
        raise InputError(
            f"--era-from {told_by}: there are {len(known)} years, {known[0]} to {known[-1]}; "
            "--cut-date makes two eras of them"
        )
    return years
