"""Song tables -> a latent table: in memory, or of any size, over hosts, resuming."""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.space.copies.embed_copies import (
    FAMILY,
    about_recorders,
    embed_copies,
    marginal,
    random_recorders,
)
from chingolo.analysis.space.embed import Embedded, embed_songs, predictions
from chingolo.analysis.space.embedder import Embedder, load_embedder
from chingolo.analysis.space.latent_table import LatentTable, write_latent_parts
from chingolo.analysis.space.references.reference import Reference, assign_songs
from chingolo.synth.tables.files import (
    InputError,
    atomic_path,
    counted,
    make_folder,
    refuse_if_none,
    skipped_file,
    told_broken,
    told_faults,
)
from chingolo.synth.tables.forms.headers import set_aside, told_aside
from chingolo.synth.tables.song_table import PLACE


def embed_table(
    table: pd.DataFrame,
    run: Path,
    *,
    batch: int = 64,
    strict: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> LatentTable:
    """Turns every song into a latent vector, all in memory.

    Args:
        table: song table with absolute paths.
        run: see `load_embedder`.
        batch: clips at a time.
        strict: whether a song without a vector ends it all; else its row is left out, and told.
        tell: takes lines of progress.

    Returns:
        The rows with z [songs, dimensions], and the columns of `predictions`.

    Raises:
        InputError: if the run or audio cannot be read, or a vector is not finite.
    """
    embedder = load_embedder(run, batch=batch)
    found = embed_songs(table, embedder, strict=strict, tell=tell)
    refuse_if_none(found.faults, len(table))
    for line in (
        *told_broken(found.broken, len(table)),
        *told_faults(found.faults, len(table)),
    ):
        tell(line)
    kept = rows_without(found.faults, len(table))
    columns = predictions(embedder.classes, found.probability[kept])
    renamed = set_aside(table.columns, list(columns.columns))
    for line in told_aside(renamed):
        tell(line)
    songs = table.iloc[kept].reset_index(drop=True).rename(columns=renamed)
    for name in columns.columns:
        songs[name] = columns[name].to_numpy()
    return LatentTable(songs=songs, z=found.z[kept], made_by=embedder.about)


def rows_without(faults: Collection[int], count: int) -> np.ndarray:
    """Rows of `count` that are not among the faults."""
    return np.setdiff1d(np.arange(count), np.array(list(faults), int))


@dataclass(frozen=True)
class EmbeddedFile:
    """What a host did of a latent table."""

    written: bool
    """Whether this host wrote it (the first one does)."""

    faults: dict[int, str]
    """Row -> why it was left out, of all rows for the host that wrote."""


def embed_to_file(
    table: pd.DataFrame,
    embedder: Embedder,
    out: Path,
    *,
    part_songs: int = 2000,
    reference: Reference | None = None,
    recorders: int = 0,
    hosts: int = 1,
    host: int = 0,
    strict: bool = True,
    silence_s: float = 3600.0,
    tell: Callable[[str], None] = lambda line: None,
) -> EmbeddedFile:
    """Embeds a song table part by part into a Parquet latent table.

    Each part's vectors are kept in OUT.parts as soon as they are made, under a name that holds the
    encoder and the part's rows; the same call after an interruption makes only what is missing.
    Hosts that share a file system take parts in turn, without a word between them; the first waits
    for all and joins.

    Rows left out are listed beside OUT, in `OUT.skipped.csv` (row, path, reason).

    Args:
        table: song table with absolute paths.
        embedder: of `make_embedder`.
        out: `.parquet` to write.
        part_songs: songs of a part; memory grows with this, not with the table's vectors.
        reference: adds what it says of each song, as `assign_songs`.
        recorders: random recorders that the songs are heard through as well (`embed_copies`).
        hosts: number of hosts at this table.
        host: number of this one, from 0.
        strict: whether a song without a vector ends it all; else its row is left out.
        silence_s: how long the first host waits for a further part of the others, s.
        tell: takes lines of progress.

    Raises:
        InputError: for bad numbers of hosts or songs, audio that cannot be read (if strict, or if
            none can), a reference of another encoder, or a host that is not heard of; complete
            parts are kept.
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
        folder / f"{number:06d}-{_key(table.iloc[a:b], embedder, recorders)}.npz"
        for number, (a, b) in enumerate(bounds)
    ]
    kept = sum(file.is_file() for file in files)
    if kept:
        tell(
            f"{kept} of {counted(len(files), 'part')} {'is' if kept == 1 else 'are'} already there"
        )
    for number, ((a, b), file) in enumerate(zip(bounds, files, strict=True)):
        if number % hosts != host or file.is_file():
            continue
        found = embed_songs(table.iloc[a:b], embedder, strict=strict)
        for line in told_broken(found.broken, b - a):
            tell(line)
        with atomic_path(file) as temporary:
            faults = json.dumps(found.faults)
            np.savez(
                temporary,
                z=found.z,
                probability=found.probability,
                faults=np.array(faults),
                copies=_copies(table.iloc[a:b], found, embedder, recorders),
            )
        tell(f"{b} of {counted(len(table), 'song')}")
    if host:
        return EmbeddedFile(False, {})
    _wait(files, tell, silence_s=silence_s)
    faults = {}
    for (a, _), file in zip(bounds, files, strict=True):
        faults |= {a + row: reason for row, reason in _faults(file).items()}
    if strict and faults:  # of parts that were made without being strict
        raise InputError(faults[min(faults)])
    try:
        refuse_if_none(faults, len(table))
    except InputError:
        _remove_parts(folder)  # repaired audio is read again
        raise

    def parts() -> Iterator[tuple[np.ndarray, np.ndarray | None, pd.DataFrame]]:
        for file in files:
            with np.load(file) as part:
                kept = rows_without(_faults(file), len(part["z"]))
                if not len(kept):
                    continue
                z, probability = part["z"][kept], part["probability"][kept]
                copies = part["copies"] if recorders else None
            if copies is not None:
                z = marginal(z, copies)
            columns = predictions(embedder.classes, probability)
            if reference is not None:
                told = assign_songs(reference, z, checkpoint=embedder.hash)
                columns = pd.concat([columns, told], axis=1)
            yield z, copies, columns

    kept = table.iloc[rows_without(faults, len(table))].reset_index(drop=True)
    list_skipped(faults, table, skipped_file(out))
    about = embedder.about | about_recorders(recorders)
    for line in told_aside(write_latent_parts(kept, parts(), about, out)):
        tell(line)
    _remove_parts(folder)
    return EmbeddedFile(True, faults)


def _remove_parts(folder: Path) -> None:
    """Removes the parts, and their folder if nothing else lies in it."""
    for file in folder.glob("[0-9]*-*.npz"):
        file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def list_skipped(faults: dict[int, str], table: pd.DataFrame, file: Path) -> None:
    """Lists rows that were left out, from 1 as in messages; none removes an older list."""
    if not faults:
        file.unlink(missing_ok=True)
        return
    rows = sorted(faults)
    told = {"row": [row + 1 for row in rows], "path": table["path"].iloc[rows].tolist()}
    with atomic_path(file) as temporary:
        reasons = [faults[row] for row in rows]
        pd.DataFrame({**told, "reason": reasons}).to_csv(temporary, index=False)


def _faults(file: Path) -> dict[int, str]:
    """The faults of a part, by place in it; parts of older versions have none."""
    with np.load(file) as part:
        told = str(part["faults"]) if "faults" in part.files else "{}"
    return {int(row): reason for row, reason in json.loads(told).items()}


def _copies(table: pd.DataFrame, found: Embedded, embedder: Embedder, recorders: int) -> np.ndarray:
    """[songs without fault, recorders, dimensions] of the songs that have a vector."""
    kept = table.iloc[rows_without(found.faults, len(table))]
    if not recorders or not len(kept):
        return np.zeros((len(kept), recorders, found.z.shape[1]), np.float32)
    return embed_copies(kept, embedder, random_recorders(recorders))


def _key(rows: pd.DataFrame, embedder: Embedder, recorders: int) -> str:
    """Tells a part's vectors from those of other songs, encoders and recorders."""
    columns = [name for name in PLACE if name in rows.columns]
    content = rows[columns].to_csv(index=False)
    told = f"{embedder.hash}\n{f'{recorders} {FAMILY}' if recorders else ''}{content}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _wait(
    files: list[Path],
    tell: Callable[[str], None],
    *,
    silence_s: float,
    every_s: float = 2.0,
) -> None:
    """Waits for the parts of other hosts, as long as further ones appear.

    Raises:
        InputError: if none has appeared for `silence_s`.
    """
    told, since = None, time.monotonic()
    while missing := [file for file in files if not file.is_file()]:
        if len(missing) != told:
            tell(f"waiting for {counted(len(missing), 'part')} of other hosts")
            told, since = len(missing), time.monotonic()
        if time.monotonic() - since > silence_s:
            raise InputError(
                f"{missing[0].parent}: no part from another host for {silence_s:g} s, "
                f"{len(missing)} are missing; is one of them down? The same command, with fewer "
                "--hosts if need be, goes on from the parts that are there"
            )
        time.sleep(min(every_s, silence_s))
