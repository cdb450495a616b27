"""Song tables as Raven selection tables and Audacity label tracks, and back, without loss.

`.csv` and `.parquet` are song tables. A `.txt` is read as what its first line says; written, it is
a Raven selection table if it ends in `.selections.txt` (or `.selection.table.txt`, as of BirdNET),
else an Audacity label track.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.tables.audio import length_s
from chingolo.synth.tables.files import InputError, atomic_path, counted, folders_of, read_text
from chingolo.synth.tables.forms.audacity import from_audacity, to_audacity
from chingolo.synth.tables.forms.cells import Read, Tell, one_line, vector_columns
from chingolo.synth.tables.forms.raven import from_raven, is_raven, refuse_taken, to_raven
from chingolo.synth.tables.song_table import (
    WrongRow,
    of_recording,
    read_song_table,
    relative_paths,
    validate_song_table,
    write_song_table,
)

RAVEN_ENDINGS = (".selections.txt", ".selection.table.txt")


def _silent(line: str) -> None:
    """Takes a sentence and says nothing."""


def read_annotations(
    path: str | Path, *, audio: Path | None = None, tell: Tell = _silent
) -> pd.DataFrame:
    """Reads a song table, a Raven selection table or an Audacity label track as a song table.

    Args:
        path: the file.
        audio: the recording that the table belongs to; see `of_recording`.
        tell: takes a sentence on rows that are merged or left out.

    Raises:
        InputError: if the file is missing or not what it should be (names the line), or no
            recording is known for its rows.
    """
    path = Path(path)
    if path.suffix.lower() != ".txt":
        return read_song_table(path, audio=audio)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    text = read_text(path).replace("\r\n", "\n").replace("\r", "\n")
    raven = is_raven(text) or _is_for_raven(path)
    read = from_raven(text, path, tell) if raven else from_audacity(text, path)
    read = _without_points(read, path, tell)
    table = read.table
    if "path" not in table.columns:
        table = table.assign(path="")
    named = set(table["path"]) - {""}
    nameless = np.flatnonzero(table["path"].map(str.strip) == "")
    if audio is not None:
        table = of_recording(table, audio, name=str(path))
    elif len(nameless) == len(table):
        raise InputError(f"{path}: does not name its recording; give it with --audio")
    elif len(nameless):
        first = f"row {nameless[0] + 1} (line {read.lines[nameless[0]]})"
        if len(named) > 1:
            more = f", as {counted(len(nameless) - 1, 'more row')}" if len(nameless) > 1 else ""
            raise InputError(
                f"{path}: {first} names no recording{more}, and the others name {len(named)}; name "
                "it, or give it with --audio"
            )
        # rows that were added by hand
        tell(
            f"{path}: {counted(len(nameless), 'row names', 'rows name')} no recording, {first} "
            f"first; taken to be of {next(iter(named))}, the only one named"
        )
        table = table.assign(path=named.pop())
    try:
        return validate_song_table(table, base=folders_of(path), name=str(path))
    except WrongRow as error:
        raise error.on_line(read.lines[error.row]) from error


def write_annotations(table: pd.DataFrame, path: str | Path, *, tell: Tell = _silent) -> None:
    """Writes a song table in the form that the file's ending names.

    Args:
        table: rows with an absolute `path`.
        path: the file.
        tell: takes a sentence on what the form cannot hold.

    Raises:
        InputError: for an unknown ending, columns that are another thing in that form, or a folder
            that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".txt":
        write_song_table(table, path)
        return
    vectors = vector_columns(table)
    if vectors:
        tell(
            f"{path}: '{vectors[0]}' holds vectors, which are left out; .csv and .parquet keep them"
        )
        table = table.drop(columns=vectors)
    _tell_breaks(table, path, tell)
    if _is_for_raven(path):
        refuse_taken(table.columns, path)
        begins = _sequence(sorted(set(table["path"])), path, tell)
        shown = relative_paths(table, path.parent)
        names = dict(zip(table["path"], shown["path"], strict=True))
        text = to_raven(shown, {names[file]: begin for file, begin in begins.items()})
    else:
        recordings = table["path"].nunique()
        if recordings > 1:
            tell(
                f"{path}: labels of {recordings} recordings in one track; each counts from the "
                "start of its own"
            )
        text = to_audacity(relative_paths(table, path.parent))
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def annotation_text(
    table: pd.DataFrame, path: Path, *, first: int = 1, begun_s: float = 0.0
) -> tuple[str, str]:
    """Rows as `write_annotations` would write them, for a file that grows row by row.

    Args:
        table: rows of one recording with an absolute `path`.
        path: of the file; its ending says the form, which must be one of text.
        first: number of the first row.
        begun_s: length of the recordings before this one, s.

    Returns:
        The line of column names ("" where there is none), and the rows' lines.

    Raises:
        InputError: for an ending that is not of a text form.
    """
    table = relative_paths(table, path.parent)
    if path.suffix.lower() == ".csv":
        text = table.to_csv(index=False, lineterminator="\n")
    elif _is_for_raven(path):
        numbered = table.assign(Selection=range(first, first + len(table)))
        text = to_raven(numbered, dict.fromkeys(table["path"], begun_s))
    elif path.suffix.lower() == ".txt":
        return "", to_audacity(table)
    else:
        raise InputError(f"{path}: expected .csv, .selections.txt or .txt")
    names, _, rows = text.partition("\n")
    return names + "\n", rows


def _is_for_raven(path: Path) -> bool:
    return path.name.lower().endswith(RAVEN_ENDINGS)


def _tell_breaks(table: pd.DataFrame, path: Path, tell: Tell) -> None:
    """Refuses files of a name that a text form cannot hold, and tells of other such cells."""
    breaks = [
        name
        for name in table.columns
        for value in table[name]
        if isinstance(value, str) and one_line(value) != value
    ]
    if "path" in breaks and _is_for_raven(path):
        raise InputError(f"{path}: a recording with a tab or line break in its name; rename it")
    others = [name for name in breaks if name != "path"]
    if others:
        tell(
            f"{path}: {counted(len(others), 'cell holds', 'cells hold')} tabs or line breaks, "
            f"'{others[0]}' first; blanks stand for them"
        )


def _sequence(files: list[str], path: Path, tell: Tell) -> dict[str, float]:
    """Where each file begins when all are opened in this order, s."""
    if len(files) < 2:
        return {}
    try:
        lengths = [length_s(file) for file in files[:-1]]
    except InputError as error:
        tell(
            f"{path}: {error}; so where each of the {len(files)} recordings begins in a sequence "
            "is not known, and all times are those within the recording"
        )
        return {}
    return dict(zip(files, np.cumsum([0.0, *lengths]).tolist(), strict=True))


def _without_points(read: Read, path: Path, tell: Tell) -> Read:
    """The rows that last; a point in time is no song."""
    times = [
        pd.to_numeric(read.table[name], errors="coerce").to_numpy() for name in ("start_s", "end_s")
    ]
    point = times[0] == times[1]
    if not point.any():
        return read
    line = read.lines[int(np.argmax(point))]
    if point.all():
        raise InputError(
            f"{path}: line {line}: a point in time, as all rows; expected an end after it"
        )
    tell(f"{path}: {counted(int(point.sum()), 'point')} in time left out, the first on line {line}")
    rows = np.flatnonzero(~point)
    return Read(read.table.iloc[rows].reset_index(drop=True), [read.lines[row] for row in rows])
