"""Vectors of songs heard through other recorders."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.settings import RECORDERS
from chingolo.analysis.space.embed import embed_waves
from chingolo.analysis.space.embedder import Embedder, load_embedder, make_embedder
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.outside.outside_encoder import OutsideEncoder
from chingolo.synth.recorder.hear_recordings import Hearing, hear_recordings
from chingolo.synth.recorder.wide import WideRecorder, through, wide_recorder
from chingolo.synth.tables.excerpt import wave_in_memory
from chingolo.synth.tables.files import InputError, counted
from chingolo.train.run.trained_encoder import TrainedEncoder

FAMILY = "wide-1"


def random_recorders(count: int, family: str = FAMILY) -> tuple[WideRecorder, ...]:
    """The first recorders of a family by their seeds; the same for every table."""
    return tuple(wide_recorder(seed, family) for seed in range(count))


def embedder_of(latents: LatentTable, run: Path) -> Embedder:
    """The embedder that made a latent table.

    Args:
        latents: the songs, heard as they are.
        run: what made them; see `load_embedder`.

    Raises:
        InputError: if the run is not the latent table's.
    """
    if "written_by" in latents.made_by:
        raise InputError(
            f"--run {run}: {latents.made_by['written_by']} wrote these vectors, and copies of the "
            f"songs need the very encoder; embed the songs with it (`chingolo embed {run} SONGS`)"
        )
    embedder = load_embedder(run)
    theirs = latents.made_by.get("checkpoint")
    if theirs and theirs != embedder.hash:
        raise InputError(f"{run}: not the run that made the latent table (other checkpoint)")
    return embedder


def embed_again(
    encoder: TrainedEncoder | OutsideEncoder,
    waves: Sequence[np.ndarray],
    *,
    sample_rate: float,
    recorders: int = RECORDERS,
) -> np.ndarray:
    """Vectors of songs in memory, each heard through `random_recorders` by itself.

    Args:
        encoder: of `load_encoder`, as `train` returns it, or an `OutsideEncoder`.
        waves: [songs] arrays [any] of one song each, mono.
        sample_rate: theirs, Hz.
        recorders: number of them.

    Returns:
        [songs, recorders, dimensions] float32 of length 1.

    Raises:
        InputError: if a song is too short, or no wave.
    """
    embedder = make_embedder(encoder)
    rate = embedder.sample_rate
    songs = [wave_in_memory(wave, sample_rate=sample_rate, wanted=rate) for wave in waves]
    again = []
    for recorder in random_recorders(recorders):
        heard = [through(recorder, song, rate, take=take) for take, song in enumerate(songs)]
        again.append(embed_waves(heard, embedder)[0])
    return np.stack(again, axis=1)


def with_copies(
    latents: LatentTable, copies: np.ndarray, about: Mapping[str, Any] | None = None
) -> LatentTable:
    """A latent table whose vectors are means over the songs and their copies.

    Args:
        latents: the songs, heard as they are.
        copies: [songs, recorders, dimensions] vectors of the same songs through recorders.
        about: what the latent table tells of the recorders; None: that of `random_recorders`.

    Raises:
        InputError: if the copies are not as many, or as long, as the vectors.
    """
    if copies.shape[::2] != latents.z.shape:
        raise InputError(
            f"copies of shape {copies.shape} for vectors of shape {latents.z.shape}; expected "
            "[songs, recorders, dimensions] by one encoder"
        )
    told = about_recorders(copies.shape[1]) if about is None else about
    made_by = latents.made_by | dict(told)
    return LatentTable(latents.songs, marginal(latents.z, copies), made_by, copies)


def about_recorders(count: int) -> dict[str, Any]:
    """What a latent table tells of the recorders that its songs were heard through, if any."""
    return {"recorders": count, "family": FAMILY} if count else {}


def marginal(z: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """[songs, dimensions] float32 means of each song's vector and those of its copies.

    Args:
        z: [songs, dimensions].
        copies: [songs, recorders, dimensions].
    """
    together = z + copies.sum(axis=1, dtype=np.float64)
    return (together / (1 + copies.shape[1])).astype(np.float32)


def embed_copies(
    table: pd.DataFrame,
    embedder: Embedder,
    recorders: Sequence[WideRecorder],
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> np.ndarray:
    """Vectors of songs whose recordings were sent through recorders.

    Args:
        table: song table with absolute paths.
        embedder: of `make_embedder`.
        recorders: as of `random_recorders`; each hears all recordings.
        tell: takes lines of progress.

    Returns:
        [songs, recorders, dimensions] float32 of length 1.

    Raises:
        InputError: if audio cannot be read, or a vector is not finite.
    """
    copies = np.zeros((len(table), len(recorders), embedder.dimensions), np.float32)
    waiting: list[Hearing] = []

    def flush() -> None:
        z, _ = embed_waves([hearing.song for hearing in waiting], embedder)
        for hearing, vector in zip(waiting, z, strict=True):
            copies[hearing.row, hearing.recorder] = vector
        waiting.clear()

    hearings = hear_recordings(
        table,
        lambda stretch: recorders,
        sample_rate=embedder.sample_rate,
        context_s=embedder.context_s,
        shortest=embedder.least,
    )
    for done, hearing in enumerate(hearings, 1):
        waiting.append(hearing)
        if done % (500 * len(recorders)) == 0:
            songs = f"{done // len(recorders)} of {counted(len(table), 'song')}"
            tell(f"{songs} through other recorders")
        if len(waiting) >= 8 * embedder.batch:
            flush()
    if waiting:
        flush()
    return copies
