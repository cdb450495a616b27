"""A plain `.npy` beside a song table: one row a song, in the table's order."""

from pathlib import Path

from chingolo.analysis.space.outside.forms.form import Form, OutsideVectors, as_vectors, load_array

TABLES = (".csv", ".parquet", ".tsv")
"""Endings of the table beside it."""


def tables_beside(path: Path) -> list[Path]:
    """Song tables of the same name: `songs.csv` of `songs.npy`."""
    return [table for ending in TABLES if (table := path.with_suffix(ending)).is_file()]


def _takes(path: Path) -> bool:
    return path.suffix.lower() == ".npy"


def _read(path: Path) -> OutsideVectors:
    return OutsideVectors(as_vectors(load_array(path), str(path)), written_by="others")


ARRAY = Form(title="numpy: .npy beside a song table, a row a song", takes=_takes, read=_read)
