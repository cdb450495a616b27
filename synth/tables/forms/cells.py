"""Rows of a song table as text, and rows of text with the lines that they stand on."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd

csv.field_size_limit(1 << 30)  # as JSON, the vectors of a song are more than the usual 128 kB

Tell = Callable[[str], None]
"""Takes a sentence on what could not be taken as it stands."""


@dataclass(frozen=True)
class Read:
    """Rows of a file."""

    table: pd.DataFrame
    """Values as str, under the names of a song table; not yet checked."""

    lines: list[int]
    """Line of the file that each row begins on, from 1."""


def number(value: Any) -> str:
    """The shortest text that reads back as the same number; "" for none."""
    return "" if pd.isna(value) else repr(float(value))


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Every value as the text that CSV would hold."""
    columns = {}
    for name in table.columns:
        if pd.api.types.is_float_dtype(table[name]):
            columns[name] = [number(value) for value in table[name]]
        else:
            columns[name] = [cell_text(value) for value in table[name]]
    return pd.DataFrame(columns, index=table.index, dtype=object)


def cell_text(value: Any) -> str:
    """A value of any kind as text: "" where it is missing, JSON for lists and mappings."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not pd.api.types.is_scalar(value):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return "" if pd.isna(value) else str(value)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else cell_text(value)


def vector_columns(table: pd.DataFrame) -> list[str]:
    """Names of the columns that hold arrays of numbers, as the `z` of a latent table."""
    return [
        name
        for name in table.columns
        if any(isinstance(value, np.ndarray) and value.dtype.kind in "fiu" for value in table[name])
    ]


def one_line(text: str) -> str:
    """The text without what would break a line or a column."""
    return text.replace("\t", " ").replace("\r", " ").replace("\n", " ")


def file_name(path: str) -> str:
    """The last part of a path of any system."""
    return PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name
