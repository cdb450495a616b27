"""Song tables -> a latent table: in memory, or of any size, over hosts, resuming."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.space.embed import Embedder, embed_songs, make_embedder, predictions
from chingolo.analysis.space.latent_table import LatentTable, write_latent_parts
from chingolo.analysis.space.reference import Reference, assign_songs
from chingolo.synth.tables.files import InputError, atomic_path, make_folder
from chingolo.synth.tables.song_table import PLACE
from chingolo.train.run.trained_encoder import load_encoder


def embed_table(
    table: pd.DataFrame,
    run: Path,
    *,
    batch: int = 64,
    tell: Callable[[str], None] = lambda line: None,
) -> LatentTable:
    """Turns every song that is not digital silence into a latent vector, all in memory.

    Args:
        table: song table with absolute paths.
        run: a training run, or an exported encoder.
        batch: clips at a time.
        tell: takes lines of progress.

    Returns:
        The rows of songs with sound, z [songs, dimensions], and the columns of `predictions`.

    Raises:
        InputError: if the run or audio cannot be read, or a vector is not finite.
    """
    embedder = make_embedder(load_encoder(run), batch=batch)
    z, probability = embed_songs(table, embedder, tell=tell)
    kept = with_sound(z, tell)
    z = z[kept]
    columns = predictions(embedder.encoder.classes, probability[kept])
    songs = table[kept].reset_index(drop=True)
    for name in columns.columns:
        songs[name] = columns[name].to_numpy()
    return LatentTable(songs=songs, z=z, made_by=embedder.about)


def with_sound(z: np.ndarray, tell: Callable[[str], None]) -> np.ndarray:
    """[songs] bool, which vectors of `embed_songs` are of songs with sound; others are told.

    Raises:
        InputError: if all songs are digital silence.
    """
    kept = np.asarray(np.isfinite(z).all(axis=1))
    if not kept.any():
        raise InputError(f"all {len(z)} songs are digital silence")
    if not kept.all():
        first = int(np.argmin(kept)) + 1
        tell(f"{int((~kept).sum())} songs are digital silence, row {first} first; left out")
    return kept


def embed_to_file(
    table: pd.DataFrame,
    embedder: Embedder,
    out: Path,
    *,
    part_songs: int = 2000,
    reference: Reference | None = None,
    hosts: int = 1,
    host: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> int:
    """Embeds a song table part by part into a Parquet latent table.

    Each part's vectors are kept in OUT.parts as soon as they are made, under a name that holds the
    encoder and the part's rows; the same call after an interruption makes only what is missing.
    Hosts that share a file system take parts in turn, without a word between them; the first waits
    for all and joins.

    Args:
        table: song table with absolute paths.
        embedder: of `make_embedder`.
        out: `.parquet` to write.
        part_songs: songs of a part; memory grows with this, not with the table's vectors.
        reference: adds what it says of each song, as `assign_songs`.
        hosts: number of hosts at this table.
        host: number of this one, from 0.
        tell: takes lines of progress.

    Returns:
        Songs that this host wrote to `out`, those with sound; 0 for all hosts but the first.

    Raises:
        InputError: for bad numbers of hosts or songs, audio that cannot be read, songs that are all
            silent, or a reference of another encoder; complete parts are kept.
    """
    if not 0 <= host < hosts:
        raise InputError(f"--host {host}: the hosts are numbered 0 to {hosts - 1}")
    if part_songs < 1:
        raise InputError(f"--part-songs {part_songs}: at least 1")
    if out.suffix != ".parquet":
        raise InputError(f"{out}: a latent table ends in .parquet")
    table = table.reset_index(drop=True)
    bounds = [(a, min(a + part_songs, len(table))) for a in range(0, len(table), part_songs)]
    folder = make_folder(out.with_name(out.name + ".parts"))
    files = [
        folder / f"{number:06d}-{_key(table.iloc[a:b], embedder)}.npz"
        for number, (a, b) in enumerate(bounds)
    ]
    kept = sum(file.is_file() for file in files)
    if kept:
        tell(f"{kept} of {len(files)} parts are already there")
    for number, ((a, b), file) in enumerate(zip(bounds, files, strict=True)):
        if number % hosts != host or file.is_file():
            continue
        z, probability = embed_songs(table.iloc[a:b], embedder)
        with atomic_path(file) as temporary:
            np.savez(temporary, z=z, probability=probability)
        tell(f"{b} of {len(table)} songs")
    if host:
        return 0
    _wait(files, tell)

    kept = with_sound(np.concatenate([_vectors(file) for file in files]), tell)

    def parts() -> Iterator[tuple[np.ndarray, pd.DataFrame]]:
        for (a, b), file in zip(bounds, files, strict=True):
            if not kept[a:b].any():
                continue
            with np.load(file) as part:
                z, probability = part["z"][kept[a:b]], part["probability"][kept[a:b]]
            columns = predictions(embedder.encoder.classes, probability)
            if reference is not None:
                told = assign_songs(reference, z, checkpoint=embedder.encoder.hash)
                columns = pd.concat([columns, told], axis=1)
            yield z, columns

    write_latent_parts(table[kept], parts(), embedder.about, out)
    shutil.rmtree(folder, ignore_errors=True)
    return int(kept.sum())


def _vectors(file: Path) -> np.ndarray:
    """[songs of the part, 1] a number of each song's vector, NaN where there is none."""
    with np.load(file) as part:
        return part["z"][:, :1]


def _key(rows: pd.DataFrame, embedder: Embedder) -> str:
    """Tells a part's vectors from those of other songs and other encoders."""
    columns = [name for name in PLACE if name in rows.columns]
    content = rows[columns].to_csv(index=False)
    return hashlib.sha256(f"{embedder.encoder.hash}\n{content}".encode()).hexdigest()[:16]


def _wait(files: list[Path], tell: Callable[[str], None], *, every_s: float = 2.0) -> None:
    told = 0
    while missing := sum(not file.is_file() for file in files):
        if missing != told:
            tell(f"waiting for {missing} parts of other hosts")
            told = missing
        time.sleep(every_s)
