"""The two eras of a table: which song belongs to which."""

import dataclasses
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.analysis.settings import CompareSettings
from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.song_table import refuse_dates
from chingolo.synth.tables.words import DATE_FORMS, day_spans, days, word, words

HISTORICAL, MODERN, NO_ERA = 0, 1, -1

MOST_DAYS = 10_000_000
"""An error of a date that is larger than this reaches over all eras, as this one does."""


@dataclass(frozen=True)
class Eras:
    """Two eras and which of them each song belongs to."""

    historical: str
    modern: str
    of_song: np.ndarray
    """[songs] 0 historical, 1 modern, -1 neither."""

    remarks: tuple[str, ...] = ()
    """Sentences on songs that were left out."""


def find_eras(songs: pd.DataFrame, settings: CompareSettings) -> Eras | None:
    """Finds the two eras of a table.

    Args:
        songs: the rows of a song table.
        settings: names of the eras, their column, or a date to cut at.

    Returns:
        The eras; None where the table has no two eras and none was asked for by name.

    Raises:
        InputError: for an era or a column that does not occur, for more than two eras without
            names, and for two whose order cannot be told.
    """
    settings = dataclasses.replace(
        settings, historical=word(settings.historical), modern=word(settings.modern)
    )
    asked = [name for name in (settings.historical, settings.modern) if name]
    if settings.cut_date:
        cut = word(settings.cut_date)
        names, remarks = _cut_by_date(songs, settings.cut_date, settings.era_column)
        present = [f"before {cut}", f"from {cut}"]
        missing = [name for name in present if not (names == name).any()]
        if missing:
            raise InputError(f"no song is dated '{missing[0]}': both eras need songs")
        historical, modern = asked if len(asked) == 2 else present
    else:
        if settings.era_column not in songs.columns:
            if asked or settings.era_column != "era":
                columns = ", ".join(map(str, songs.columns))
                raise InputError(f"no column '{settings.era_column}' for eras; there are {columns}")
            return None
        names = words(songs[settings.era_column])
        remarks = ()
        present = sorted(set(names.tolist()) - {""})
        if not asked and len(present) < 2:
            return None
        historical, modern = _name_eras(present, settings)
    for name in (historical, modern):
        if name not in present:
            listed = ", ".join(f"'{era}'" for era in present[:12]) or "none"
            raise InputError(f"no song of era '{name}'; the eras in the table are {listed}")
    if historical == modern:
        raise InputError(f"the historical and the modern era are both '{historical}'")
    of_song = np.full(len(songs), NO_ERA)
    of_song[names == historical] = HISTORICAL
    of_song[names == modern] = MODERN
    left_out = int((of_song == NO_ERA).sum())
    if left_out:
        many = counted(left_out, "song belongs", "songs belong")
        remarks = (*remarks, f"{many} to neither era and entered no test.")
    return Eras(historical, modern, of_song, remarks)


def _name_eras(present: list[str], settings: CompareSettings) -> tuple[str, str]:
    if settings.historical and settings.modern:
        return settings.historical, settings.modern
    listed = ", ".join(f"'{era}'" for era in present[:12])
    if len(present) != 2:
        raise InputError(f"the table has the eras {listed}; name two: --historical and --modern")
    for given in (settings.historical, settings.modern):
        if given and given not in present:
            raise InputError(f"no song of era '{given}'; the eras in the table are {listed}")
    if settings.historical:
        return settings.historical, next(era for era in present if era != settings.historical)
    if settings.modern:
        return next(era for era in present if era != settings.modern), settings.modern
    folded = {era.casefold(): era for era in present}
    if set(folded) == {"historical", "modern"}:
        return folded["historical"], folded["modern"]
    years = [re.match(r"\d{4}(?!\d)", era) for era in present]
    if all(years) and len({match.group() for match in years if match}) == 2:
        return present[0], present[1]
    raise InputError(f"which of the eras {listed} is older? say --historical and --modern")


def cut_day(cut_date: str) -> np.datetime64:
    """The day that `--cut-date` names.

    Raises:
        InputError: if it is no date.
    """
    told = word(cut_date)
    if not told:
        raise InputError(f"--cut-date: '{cut_date}' is no date; expected {DATE_FORMS}")
    try:
        return days(told)[0]
    except ValueError as error:
        raise InputError(f"--cut-date: {error}") from error


def _cut_by_date(
    songs: pd.DataFrame, cut_date: str, era_column: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    told, cut = word(cut_date), cut_day(cut_date)
    # a column that was asked for goes before, and one without any date tells none
    columns = ["date", era_column] if era_column == "era" else [era_column, "date"]
    known = {column: words(songs[column]) for column in columns if column in songs.columns}
    if not known:
        raise InputError(f"--cut-date needs a column 'date' or '{era_column}', and there is none")
    dated = [name for name, dates in known.items() if (dates != "").any()]
    column = [*dated, *known][0]
    refuse_dates(known[column], column=column, name="--cut-date")
    first, last, _ = day_spans(known[column])
    error = np.zeros(len(songs))
    if column == "date" and "date_error_days" in songs.columns:
        days_off = songs["date_error_days"].fillna(0.0).to_numpy(np.float64)
        error = np.ceil(np.minimum(days_off, MOST_DAYS))
    either_way = error.astype("timedelta64[D]")
    names = np.full(len(songs), "", dtype=object)
    names[last + either_way < cut] = f"before {told}"
    names[first - either_way >= cut] = f"from {told}"
    unsure = int((names == "").sum())
    if not unsure:
        return names, ()
    return names, (
        f"{counted(unsure, 'song has', 'songs have')} no date that is certain about the cut.",
    )
