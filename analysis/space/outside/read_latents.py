"""Latent tables from whatever holds vectors: our own files, and what others have written."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.space.latent_table import LatentTable, read_latent_table
from chingolo.analysis.space.outside.forms.array import tables_beside
from chingolo.analysis.space.outside.forms.form import Form, OutsideVectors
from chingolo.analysis.space.outside.forms.registry import FORMS
from chingolo.analysis.space.outside.place_windows import place_windows, windows_of_songs
from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.song_table import read_song_table

Tell = Callable[[str], None]


def form_of(path: str | Path) -> Form | None:
    """The form of others' vectors that a file or folder has; None for any other file."""
    return next((form for form in FORMS.values() if form.takes(Path(path))), None)


def read_latents(
    path: str | Path, *, songs: Path | None = None, tell: Tell = lambda line: None
) -> LatentTable:
    """Reads a latent table, or vectors that others have written as one.

    Vectors are taken as they are. Of windows each is a song with its `start_s` and `end_s`, up to
    the end of its recording where that is there.

    Args:
        path: a latent table (.parquet), or a file or folder of one of `FORMS`.
        songs: song table that tells of the rows of others' vectors. Of a plain array it has as many
            rows, in the same order (default: the table of the same name beside it); of windows it
            has a row a recording, without times, or the very windows.
        tell: takes lines on windows that are left out.

    Raises:
        InputError: if a file is missing or damaged, the vectors are no finite numbers of one
            length, or the table does not fit them.
    """
    path = Path(path)
    form = form_of(path)
    if form is None:
        if songs is not None:
            raise InputError(f"--songs {songs}: {path} has its own rows; it is for others' vectors")
        return read_latent_table(path)
    vectors = form.read(path)
    about = _about(vectors, path)
    if vectors.windows is None:
        return LatentTable(_rows_of(vectors, path, songs), vectors.z, about)
    windows, kept = place_windows(vectors.windows, path, vectors.roots, tell=tell)
    z = vectors.z[kept]
    if songs is None:
        return LatentTable(windows, z, about)
    table, rows = windows_of_songs(windows, read_song_table(songs), str(songs), tell=tell)
    return LatentTable(table, z[rows], about)


def _rows_of(vectors: OutsideVectors, path: Path, songs: Path | None) -> pd.DataFrame:
    """The rows of the song table of a plain array."""
    beside = tables_beside(path)
    if songs is None and len(beside) != 1:
        names = " and ".join(table.name for table in beside)
        told = f"two tables beside it ({names})" if beside else "no song table beside it"
        raise InputError(
            f"{path}: {told}, and an array does not tell its songs; expected "
            f"{path.with_suffix('.csv').name} with a row a song, or --songs TABLE"
        )
    songs = beside[0] if songs is None else songs
    table = read_song_table(songs)
    if len(table) != len(vectors.z):
        raise InputError(
            f"{path}: {counted(len(vectors.z), 'vector')}, and {counted(len(table), 'song')} in "
            f"{songs}; expected one for each, in the same order"
        )
    return table


def _about(vectors: OutsideVectors, path: Path) -> dict[str, Any]:
    """What the latent table tells of what made it."""
    told = hashlib.sha256(np.ascontiguousarray(vectors.z).tobytes()).hexdigest()[:16]
    return {
        "written_by": vectors.written_by,
        "vectors": path.name,
        "checkpoint": told,
        **({"model": vectors.model} if vectors.model else {}),
    }


def told_outside(made_by: Mapping[str, Any]) -> Sequence[str]:
    """What cannot be checked of vectors that others wrote, in a sentence; none of our own."""
    if "written_by" not in made_by:
        return []
    return [
        f"The vectors were written by {made_by['written_by']} ({made_by.get('vectors', '')}) and "
        "taken as they are. Without the encoder that made them two checks are refused: no song was "
        "heard again through other recorders (recorder copies), and the repertoire has no placebo "
        "of recorders. An encoder that is installed makes both possible (embed NAME, compare --run "
        "NAME)."
    ]
