"""The comparison of two eras in one latent space: space, labels, change, recorder, verdict."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.describe_songs import descriptor_values
from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.era_change import measure_change
from chingolo.analysis.labels.agreement import label_agreement
from chingolo.analysis.recorder.placebo import channel_placebo
from chingolo.analysis.results import Comparison, put_together, versions, with_tests
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable, songs_in_memory
from chingolo.analysis.space.song_space import lay_out
from chingolo.analysis.verdict import REFUSED, decide, sameness
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import PLACE

FEWEST_SONGS = 4
WITHOUT_ERAS: dict[str, Any] = {
    "verdict": REFUSED,
    "reasons": [
        "The table holds no two eras, so nothing is said of change: this report shows clusters and "
        "their agreement with labels alone."
    ],
    "eras": None,
    "themes": [],
    "novel": None,
}
"""Results of a table without two eras."""


def compare(
    latents: LatentTable,
    settings: CompareSettings,
    *,
    rerecorded: np.ndarray | None = None,
    descriptors: pd.DataFrame | None = None,
    rerecorded_descriptors: pd.DataFrame | None = None,
    remarks: Sequence[str] = (),
) -> Comparison:
    """Compares the songs of two eras in one latent space; without two eras, clusters alone.

    Args:
        latents: songs and their vectors, from a file or in memory.
        settings: eras, levels and seed.
        rerecorded: [songs, dimensions] vectors of the same songs sent through the historical
            recorder, for the channel placebo; only rows of modern songs are read. None: no placebo.
        descriptors: [songs] rows of `describe_songs`, or None.
        rerecorded_descriptors: the same of the re-recorded songs.
        remarks: sentences on how the vectors were made, for the report.

    Returns:
        The comparison. The column of known labels enters the agreement alone.

    Raises:
        InputError: for eras or columns that do not occur, or too few songs.
    """
    z = np.asarray(latents.z)
    if z.ndim != 2 or len(z) != len(latents.songs):
        raise InputError(f"vectors of shape {z.shape} for {len(latents.songs)} songs")
    if not np.isfinite(z).all():
        raise InputError(f"song {int(np.argmin(np.isfinite(z).all(axis=1)))}: no finite vector")
    latents = LatentTable(latents.songs, z, latents.made_by)
    if rerecorded is not None and rerecorded.shape != latents.z.shape:
        raise InputError(
            f"the re-recorded songs have vectors of shape {rerecorded.shape}, the songs "
            f"{latents.z.shape}; both must come from one encoder and one table"
        )
    songs = songs_in_memory(latents.songs)
    kept = ~songs.duplicated([key for key in PLACE if key in songs.columns]).to_numpy()
    songs = songs[kept].reset_index(drop=True)
    rerecorded = None if rerecorded is None else rerecorded[kept]
    descriptors, rerecorded_descriptors = (
        None if table is None else table[kept].reset_index(drop=True)
        for table in (descriptors, rerecorded_descriptors)
    )
    if len(songs) < FEWEST_SONGS:
        raise InputError(
            f"{len(songs)} songs: too few to compare anything (at least {FEWEST_SONGS})"
        )
    latents = LatentTable(songs, latents.z[kept], latents.made_by)
    eras = find_eras(songs, settings)
    space = lay_out(latents, settings)
    agreement = label_agreement(
        latents,
        space.clusters.assignment,
        label_column=settings.label_column,
        seed=settings.seed,
    )
    results = {
        "songs": len(songs),
        "clusters": put_together(space.cluster_results, agreement),
        "theme_naming": space.naming,
        "map": space.map_results,
        "settings": dataclasses.asdict(settings),
        "versions": versions(),
        "run": latents.made_by,
    }
    notes = [*_origins(songs), *remarks, *_repeats(kept), *_equals(latents.z)]
    if eras is None:
        results = put_together(results, WITHOUT_ERAS, {"notes": notes})
    else:
        evidence = Evidence(latents.z, space.theme, descriptor_values(descriptors))
        change = measure_change(songs, eras, evidence, settings, descriptors=descriptors)
        placebo = channel_placebo(
            change.tests,
            evidence,
            rerecorded,
            descriptors=descriptor_values(rerecorded_descriptors),
            significance=settings.significance,
        )
        tests = change.tests.results
        same = sameness(latents.z, eras)
        verdict, reasons = (
            (REFUSED, [same])
            if same
            else decide(songs, eras, change.design, tests, placebo, settings)
        )
        claim = {"verdict": verdict, "reasons": reasons, "placebo": placebo}
        notes = {"notes": [*notes, *change.remarks]}
        results = with_tests(put_together(results, change.results, claim, notes), tests)
    songs = songs.assign(**space.columns)
    return Comparison(songs, space.map.points[:, :2], space.clusters, eras, results)


def _repeats(kept: np.ndarray) -> list[str]:
    """How many rows repeat a song that stands in the table before."""
    if kept.all():
        return []
    return [
        f"{int((~kept).sum())} rows that repeat a song (same file, channel, start and end) were "
        "dropped."
    ]


def _equals(z: np.ndarray) -> list[str]:
    """How many songs have the vector of another, as copies and digital silence have."""
    counts = np.unique(z, axis=0, return_counts=True)[1]
    if len(counts) == 1:
        return [
            f"All {len(z)} songs have one and the same vector, as silence has: nothing can be "
            "compared. Listen to the recordings."
        ]
    equal = int(counts[counts > 1].sum())
    told = f"{equal} of the {len(z)} songs have the very vector of another: silence, or copies."
    return [told] if equal else []


def _origins(songs: pd.DataFrame) -> list[str]:
    """What part of the songs no bird sang."""
    if "origin" not in songs.columns:
        return []
    made = {
        "synthetic": "were generated from a repertoire: what is found is true of that repertoire",
        "resynthesised": "are re-syntheses fitted to recordings, not the recordings themselves",
    }
    counts = {origin: int((songs["origin"] == origin).sum()) for origin in made}
    return [
        f"{count} of the {len(songs)} songs {made[origin]}."
        for origin, count in counts.items()
        if count
    ]
