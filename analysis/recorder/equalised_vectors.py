"""Latent vectors with the recording channel controlled: made anew from equalised recordings."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.change.descriptors import measure_songs
from chingolo.analysis.change.eras import MODERN, Eras
from chingolo.analysis.recorder.equalise import equalise
from chingolo.analysis.space.embed_table import embed_table
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.tables.files import InputError


@dataclass(frozen=True)
class Controlled:
    """Songs of two eras with their channels made alike."""

    latents: LatentTable
    """The songs of the two eras, under their own paths; vectors of the equalised recordings."""

    rerecorded: np.ndarray
    """[songs, dimensions] vectors of the modern songs after the historical recorder; historical
    rows hold those of `latents`."""

    descriptors: pd.DataFrame
    """[songs] acoustic descriptors of the equalised recordings."""

    rerecorded_descriptors: pd.DataFrame
    """[songs] those after the historical recorder; historical rows as in `descriptors`."""

    notes: tuple[str, ...]
    """What was measured and done, in sentences."""


def control_channel(
    latents: LatentTable,
    eras: Eras,
    run: Path,
    *,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> Controlled:
    """Embeds the equalised recordings of both eras, and the re-recorded modern songs.

    Args:
        latents: the songs; their vectors are replaced.
        eras: era of each song.
        run: the training run, or exported encoder, that made the latent table.
        seed: of the noise that is added.
        tell: takes lines of progress.

    Raises:
        InputError: if a recording cannot be read, or the run is not the latent table's.
    """
    rows = np.flatnonzero(eras.of_song >= 0)
    with tempfile.TemporaryDirectory() as folder:
        equalised = equalise(latents.songs, eras, Path(folder), seed=seed, tell=tell)
        tell("embedding the equalised songs ...")
        made = embed_table(equalised.songs, run, tell=tell)
        theirs, ours = latents.run.get("checkpoint"), made.run.get("checkpoint")
        if theirs and theirs != ours:
            raise InputError(f"{run}: not the run that made the latent table (other checkpoint)")
        tell("embedding the re-recorded modern songs ...")
        again = embed_table(equalised.rerecorded, run, tell=tell)
        tell("measuring the songs ...")
        descriptors = measure_songs(equalised.songs)
        remeasured = measure_songs(equalised.rerecorded)
    rerecorded = np.array(made.z)
    modern = eras.of_song[rows] == MODERN
    rerecorded[modern] = again.z
    rerecorded_descriptors = descriptors.copy()
    rerecorded_descriptors.loc[modern] = remeasured.to_numpy()
    songs = made.songs.drop(columns=["path"]).assign(path=latents.songs["path"].iloc[rows])
    for column in ("start_s", "end_s"):
        if column in latents.songs.columns:
            songs[column] = latents.songs[column].iloc[rows]
    return Controlled(
        latents=LatentTable(songs.reset_index(drop=True), made.z, made.run),
        rerecorded=rerecorded,
        descriptors=descriptors,
        rerecorded_descriptors=rerecorded_descriptors,
        notes=equalised.notes,
    )
