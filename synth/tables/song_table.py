"""The song table: one row is one song (or other vocal unit) in an audio file."""

import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd

from chingolo.synth.tables.files import (
    InputError,
    atomic_path,
    folders_of,
    is_unicode,
    on_disk,
    refuse_unnameable,
)
from chingolo.synth.tables.forms.cells import cell_text, file_name
from chingolo.synth.tables.forms.delimited import line_of, read_rows
from chingolo.synth.tables.forms.headers import (
    KNOWN,
    NUMERIC_COLUMNS,
    PLAIN_COLUMNS,
    TEXT_COLUMNS,
    one_spelling,
    times_of_others,
)
from chingolo.synth.tables.words import DATE_FORMS, composed, day_spans, numbers, words

ORIGINS = ("recorded", "resynthesised", "synthetic")
PLACE = ("path", "start_s", "end_s", "channel")
"""Columns that say where a song is recorded; rows that agree in them are one song."""


QUOTED = re.compile(r"""\s*(?P<mark>["'])(?P<path>.+)(?P=mark)\s*""")
"""A path in quotation marks of its own, as Windows copies it."""


class WrongRow(InputError):
    """A row that cannot be used."""

    def __init__(self, name: str, row: int, reason: str):
        super().__init__(f"{name}: row {row + 1}: {reason}")
        self.name, self.row, self.reason = name, row, reason

    def on_line(self, line: int) -> InputError:
        """The same with the line of the file that the row begins on, from 1."""
        return InputError(f"{self.name}: row {self.row + 1} (line {line}): {self.reason}")


def read_song_table(
    path: str | Path, *, rows: int | None = None, audio: Path | None = None
) -> pd.DataFrame:
    """Reads a song table from CSV or Parquet.

    Args:
        path: a `.csv` or `.parquet` file with at least the column `path`.
        rows: read only the first rows of a CSV file; None for all.
        audio: the recording that the table belongs to; see `of_recording`.

    Returns:
        One row per song, in file order. `path` is absolute; `channel` is Int64, the other known
        numeric columns are float64 with NaN where empty; the known text columns hold `words`, ""
        where a name is missing; unknown columns are as in the file (CSV: str).

    Raises:
        InputError: if the file is missing, is not a table, has no `path` column, no row, or a
            value of a known column that is out of its range (the message names the row).
    """
    path = Path(path)
    table = read_rows(path, rows=rows)
    table = table.set_axis(one_spelling(table.columns, KNOWN), axis=1)
    refuse_other_times(table.columns, name=str(path))
    if audio is not None and len(table):
        table = of_recording(table, audio, name=str(path))
    try:
        return validate_song_table(table, base=folders_of(path), name=str(path))
    except WrongRow as error:
        if path.suffix.lower() == ".parquet":
            raise
        raise error.on_line(line_of(path, error.row)) from error


def refuse_other_times(names: Collection[Any], *, name: str) -> None:
    """Refuses a table whose columns seem to hold another program's times; see `times_of_others`.

    Raises:
        InputError: naming the first such column.
    """
    if times := times_of_others(names):
        raise InputError(
            f"{name}: a column '{times[0]}', which is none of a song table: expected the times of "
            "songs in 'start_s' and 'end_s', in s from the start of the recording; rename it if it "
            "tells another thing"
        )


def of_recording(table: pd.DataFrame, audio: Path, *, name: str) -> pd.DataFrame:
    """Gives the rows that belong to a recording its path.

    These are the rows that name none or a file of the recording's name, and all rows of a table
    that names one file alone.

    Raises:
        InputError: if the table names several files, none of the recording's name, or no column
            that is known, or the recording cannot be named in a table.
    """
    refuse_unnameable(audio)
    if "path" not in table.columns:
        if not KNOWN & set(table.columns):
            raise InputError(
                f"{name}: the first line names no column of a song table, but "
                f"{', '.join(map(repr, table.columns))}; expected names such as start_s, end_s and "
                "label above the songs"
            )
        return table.assign(path=str(audio.resolve()))
    paths = [cell_text(value) for value in table["path"]]
    named = sorted({path for path in paths if path.strip()})
    alone = len(named) <= 1
    name_of = composed(audio.name)
    own = [alone or not path.strip() or composed(file_name(path)) == name_of for path in paths]
    if not alone and not any(own):
        raise InputError(
            f"{name}: names {len(named)} recordings, {file_name(named[0])} first; --audio "
            f"{audio} is none of them"
        )
    given = str(audio.resolve())
    return table.assign(
        path=[given if ours else path for ours, path in zip(own, paths, strict=True)]
    )


def validate_song_table(
    table: pd.DataFrame, *, base: Path | Sequence[Path], name: str
) -> pd.DataFrame:
    """Checks a song table and brings the known columns to their types.

    Args:
        table: the rows; see `read_song_table`.
        base: folder that relative paths start from; of several the first that holds the file.
        name: what to call the table in messages.

    Raises:
        WrongRow: for a row that cannot be used.
        InputError: otherwise as `read_song_table`.
    """
    table = table.set_axis(one_spelling(table.columns, KNOWN), axis=1)
    if "path" not in table.columns:
        raise InputError(f"{name}: no column 'path'; found {', '.join(map(repr, table.columns))}")
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{name}: two columns are named '{twice}'")
    if not len(table):
        raise InputError(f"{name}: the table holds no song")
    table = table.reset_index(drop=True).copy()
    texts = table["path"].map(pd.api.types.is_scalar)
    _refuse_rows(~texts.astype(bool), name, "'path' is no path, but a list or mapping")
    paths = [cell_text(value) for value in table["path"]]
    _refuse_rows(pd.Series([not path.strip() for path in paths]), name, "'path' is empty")
    table["path"] = [_found(base, path, row, name) for row, path in enumerate(paths)]
    table = known_columns(table, name=name)
    if "start_s" in table.columns:
        _refuse_rows(table["start_s"] < 0, name, "'start_s' is negative")
        if "end_s" in table.columns:
            _refuse_rows(table["end_s"] <= table["start_s"], name, "'end_s' is not after 'start_s'")
    if "end_s" in table.columns:
        _refuse_rows(table["end_s"] <= 0, name, "'end_s' is not after the start of the recording")
    return table


def known_columns(table: pd.DataFrame, *, name: str) -> pd.DataFrame:
    """Brings the known columns but `path` to their types, and names to their one spelling.

    Args:
        table: rows of a song table, numbered from 0.
        name: what to call the table in messages.

    Raises:
        InputError: for a number, a date or an origin that is none (names the row and the value).
    """
    table = table.copy()
    for column in NUMERIC_COLUMNS:
        if column in table.columns:
            try:
                table[column] = numbers(table[column])
            except ValueError as error:
                row, value = error.args
                comma = "; write numbers with a decimal point" if "," in value else ""
                reason = f"'{column}' is not a number, but '{value}'{comma}"
                raise WrongRow(name, row, reason) from error
    if "channel" in table.columns:
        channel = table["channel"]
        wrong = channel.notna() & ~((channel >= 1) & (channel <= 1024) & (channel % 1 == 0))
        _refuse_rows(wrong, name, "'channel' is not a number of a channel, from 1")
        table["channel"] = channel.astype("Int64")
    for column in TEXT_COLUMNS:
        if column in table.columns:
            table[column] = words(table[column])
    for column in PLAIN_COLUMNS:
        if column in table.columns:
            table[column] = [cell_text(value) for value in table[column]]
    if "date" in table.columns:
        refuse_dates(table["date"].to_numpy(object), column="date", name=name)
    for column, most in (("latitude", 90), ("longitude", 360)):
        if column in table.columns:
            beyond = table[column].abs() > most
            _refuse_rows(beyond, name, f"'{column}' is not in degrees, -{most} to {most}")
    for column in {"low_hz", "high_hz"} & set(table.columns):
        _refuse_rows(table[column] < 0, name, f"'{column}' is negative")
    if {"low_hz", "high_hz"} <= set(table.columns):
        _refuse_rows(table["high_hz"] < table["low_hz"], name, "'high_hz' is below 'low_hz'")
    if "date_error_days" in table.columns:
        _refuse_rows(table["date_error_days"] < 0, name, "'date_error_days' is negative")
    if "origin" in table.columns:
        unknown = ~table["origin"].isin(["", *ORIGINS])
        _refuse_rows(unknown, name, f"'origin' is not one of {', '.join(ORIGINS)}")
    return table


def refuse_dates(dates: np.ndarray, *, column: str, name: str) -> None:
    """Refuses a column, [rows] of `words`, with a value that is neither missing nor a date.

    Raises:
        InputError: naming the first such row, its value and the form that is expected.
    """
    bad = pd.Series(day_spans(dates)[2])
    if bad.any():
        value = dates[int(np.argmax(bad))]
        _refuse_rows(bad, name, f"'{column}' is '{value}', no date; expected {DATE_FORMS}")


def _found(base: Path | Sequence[Path], path: str, row: int, name: str) -> str:
    bases = [base] if isinstance(base, Path) else base
    files = [_resolved(each, path, row, name) for each in bases]
    return next((file for file in files if len(files) > 1 and os.path.exists(file)), files[0])


def _resolved(base: Path, path: str, row: int, name: str) -> str:
    try:
        quoted = QUOTED.fullmatch(path)
        if quoted and not (base / path).exists():
            path = quoted["path"]
        if "\\" in path and not (base / path).exists():
            # written on Windows: below the table's folder, or else the file of that name there
            windows = PureWindowsPath(path)
            path = windows.name if windows.anchor else windows.as_posix()
        if path != path.strip() and not (base / path).exists() and (base / path.strip()).exists():
            path = path.strip()
        # unlike Path.resolve, it raises nothing for links in a circle, which the reader then tells
        file = os.path.realpath(on_disk((base / path).absolute()))
    except (ValueError, OSError) as error:  # a NUL byte
        raise WrongRow(name, row, "'path' is no path") from error
    if not is_unicode(file):
        raise WrongRow(name, row, f"{file}: a name that is not UTF-8, which no table can hold")
    return file


def _refuse_rows(bad: pd.Series, name: str, reason: str) -> None:
    if bad.any():
        raise WrongRow(name, int(np.flatnonzero(bad.to_numpy())[0]), reason)


def relative_paths(table: pd.DataFrame, base: Path) -> pd.DataFrame:
    """Makes `path` relative to `base` for files below it, so that a folder can be moved whole."""
    base = base.resolve()

    def shorten(value: str) -> str:
        file = Path(value)
        return file.relative_to(base).as_posix() if file.is_relative_to(base) else str(file)

    paths = [shorten(value) for value in table["path"]]
    return table.assign(path=pd.Series(paths, table.index, dtype=table["path"].dtype))


def write_song_table(table: pd.DataFrame, path: str | Path) -> None:
    """Writes a song table as CSV or Parquet, by the file's ending, under its final name only whole.

    Args:
        table: rows with an absolute `path`; see `read_song_table`.
        path: `.csv` or `.parquet`.

    Raises:
        InputError: for another ending, or a folder that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{path}: a song table ends in .csv or .parquet")
    table = relative_paths(table, path.parent)
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".csv":
            of_any_kind = [name for name in table.columns if table[name].dtype == object]
            table[of_any_kind] = table[of_any_kind].map(cell_text)
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)


def song_reference(song: pd.Series) -> str:
    """Names one song of a table: its path and, for a part of a file, `#t=START,END` in s.

    The form is that of W3C Media Fragments (2012), sections 4.2.1 and 4.2.3: a channel is a track.
    """
    times = [float(song.get(name, np.nan)) for name in ("start_s", "end_s")]
    parts = []
    if not np.isnan(times).all():
        start, end = (
            "" if np.isnan(time) else np.format_float_positional(time, trim="-") for time in times
        )
        parts.append(f"t={start}" + (f",{end}" if end else ""))
    if (channel := channel_of(song)) is not None:
        parts.append(f"track={channel}")
    return f"{song['path']}" + (f"#{'&'.join(parts)}" if parts else "")


def channel_of(song: pd.Series) -> int | None:
    """The channel of the recording that a row means, from 1; None for the mean of all."""
    channel = song.get("channel")
    return None if channel is None or pd.isna(channel) else int(channel)
