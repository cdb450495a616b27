"""CSV and Parquet as rows, not yet checked: any separator, no row without a word."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from chingolo.synth.tables.files import InputError, is_file, read_text


def read_rows(path: str | Path, *, rows: int | None = None) -> pd.DataFrame:
    """Reads any CSV or Parquet table as it stands, not yet checked; CSV: str, "" where empty.

    Raises:
        InputError: if the file is missing, or is not a table.
    """
    path = Path(path)
    if not is_file(path):
        raise InputError(f"{path}: no such song table")
    parquet = path.suffix.lower() == ".parquet"
    try:
        if parquet:
            table = pd.read_parquet(path)
            table = table if table.index.names == [None] else table.reset_index()
        else:
            text = read_text(path)
            table = pd.read_csv(
                io.StringIO(text),
                dtype=str,
                keep_default_na=False,
                sep=separator(text),
                nrows=rows,
            )
    except InputError:
        raise
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{path}: empty file; expected a header line and songs") from error
    except (
        UnicodeDecodeError,
        pd.errors.ParserError,
        ValueError,
        OSError,
        pa.ArrowException,
    ) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{path}: not a CSV or Parquet song table ({reason})") from error
    if table.columns.nlevels > 1:
        raise InputError(f"{path}: its columns have several names each; expected one")
    if parquet:
        return table
    if not isinstance(table.index, pd.RangeIndex):
        # pandas would take the first cells for row names, and shift every column
        raise InputError(f"{path}: a row holds more cells than the header line has names")
    # spreadsheets leave rows of separators alone
    blank = [not any(map(str.strip, row)) for row in table.itertuples(index=False)]
    return table.loc[~np.array(blank, dtype=bool)].reset_index(drop=True) if any(blank) else table


def separator(text: str) -> str:
    """What stands between the cells of a table, by its first line: a comma, semicolon or tab."""
    first = (text.splitlines() or [""])[0]
    return "," if "," in first else next((mark for mark in ";\t" if mark in first), ",")


def line_of(path: Path, row: int) -> int:
    """The line that a row of a CSV file begins on: cells may hold lines; empty ones are no rows."""
    text = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator(text))
    begun, number = 1, -1
    for cells in reader:
        number += any(map(str.strip, cells))
        if number > row:
            return begun
        begun = reader.line_num + 1
    return begun
