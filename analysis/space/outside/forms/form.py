"""What a form of others' vectors is, and what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chingolo.synth.tables.files import InputError

WINDOW = ("path", "start_s", "end_s")
"""Columns that tell a window."""


@dataclass(frozen=True)
class OutsideVectors:
    """Vectors as somebody else wrote them."""

    z: np.ndarray
    """[rows, dimensions] float32, finite."""

    written_by: str
    """Program, for messages and the report."""

    windows: pd.DataFrame | None = None
    """[rows] `path` as it was written, `start_s` and `end_s`; None where a song table beside them
    tells of the rows."""

    model: str = ""
    """What made them, where it is told."""

    roots: tuple[Path, ...] = ()
    """Folders that relative paths may start from, besides that of the file."""


@dataclass(frozen=True)
class Form:
    """A form that vectors are written in; entered on one line in `outside.forms.registry`."""

    title: str
    """Who writes it and as what, in one line."""

    takes: Callable[[Path], bool]
    """Whether a file or folder is of this form, by its names and first line."""

    read: Callable[[Path], OutsideVectors]
    """Reads it; raises InputError where it is damaged."""


def as_vectors(values: Any, where: str) -> np.ndarray:
    """[rows, dimensions] float32 of an array or of rows of numbers.

    Args:
        values: what was read.
        where: file, for messages.

    Raises:
        InputError: if they are no numbers, of unequal length, no rows, or not finite.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        lengths = sorted({np.size(row) for row in values})
        raise InputError(
            f"{where}: vectors of unequal length, {lengths[0]} to {lengths[-1]} values"
        ) from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"{where}: values of type {array.dtype}; expected numbers")
    if array.ndim != 2 or not array.size:
        raise InputError(f"{where}: an array of shape {array.shape}; expected [songs, dimensions]")
    with np.errstate(over="ignore"):  # what overflows is not finite
        z = array.astype(np.float32)
    bad = ~np.isfinite(z).all(axis=1)
    if bad.any():
        raise InputError(f"{where}: row {int(np.argmax(bad)) + 1} holds values that are not finite")
    return z


def load_array(path: Path) -> np.ndarray:
    """An array of a `.npy` file; nothing that is pickled is ever loaded.

    Raises:
        InputError: if it is missing, damaged, an archive or pickled.
    """
    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, EOFError) as error:
        if "pickle" in str(error):
            raise InputError(
                f"{path}: holds pickled Python objects, which are never loaded; expected numbers, "
                "as numpy.save writes them"
            ) from error
        raise InputError(f"{path}: no whole .npy file ({str(error).splitlines()[0]})") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: an archive of arrays; expected the one array of a .npy file")
    return array


def windows_table(
    paths: Sequence[str], starts: Sequence[float], ends: Sequence[float]
) -> pd.DataFrame:
    """[rows] `windows` of `OutsideVectors`."""
    columns = (list(paths), np.asarray(starts, np.float64), np.asarray(ends, np.float64))
    return pd.DataFrame(dict(zip(WINDOW, columns, strict=True)))
