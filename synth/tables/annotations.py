"""Song tables as Raven selection tables and Audacity label tracks, and back, without loss.

The ending of a file says what it is: `.csv` and `.parquet` are song tables, `.selections.txt` is a
Raven selection table, any other `.txt` an Audacity label track.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chingolo.synth.tables.files import InputError, atomic_path
from chingolo.synth.tables.song_table import (
    read_song_table,
    relative_paths,
    validate_song_table,
    write_song_table,
)

RAVEN_NAMES = {"path": "Begin Path", "start_s": "Begin Time (s)", "end_s": "End Time (s)"}
RAVEN_ORDER = ("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)")
RAVEN_DEFAULTS = {"View": "Spectrogram 1", "Channel": "1"}
OFFSET = "File Offset (s)"


def read_annotations(path: str | Path, *, audio: Path | None = None) -> pd.DataFrame:
    """Reads a song table, a Raven selection table or an Audacity label track as a song table.

    Args:
        path: the file; its ending says which.
        audio: the recording that a table without paths belongs to.

    Raises:
        InputError: if the file is missing or not what its ending says (names the line), or no
            recording is known for its rows.
    """
    path = Path(path)
    if path.suffix != ".txt":
        return read_song_table(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: not a text file") from error
    if path.name.endswith(".selections.txt"):
        table = _from_raven(text, path)
    else:
        table = _from_audacity(text, path)
    if "path" not in table.columns:
        table["path"] = ""
    missing = table["path"] == ""
    if missing.any() and audio is None:
        raise InputError(f"{path}: does not name its recording; give it with --audio")
    table.loc[missing, "path"] = str(audio.resolve()) if audio is not None else ""
    return validate_song_table(table, base=path.parent, name=str(path))


def write_annotations(table: pd.DataFrame, path: str | Path) -> None:
    """Writes a song table in the form that the file's ending names.

    Raises:
        InputError: for an unknown ending or a folder that cannot be written.
    """
    path = Path(path)
    if path.suffix != ".txt":
        write_song_table(table, path)
        return
    table = relative_paths(table, path.parent)
    text = _to_raven(table) if path.name.endswith(".selections.txt") else _to_audacity(table)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def annotation_text(table: pd.DataFrame, path: Path, *, first: int = 1) -> tuple[str, str]:
    """Rows as `write_annotations` would write them, for a file that grows row by row.

    Args:
        table: rows with an absolute `path`.
        path: of the file; its ending says the form, which must be one of text.
        first: number of the first row.

    Returns:
        The line of column names ("" where there is none), and the rows' lines.

    Raises:
        InputError: for an ending that is not of a text form.
    """
    table = relative_paths(table, path.parent)
    if path.suffix == ".csv":
        text = table.to_csv(index=False, lineterminator="\n")
    elif path.name.endswith(".selections.txt"):
        text = _to_raven(table.assign(Selection=range(first, first + len(table))))
    elif path.suffix == ".txt":
        return "", _to_audacity(table)
    else:
        raise InputError(f"{path}: expected .csv, .selections.txt or .txt")
    names, _, rows = text.partition("\n")
    return names + "\n", rows


def _number(value: Any) -> str:
    """The shortest text that reads back as the same number; "" for none."""
    return "" if pd.isna(value) else repr(float(value))


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Every value as the text that CSV would hold."""
    columns = {}
    for name in table.columns:
        if pd.api.types.is_float_dtype(table[name]):
            columns[name] = [_number(value) for value in table[name]]
        else:
            columns[name] = ["" if pd.isna(value) else str(value) for value in table[name]]
    return pd.DataFrame(columns, index=table.index, dtype=object)


def _to_raven(table: pd.DataFrame) -> str:
    text = _as_text(table).rename(columns=RAVEN_NAMES)
    if "Selection" not in text.columns:
        text["Selection"] = [str(number) for number in range(1, len(text) + 1)]
    for name, value in RAVEN_DEFAULTS.items():
        if name not in text.columns:
            text[name] = value
    for name in ("Begin Time (s)", "End Time (s)"):
        if name not in text.columns:
            text[name] = ""
    # Raven counts times of several files from the first; the offset is that within the file.
    text[OFFSET] = text["Begin Time (s)"]
    rest = [name for name in text.columns if name not in RAVEN_ORDER]
    stream = io.StringIO()
    text[[*RAVEN_ORDER, *rest]].to_csv(stream, sep="\t", index=False, lineterminator="\n")
    return stream.getvalue()


def _from_raven(text: str, path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False)
    except (ValueError, pd.errors.ParserError, csv.Error) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path}: not a Raven selection table ({reason})") from error
    needed = ("Begin Time (s)", "End Time (s)")
    for name in needed:
        if name not in table.columns:
            raise InputError(f"{path}: no column '{name}'; not a Raven selection table")
    # One selection has a row for each view; one of them is enough.
    if "Selection" in table.columns and "View" in table.columns:
        table = table.drop_duplicates("Selection").reset_index(drop=True)
    if OFFSET in table.columns:
        begin, end, offset = (
            pd.to_numeric(table[name].replace("", np.nan), errors="coerce")
            for name in (*needed, OFFSET)
        )
        moved = offset.notna() & (offset != begin)
        table.loc[moved, "End Time (s)"] = (offset + end - begin)[moved].map(_number)
        table.loc[moved, "Begin Time (s)"] = offset[moved].map(_number)
    if "Begin Path" not in table.columns and "Begin File" in table.columns:
        table["Begin Path"] = table["Begin File"]
    plain = all(
        (table[name] == value).all()
        for name, value in RAVEN_DEFAULTS.items()
        if name in table.columns
    )
    dropped = [OFFSET, *(RAVEN_DEFAULTS if plain else ())]
    if "Selection" in table.columns and table["Selection"].tolist() == [
        str(number) for number in range(1, len(table) + 1)
    ]:
        dropped.append("Selection")
    table = table.drop(columns=[name for name in dropped if name in table.columns])
    table = table.rename(columns={raven: name for name, raven in RAVEN_NAMES.items()})
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{path}: '{twice}' stands there twice, once under Raven's name for it")
    return table


def _to_audacity(table: pd.DataFrame) -> str:
    """Start, end and label of each song; everything else follows the label as one JSON object."""
    lines = []
    for row in _as_text(table).to_dict("records"):
        start, end = row.pop("start_s", ""), row.pop("end_s", "")
        label = row.pop("label", None)
        if not start or not end:
            # A label track cannot leave a time out; what was missing is noted.
            row |= {"start_s": start, "end_s": end}
            start, end = start or "0.0", end or start or "0.0"
        if label is not None:
            row["label"] = label
        shown = (label or "").replace("\t", " ").replace("\n", " ")
        lines.append(f"{start}\t{end}\t{shown} {json.dumps(row, ensure_ascii=False)}\n")
    return "".join(lines)


def _noted(label: str) -> dict[str, str] | None:
    """The values that `_to_audacity` put behind a label, or None for a label that has none."""
    for at in [index for index, letter in enumerate(label) if letter == "{"]:
        try:
            values = json.loads(label[at:])
        except ValueError:
            continue
        if isinstance(values, dict) and all(isinstance(value, str) for value in values.values()):
            return values
    return None


def _from_audacity(text: str, path: Path) -> pd.DataFrame:
    rows: list[dict[str, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        parts = line.rstrip("\r").split("\t", 2)
        if parts == [""]:
            continue
        if parts[0] == "\\" and rows and len(parts) == 3:
            rows[-1] |= {"low_hz": parts[1], "high_hz": parts[2]}
            continue
        try:
            if not np.isfinite([float(parts[0]), float(parts[1])]).all():
                raise ValueError("a time is not finite")
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{path}: line {number}: expected start, end and label with tabs between"
            ) from error
        label = parts[2] if len(parts) == 3 else ""
        times = {"start_s": parts[0], "end_s": parts[1]}
        rows.append(times | (_noted(label) or {"label": label}))
    if not rows:
        raise InputError(f"{path}: no label in it")
    return pd.DataFrame(rows).fillna("")
