"""Recordings of two eras read, made alike in channel, embedded and described anew."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.change.describe_songs import describe_songs
from chingolo.analysis.change.design.eras import MODERN, Eras
from chingolo.analysis.recorder.equalise import equalise
from chingolo.analysis.space.embed import embed_waves, make_embedder, predictions
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.tables.audio import load_excerpt, rate_of
from chingolo.synth.tables.excerpt import as_excerpt
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import PLACE
from chingolo.train.run.trained_encoder import load_encoder


@dataclass(frozen=True)
class EqualisedSongs:
    """Songs of two eras with their channels made alike; what `compare` takes."""

    latents: LatentTable
    """The songs of the two eras, under their own paths; vectors of the equalised recordings."""

    rerecorded: np.ndarray
    """[songs, dimensions] vectors of the modern songs after the historical recorder; historical
    rows hold those of `latents`."""

    descriptors: pd.DataFrame
    """[songs] acoustic descriptors of the equalised recordings."""

    rerecorded_descriptors: pd.DataFrame
    """[songs] those after the historical recorder; historical rows as in `descriptors`."""

    remarks: tuple[str, ...]
    """What was measured and done, in sentences."""


def equalise_songs(
    latents: LatentTable,
    eras: Eras,
    run: Path,
    *,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> EqualisedSongs:
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
    embedder = make_embedder(load_encoder(run))
    theirs, ours = latents.made_by.get("checkpoint"), embedder.about["checkpoint"]
    if theirs and theirs != ours:
        raise InputError(f"{run}: not the run that made the latent table (other checkpoint)")
    sample_rate = int(embedder.about["sample_rate"])
    songs, used = latents.songs, eras.of_song >= 0
    context_s = embedder.encoder.settings.front_end.context_s
    excerpts = [
        load_excerpt(songs.iloc[row], sample_rate=sample_rate, context_s=context_s)
        if used[row]
        else as_excerpt(np.zeros(0))
        for row in range(len(songs))
    ]
    equalised = equalise(
        [excerpt.wave for excerpt in excerpts],
        eras,
        sample_rate=sample_rate,
        devices=songs["device"].tolist() if "device" in songs.columns else (),
        nyquist=[
            rate_of(path) / 2 if here else 0.0
            for path, here in zip(songs["path"], used, strict=True)
        ],
        seed=seed,
        tell=tell,
    )
    rows = np.flatnonzero(used)
    modern = eras.of_song[rows] == MODERN
    own = [replace(excerpts[row], wave=equalised.waves[row]) for row in rows]
    again = [replace(excerpts[row], wave=equalised.rerecorded[row]) for row in rows[modern]]
    tell("embedding the equalised songs ...")
    z, probability = embed_waves(own, embedder)
    tell("embedding the re-recorded modern songs ...")
    rerecorded = np.array(z)
    rerecorded[modern], _ = embed_waves(again, embedder)
    tell("measuring the songs ...")
    descriptors = describe_songs((heard.song for heard in own), sample_rate=sample_rate)
    remeasured = descriptors.copy()
    remeasured.loc[modern] = describe_songs(
        (heard.song for heard in again), sample_rate=sample_rate
    ).to_numpy()
    return EqualisedSongs(
        latents=LatentTable(
            _as_embedded(
                songs.iloc[rows].reset_index(drop=True),
                predictions(embedder.encoder.classes, probability),
            ),
            z,
            embedder.about,
        ),
        rerecorded=rerecorded,
        descriptors=descriptors,
        rerecorded_descriptors=remeasured,
        remarks=equalised.remarks,
    )


def _as_embedded(songs: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """The songs with what a classifier says of them, and where each was recorded at the end."""
    place = [column for column in PLACE if column in songs.columns]
    columns = {name: predicted[name].to_numpy() for name in predicted.columns}
    return songs.drop(columns=place).assign(**columns).join(songs[place])
