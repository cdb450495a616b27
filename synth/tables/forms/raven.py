"""Raven selection tables: tabs between columns, no quotation marks, times of a whole sequence."""

import contextlib
import csv
import io
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.forms.cells import Read, Tell, as_text, file_name, number, one_line
from chingolo.synth.tables.words import numbers as as_numbers
from chingolo.synth.tables.words import word

TIMES = BEGIN, END, OFFSET = "Begin Time (s)", "End Time (s)", "File Offset (s)"
NAMES = {
    "path": "Begin Path",
    "start_s": BEGIN,
    "end_s": END,
    "channel": "Channel",
    "low_hz": "Low Freq (Hz)",
    "high_hz": "High Freq (Hz)",
    "label": "Annotation",
}
"""What a song table and Raven call the same."""

NEEDED = ("path", "start_s", "end_s")
ORDER = ("Selection", "View", "Channel", BEGIN, END, "Low Freq (Hz)", "High Freq (Hz)")
VIEW = "Spectrogram 1"
MOST_UNLIKE = 3
"""Selections that are told one by one."""
RAVENS = {
    name.casefold(): name for name in (*NAMES.values(), *ORDER, OFFSET, "Begin File", "End File")
}
HEARD, MEAN = "Channels Heard", "mean"
"""Raven wants a channel of every selection; this column marks songs that have none of their own."""


def is_raven(text: str) -> bool:
    """Whether the first line names the columns of a selection table."""
    names = [_known(name.strip('"')) for name in text.split("\n", 1)[0].split("\t")]
    return BEGIN in names or {"Selection", "View"} <= set(names)


def _known(name: str) -> str:
    """A column's name as Raven writes it, whatever the case of its letters."""
    return RAVENS.get(name.strip().casefold(), name.strip())


def refuse_taken(names: Collection[str], path: Path) -> None:
    """Refuses a song table that brings columns under the names that its own go by in Raven.

    Raven, and whoever reads the table again, would take them for the times and the recording.

    Raises:
        InputError: naming the first such column.
    """
    taken = {name.casefold() for name in (BEGIN, END, OFFSET, HEARD, "Begin Path", "Channel")}
    for name in names:
        if name not in NAMES and str(name).strip().casefold() in taken:
            raise InputError(
                f"{path}: a column '{name}', which Raven has for the times, channel and path "
                "of a song table; rename it, or leave it out"
            )
    known = [_known(one_line(str(name))) for name in names]
    twice = [name for name in known if known.count(name) > 1]
    if twice:
        raise InputError(f"{path}: two columns would be '{twice[0]}' to Raven; rename one")


def to_raven(table: pd.DataFrame, begins: Mapping[str, float]) -> str:
    """The text of a selection table.

    Args:
        table: rows of a song table.
        begins: where the recording of each `path` begins in the sequence of all, s; 0 if not there.
    """
    text = as_text(table)
    renamed = {name: raven for name, raven in NAMES.items() if raven not in text.columns}
    if "channel" in renamed:
        channel = text["channel"] if "channel" in text else pd.Series("", text.index)
        if "channel" not in text or (channel == "").any():
            text[HEARD] = np.where(channel == "", MEAN, "")
        text["channel"] = channel.where(channel != "", "1")
    for name in ("start_s", "end_s"):
        if name not in text.columns:
            text[name] = ""
    # Raven counts the times of several files from the first; the offset is that within the file
    text[OFFSET] = text["start_s"]
    begun = np.array([begins.get(path, 0.0) for path in table["path"]])
    for name in ("start_s", "end_s"):
        if name in table.columns and begun.any():
            text[name] = [number(time) for time in (table[name] + begun).round(9)]
    text = text.rename(columns=renamed)
    if "Selection" not in text.columns:
        text["Selection"] = [str(row) for row in range(1, len(text) + 1)]
    if "View" not in text.columns:
        text["View"] = VIEW
    first = [name for name in ORDER if name in text.columns]
    text = text[[*first, *(name for name in text.columns if name not in ORDER)]]
    lines = [text.columns.tolist(), *text.to_numpy().tolist()]
    return "".join("\t".join(map(one_line, map(str, line))) + "\n" for line in lines)


def from_raven(text: str, path: Path, tell: Tell) -> Read:
    """Reads a selection table; further views of a selection are merged, and told.

    Raises:
        InputError: if it is none, a row has more cells than the first, or a column stands twice.
    """
    table, lines = _cells(text, path)
    for name in (BEGIN, END):
        if name not in table.columns:
            raise InputError(f"{path}: no column '{name}'; not a Raven selection table")
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{path}: two columns are named '{twice}'")
    for name in {BEGIN, END, OFFSET} & set(table.columns):
        with contextlib.suppress(ValueError):  # a bad cell is told with its row later
            if table[name].str.contains(",").any():
                table[name] = as_numbers(table[name]).map(number)
    begun, ended = (table[name].map(word) != "" for name in (BEGIN, END))
    if (begun & ~ended).any():
        many = int((begun & ~ended).sum())
        last = "lasts to the end of its" if many == 1 else "last to the end of their"
        tell(f"{path}: {counted(many, 'selection')} without an end {last} recording")
    if (ended & ~begun).any():
        many = int((ended & ~begun).sum())
        start = "starts with its" if many == 1 else "start with their"
        tell(f"{path}: {counted(many, 'selection')} without a begin {start} recording")
    if not len(table):
        raise InputError(f"{path}: no selection in it")
    _tell_sequence(table, path, tell)
    kept, table, unlike = _without_further_views(table)
    for row, what in unlike[:MOST_UNLIKE]:
        tell(f"{path}: line {lines[row]}: views of one selection differ in {what}; all are kept")
    if len(unlike) > MOST_UNLIKE:
        tell(f"{path}: and so do those of {counted(len(unlike) - MOST_UNLIKE, 'more selection')}")
    if len(kept) < len(lines):
        further = counted(
            len(lines) - len(kept), "row was a further view", "rows were further views"
        )
        tell(f"{path}: {further} of a selection; merged")
    lines = [lines[row] for row in kept]
    table = _within_the_file(table)
    table = _with_paths(table)
    if HEARD in table.columns:
        # a channel that was chosen in Raven counts
        if "Channel" in table.columns:
            table.loc[(table[HEARD] == MEAN) & (table["Channel"] == "1"), "Channel"] = ""
            if (table["Channel"] == "").all():
                table = table.drop(columns="Channel")
        table = table.drop(columns=HEARD)
    dropped = [OFFSET]
    if "View" in table.columns and (table["View"] == VIEW).all():
        dropped.append("View")
    numbers = [str(row) for row in range(1, len(table) + 1)]
    if "Selection" in table.columns and table["Selection"].tolist() == numbers:
        dropped.append("Selection")
    table = table.drop(columns=[name for name in dropped if name in table.columns])
    for name in NEEDED:
        if name in table.columns and NAMES[name] in table.columns:
            raise InputError(f"{path}: '{name}' stands there twice, once under Raven's name for it")
    renamed = {raven: name for name, raven in NAMES.items() if name not in table.columns}
    return Read(table.rename(columns=renamed), lines)


def _cells(text: str, path: Path) -> tuple[pd.DataFrame, list[int]]:
    """The cells under their names, and the line of each row."""
    # Raven quotes nothing, other programs quote the names of columns too
    quoting = csv.QUOTE_MINIMAL if text.lstrip().startswith('"') else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text), delimiter="\t", quoting=quoting)
    rows, lines, begun = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(begun)
            begun = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}: line {begun}: not of a Raven selection table ({error})"
        ) from error
    if not rows:
        raise InputError(f"{path}: empty; not a Raven selection table")
    names = [_known(name) for name in rows[0]]
    while names and not names[-1]:
        names.pop()
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if any(cell.strip() for cell in row[len(names) :]):
            raise InputError(f"{path}: line {line}: more cells than the first line has names")
        row[:] = row[: len(names)] + [""] * (len(names) - len(row))
    return pd.DataFrame(rows[1:], columns=pd.Index(names), dtype=object), lines[1:]


def _without_further_views(
    table: pd.DataFrame,
) -> tuple[list[int], pd.DataFrame, list[tuple[int, str]]]:
    """The rows without further views of a selection, where these agree.

    The views of a selection share its number, file, channel and times; a number alone may come
    again with the next file. They may measure different things, by columns that name a unit.

    Returns:
        Numbers of the rows that are kept, those rows, each with what its other views know, and for
        each selection whose views contradict each other, and are all kept, a row and in what.
    """
    if "Selection" not in table.columns or "View" not in table.columns:
        return list(range(len(table))), table, []
    shared = ["Selection", "Begin Path", "Begin File", OFFSET, "Channel", BEGIN, END]
    keys = pd.Series(
        list(zip(*(_keys(table[name]) for name in shared if name in table.columns), strict=True)),
        dtype=object,
    )
    texts = [name for name in table.columns if name not in ORDER and not name.endswith(")")]
    kept, merged, unlike = [], [], []
    for rows in table.groupby(keys.to_numpy(), sort=False).indices.values() if len(table) else ():
        views = table.iloc[rows]
        told = {name: list(dict.fromkeys(filter(None, views[name].str.strip()))) for name in texts}
        differing = {name: values for name, values in told.items() if len(values) > 1}
        several = not views["View"].duplicated().any()
        alike = several and not differing
        if several and differing:
            pairs = (
                f"'{name}' ({', '.join(map(repr, values))})" for name, values in differing.items()
            )
            unlike.append((int(max(rows)), " and ".join(pairs)))
        for group in [rows] if alike else [[row] for row in rows]:
            # a spectrogram knows frequencies that a waveform does not
            order = sorted(group, key=lambda row: "Spectrogram" not in table["View"].iloc[row])
            best = [next(filter(None, cells), "") for cells in table.iloc[order].to_numpy().T]
            kept.append(int(min(group)))
            merged.append(best)
    order = np.argsort(kept)
    rows = pd.DataFrame([merged[place] for place in order], columns=table.columns, dtype=object)
    return [kept[place] for place in order], rows, unlike


def _keys(column: pd.Series) -> pd.Series:
    """Cells that are equal where they mean the same: `1.000` and `1` are one time."""
    times = pd.to_numeric(column, errors="coerce")
    return times.astype(object).where(times.notna(), column) if column.name in TIMES else column


def _tell_sequence(table: pd.DataFrame, path: Path, tell: Tell) -> None:
    """Tells how times are taken where several files have no offsets.

    Raven counts from the first file, so that times never begin again; in tables that were joined,
    they count from each.
    """
    files = next((table[name] for name in ("Begin Path", "Begin File") if name in table), None)
    if files is None or files[files.str.strip() != ""].nunique() < 2:
        return
    offset = table[OFFSET] if OFFSET in table.columns else pd.Series("", table.index)
    lacking = int((offset.map(word) == "").sum())
    begins = pd.to_numeric(table[BEGIN], errors="coerce")
    joined = lacking == len(table) and not begins.is_monotonic_increasing
    if lacking and not joined:
        have, their = ("has", "its") if lacking == 1 else ("have", "their")
        tell(
            f"{path}: {counted(lacking, 'selection')} of several files {have} no '{OFFSET}'; "
            f"{their} times are taken from the begin of {their} own file"
        )


def _within_the_file(table: pd.DataFrame) -> pd.DataFrame:
    """Times of a sequence of files as those within each file."""
    if OFFSET not in table.columns:
        return table
    begin, end, offset = (
        pd.to_numeric(table[name].replace("", np.nan), errors="coerce")
        for name in (BEGIN, END, OFFSET)
    )
    moved = offset.notna() & (offset != begin)
    length = (offset + end - begin).round(9)
    return table.assign(
        **{
            BEGIN: table[BEGIN].where(~moved, offset.map(number)),
            END: table[END].where(~moved, length.map(number)),
        }
    )


def _with_paths(table: pd.DataFrame) -> pd.DataFrame:
    """Every row with the path of its recording, which Raven may tell by its name alone."""
    if "Begin File" not in table.columns:
        return table
    paths = table["Begin Path"] if "Begin Path" in table.columns else pd.Series("", table.index)
    paths = paths.where(paths.str.strip() != "", table["Begin File"])
    named = [file_name(path) == name for path, name in zip(paths, table["Begin File"], strict=True)]
    table = table.assign(**{"Begin Path": paths})
    return table.drop(columns="Begin File") if all(named) else table
