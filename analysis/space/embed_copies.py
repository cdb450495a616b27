"""Vectors of songs heard through other recorders."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.space.embed import Embedder, embed_waves, make_embedder
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.recorder.hear_recordings import Hearing, hear_recordings
from chingolo.synth.recorder.wide import WideRecorder, wide_recorder
from chingolo.synth.tables.files import InputError
from chingolo.train.run.trained_encoder import load_encoder

FAMILY = "wide-1"


def random_recorders(count: int, family: str = FAMILY) -> tuple[WideRecorder, ...]:
    """The first recorders of a family by their seeds; the same for every table."""
    return tuple(wide_recorder(seed, family) for seed in range(count))


def hear_again(
    latents: LatentTable,
    run: Path,
    count: int,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> np.ndarray:
    """[recorders, songs, dimensions] copies of a latent table's songs through `random_recorders`.

    Args:
        latents: the songs.
        run: the training run, or exported encoder, that made the latent table.
        count: of recorders.
        tell: takes lines of progress.

    Raises:
        InputError: if a recording cannot be read, or the run is not the latent table's.
    """
    embedder = make_embedder(load_encoder(run))
    theirs, ours = latents.made_by.get("checkpoint"), embedder.about["checkpoint"]
    if theirs and theirs != ours:
        raise InputError(f"{run}: not the run that made the latent table (other checkpoint)")
    return embed_copies(latents.songs, embedder, random_recorders(count), tell=tell)


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
        [recorders, songs, dimensions] float32 of length 1.

    Raises:
        InputError: if audio cannot be read, or a vector is not finite.
    """
    settings = embedder.encoder.settings
    copies = np.zeros((len(recorders), len(table), settings.encoder.dimensions), np.float32)
    waiting: list[Hearing] = []

    def flush() -> None:
        z, _ = embed_waves([hearing.song for hearing in waiting], embedder)
        for hearing, vector in zip(waiting, z, strict=True):
            copies[hearing.recorder, hearing.row] = vector
        waiting.clear()

    hearings = hear_recordings(
        table,
        lambda stretch: recorders,
        sample_rate=settings.front_end.sample_rate,
        context_s=settings.front_end.context_s,
        shortest=settings.front_end.n_fft,
    )
    for done, hearing in enumerate(hearings, 1):
        waiting.append(hearing)
        if done % (500 * len(recorders)) == 0:
            tell(f"{done // len(recorders)} of {len(table)} songs through other recorders")
        if len(waiting) >= 8 * embedder.batch:
            flush()
    if waiting:
        flush()
    return copies
