"""The latent table: a song table's rows with each song's latent vector, as Parquet."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from chingolo.synth.tables.files import InputError, atomic_path, folders_of
from chingolo.synth.tables.forms.headers import set_aside
from chingolo.synth.tables.song_table import (
    known_columns,
    relative_paths,
    validate_song_table,
)

METADATA_KEY = b"chingolo"
"""Key of the file's metadata under which what made the vectors stands, as JSON."""


VECTORS = ("z", "copies")
"""Columns of vectors."""

INSTEAD = {
    ".csv": "a song table becomes one by `chingolo embed`; its types alone are compared by "
    "--type-column",
    ".npz": "expected one array, as numpy.save writes it to .npy",
}
"""What to do with files that are often given in place of one."""

NO_FILE = r"(.*[\\/])?row \d+"
"""Paths as `numbered_rows` makes them up."""


@dataclass(frozen=True)
class LatentTable:
    """Songs with their latent vectors."""

    songs: pd.DataFrame
    """The song table's rows, `path` absolute; songs in memory need no `path`."""

    z: np.ndarray
    """[songs, dimensions] float32 latent vectors, in the order of `songs`."""

    made_by: dict[str, Any] = field(default_factory=dict)
    """What made the vectors: checkpoint hash, sample rate, and what else the encoder tells."""

    copies: np.ndarray | None = None
    """[songs, recorders, dimensions] float32 vectors of the same songs heard through random
    recorders; `z` is then the mean of a song's own vector and these. None: heard as they are."""

    def take(self, rows: np.ndarray) -> "LatentTable":
        """The table of these rows, by number."""
        songs = self.songs.iloc[rows].reset_index(drop=True)
        copies = None if self.copies is None else self.copies[rows]
        return LatentTable(songs, self.z[rows], self.made_by, copies)


def write_latent_table(latents: LatentTable, path: str | Path) -> None:
    """Writes a latent table as Parquet.

    Raises:
        InputError: if `path` does not end in `.parquet` or its folder cannot be written.
    """
    part = (latents.z, latents.copies, pd.DataFrame())
    write_latent_parts(latents.songs, [part], latents.made_by, path)


def write_latent_parts(
    songs: pd.DataFrame,
    parts: Iterable[tuple[np.ndarray, np.ndarray | None, pd.DataFrame]],
    made_by: dict[str, Any],
    path: str | Path,
) -> dict[str, str]:
    """Writes a latent table part by part, so that only one part's vectors are held at a time.

    Args:
        songs: the rows of all parts.
        parts: for each part in turn, z [songs of the part, dimensions], copies [songs of the part,
            recorders, dimensions] or None, and further columns for its songs (none where the frame
            is empty).
        made_by: what made the vectors.
        path: `.parquet`; it appears under this name only whole.

    Returns:
        Columns of the songs that `z`, `copies` and the further columns would have written over, and
        the names that they are kept under; vectors of an earlier latent table are not kept.

    Raises:
        InputError: if `path` does not end in `.parquet` or its folder cannot be written.
    """
    path = Path(path)
    if path.suffix != ".parquet":
        raise InputError(f"{path}: a latent table ends in .parquet")
    songs = relative_paths(songs, path.parent)
    old = [name for name in VECTORS if name in songs.columns and _holds_vectors(songs[name])]
    rows = pa.Table.from_pandas(songs.drop(columns=old), preserve_index=False)
    start, writer, renamed = 0, None, {}
    with atomic_path(path) as temporary:
        try:
            for z, copies, columns in parts:
                part = rows.slice(start, len(z))
                renamed = set_aside(part.column_names, [*VECTORS, *map(str, columns)])
                part = part.rename_columns([renamed.get(name, name) for name in part.column_names])
                for name in columns:
                    part = part.append_column(name, pa.array(columns[name].to_numpy()))
                part = part.append_column("z", _fixed_size_lists(z))
                if copies is not None:
                    flat = copies.reshape(len(copies), -1)
                    part = part.append_column("copies", _fixed_size_lists(flat))
                metadata = {
                    **(part.schema.metadata or {}),
                    METADATA_KEY: json.dumps(made_by).encode(),
                }
                part = part.replace_schema_metadata(metadata)
                writer = writer or pq.ParquetWriter(temporary, part.schema)
                writer.write_table(part)
                start += len(z)
        finally:
            if writer is not None:
                writer.close()
    return renamed


def read_latent_table(path: str | Path) -> LatentTable:
    """Reads a latent table.

    Raises:
        InputError: if the file is missing, is not Parquet, or its `z` is missing, ragged or not
            finite (the message names the row).
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such latent table")
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        instead = INSTEAD.get(path.suffix.lower())
        reason = str(error).splitlines()[0] if instead is None else instead
        raise InputError(f"{path}: not a Parquet latent table ({reason})") from error
    if "z" not in table.column_names:
        raise InputError(f"{path}: no column 'z'; make latent tables with `chingolo embed`")
    z, copies = _vectors(table.column("z"), path), None
    if "copies" in table.column_names:
        copies = _vectors(table.column("copies"), path)
        if copies.shape[1] % z.shape[1]:
            raise InputError(f"{path}: 'copies' holds no whole number of vectors like those in 'z'")
        copies = copies.reshape(len(z), -1, z.shape[1])
    songs = table.drop(["z", *(["copies"] if copies is not None else [])]).to_pandas()
    songs = validate_song_table(songs, base=folders_of(path), name=str(path))
    for name, values in (("z", z), ("copies", copies)):
        if values is None:
            continue
        bad = ~np.isfinite(values.reshape(len(z), -1)).all(axis=1)
        if bad.any():
            row = int(np.argmax(bad)) + 1
            raise InputError(f"{path}: row {row}: '{name}' holds values not finite")
    try:
        made_by = dict(json.loads((table.schema.metadata or {}).get(METADATA_KEY, b"{}")))
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: what it tells of its run is damaged") from error
    return LatentTable(songs=songs, z=z, made_by=made_by, copies=copies)


def songs_in_memory(songs: pd.DataFrame) -> pd.DataFrame:
    """Rows of a song table that no reader has seen, as a reader would leave them.

    Without a column `path` each song counts as a recording of its own.

    Raises:
        InputError: as `known_columns`.
    """
    return known_columns(numbered_rows(songs).reset_index(drop=True), name="songs")


def numbered_rows(songs: pd.DataFrame) -> pd.DataFrame:
    """Songs with a column `path`; where there is none, each row is a recording of its own."""
    if "path" in songs.columns:
        return songs
    return songs.assign(path=[f"row {row + 1}" for row in range(len(songs))])


def _fixed_size_lists(vectors: np.ndarray) -> pa.FixedSizeListArray:
    values = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, vectors.shape[1])


def _holds_vectors(column: pd.Series) -> bool:
    values = column.dropna()
    return len(values) > 0 and isinstance(values.iloc[0], np.ndarray | list | tuple)


def _vectors(column: pa.ChunkedArray, path: Path) -> np.ndarray:
    """[songs, dimensions] float32 of a column of vectors."""
    try:
        with np.errstate(over="ignore"):  # what overflows is not finite, and refused
            kind = column.type
            if pa.types.is_fixed_size_list(kind) and not column.null_count and kind.list_size:
                values = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
                return np.concatenate(values).astype(np.float32).reshape(-1, kind.list_size)
            vectors = column.to_pylist()
            lengths = {len(vector) if vector is not None else 0 for vector in vectors}
            if len(lengths) > 1 or lengths == {0}:
                raise InputError(f"{path}: the vectors in 'z' are missing or of unequal length")
            return np.asarray(vectors, dtype=np.float32).reshape(len(vectors), -1)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: 'z' does not hold vectors of numbers") from error
