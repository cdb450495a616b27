"""CSV and Parquet as rows, not yet checked: any separator, no row without a word."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from chingolo.synth.tables.files import InputError, counted, is_file, read_text
from chingolo.synth.tables.forms.headers import KNOWN, one_spelling
from chingolo.synth.tables.words import composed

SEPARATOR = re.compile(r'\s*"?sep=(?P<mark>[^\w\s"]|\t)"?[ ;,\t]*(?=[\r\n])', re.IGNORECASE)


def read_rows(path: str | Path, *, rows: int | None = None) -> pd.DataFrame:
    """Reads any CSV or Parquet table as it stands, not yet checked; CSV: str, "" where empty.

    Names of columns are in one spelling; a column without a name and without a value is none.

    Raises:
        InputError: if the file is missing or is not a table, a row has more cells than the header
            or ends before its last name, or two columns have one name.
    """
    path = Path(path)
    if not is_file(path):
        raise InputError(f"{path}: no such song table")
    if path.suffix.lower() == ".parquet":
        try:
            table = pd.read_parquet(path)
        except (ValueError, OSError, pa.ArrowException) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{path}: not a CSV or Parquet song table ({reason})") from error
        table = table if table.index.names == [None] else table.reset_index()
        if table.columns.nlevels > 1:
            raise InputError(f"{path}: its columns have several names each; expected one")
    else:
        table = _read_text_rows(path, rows)
    table.columns = pd.Index(
        [composed(name) if isinstance(name, str) else name for name in table.columns]
    )
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise InputError(f"{path}: two columns are named '{twice}'")
    return table


def _read_text_rows(path: Path, most: int | None) -> pd.DataFrame:
    text, mark = _marked_text(path)
    reader = _reader(text, mark, strict=True)
    rows: list[list[str]] = []
    begun, width, named = 1, 0, 0
    try:
        for row in reader:
            if any(map(str.strip, row)):  # spreadsheets leave rows of separators alone
                if not rows:
                    width = len(row)
                    named = max(place for place, name in enumerate(row) if name.strip()) + 1
                if any(map(str.strip, row[width:])):
                    raise InputError(
                        f"{path}: line {begun}: a row holds more cells than the header line has "
                        "names"
                    )
                if len(row) < named:
                    raise InputError(
                        f"{path}: line {begun}: a row of {counted(len(row), 'cell')}, and the "
                        f"header line names {named}; is it cut off?"
                    )
                rows.append(row[:width] + [""] * (width - len(row)))
                if most is not None and len(rows) > most:
                    break
            begun = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}: not a CSV song table (line {begun}, a quotation mark that is not closed or "
            f"stands within a cell: {error})"
        ) from error
    if not rows:
        raise InputError(f"{path}: empty file; expected a header line and songs")
    names = [name if name.strip() else f"Unnamed: {at}" for at, name in enumerate(rows[0])]
    table = pd.DataFrame(rows[1:], columns=pd.Index(names, dtype=object), dtype=object)
    nameless = [at for at, name in enumerate(rows[0]) if not name.strip()]
    empty = [at for at in nameless if not table.iloc[:, at].str.strip().any()]
    return table.iloc[:, [at for at in range(width) if at not in empty]]


def _reader(text: str, mark: str, *, strict: bool = False) -> Any:
    """Rows of cells; a quotation mark may follow a separator and blanks."""
    blanks = re.search(rf'{re.escape(mark)} +"', text) is not None
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=mark, strict=strict, skipinitialspace=blanks
    )


def _marked_text(path: Path) -> tuple[str, str]:
    """The text of a table, and what stands between its cells.

    A first line `sep=;`, as Excel writes and heeds it, tells that and is left blank.
    """
    text = read_text(path)
    told = SEPARATOR.match(text)
    return (text[told.end() :], told["mark"]) if told else (text, separator(text))


def separator(text: str) -> str:
    """What stands between the cells of a table, by its first words: a comma, semicolon or tab.

    It is the one that parts them into most names of a song table or, where none does, the first of
    them that stands there.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    marks = [mark for mark in ",;\t" if mark in first] or [","]

    def known(mark: str) -> int:
        names = next(_reader(first, mark), [])
        return len(KNOWN & set(one_spelling(names, KNOWN)))

    return max(marks, key=known)


def line_of(path: Path, row: int) -> int:
    """The line that a row of a CSV file begins on: cells may hold lines; empty ones are no rows."""
    text, mark = _marked_text(path)
    reader = _reader(text, mark)
    begun, number = 1, -1
    for cells in reader:
        number += any(map(str.strip, cells))
        if number > row:
            return begun
        begun = reader.line_num + 1
    return begun
