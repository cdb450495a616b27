"""The latent table: a song table's rows with each song's latent vector, as Parquet."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synth.files import InputError, atomic_path
from synth.songs import relative_paths, validate_song_table

METADATA_KEY = b"chingolo"


@dataclass(frozen=True)
class LatentTable:
    """Songs with their latent vectors."""

    songs: pd.DataFrame
    """The song table's rows, `path` absolute."""

    z: np.ndarray
    """[songs, dimensions] float32 latent vectors, in the order of `songs`."""

    run: dict[str, Any]
    """What made the vectors: checkpoint hash, front-end preset, and whatever else the run tells."""


def write_latent_table(latents: LatentTable, path: str | Path) -> None:
    """Writes a latent table as Parquet.

    Raises:
        InputError: if `path` does not end in `.parquet` or its folder cannot be written.
    """
    path = Path(path)
    if path.suffix != ".parquet":
        raise InputError(f"{path}: a latent table ends in .parquet")
    songs = relative_paths(latents.songs, path.parent)
    table = pa.Table.from_pandas(songs.drop(columns="z", errors="ignore"), preserve_index=False)
    values = pa.array(np.ascontiguousarray(latents.z, np.float32).reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(values, latents.z.shape[1])
    table = table.append_column("z", vectors)
    metadata = {**(table.schema.metadata or {}), METADATA_KEY: json.dumps(latents.run).encode()}
    with atomic_path(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


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
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a Parquet latent table ({reason})") from error
    if "z" not in table.column_names:
        raise InputError(f"{path}: no column 'z'; make latent tables with `chingolo embed`")
    try:
        vectors = table.column("z").to_pylist()
    except ValueError as error:  # bytes that are no text
        raise InputError(f"{path}: 'z' does not hold vectors") from error
    if not all(vector is None or isinstance(vector, list) for vector in vectors):
        raise InputError(f"{path}: 'z' does not hold vectors")
    lengths = {len(vector) if vector is not None else 0 for vector in vectors}
    if len(lengths) > 1 or lengths == {0}:
        raise InputError(f"{path}: the vectors in 'z' are missing or of unequal length")
    songs = validate_song_table(table.drop(["z"]).to_pandas(), base=path.parent, name=str(path))
    try:
        with np.errstate(over="ignore"):  # what overflows is not finite, and refused below
            z = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: the vectors in 'z' do not hold numbers") from error
    bad = ~np.isfinite(z).all(axis=1)
    if bad.any():
        raise InputError(f"{path}: row {int(np.argmax(bad)) + 1}: 'z' holds values not finite")
    try:
        run = dict(json.loads((table.schema.metadata or {}).get(METADATA_KEY, b"{}")))
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: what it tells of its run is damaged") from error
    return LatentTable(songs=songs, z=z, run=run)
