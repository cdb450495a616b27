"""The comparison of two eras in one latent space: space, labels, change, recorder, verdict."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.describe_songs import descriptor_values
from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.repeats import first_of_each, told_repeats
from chingolo.analysis.change.design.song_order import song_order
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.era_change import measure_change
from chingolo.analysis.claims.both_claims import claims_of
from chingolo.analysis.claims.claim import REFUSED
from chingolo.analysis.claims.drift_evidence import Measured
from chingolo.analysis.claims.found_anew import p_found_anew
from chingolo.analysis.claims.refusals import design_refusal
from chingolo.analysis.labels.agreement import column_of_labels, label_agreement
from chingolo.analysis.results import Comparison, in_order, put_together, versions
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable, songs_in_memory
from chingolo.analysis.space.outside.read_latents import told_outside
from chingolo.analysis.space.song_space import lay_out
from chingolo.synth.tables.files import InputError, counted
from chingolo.synth.tables.forms.headers import set_aside, told_aside

FEWEST_SONGS = 4
WITHOUT_ERAS: dict[str, Any] = {
    "verdict": REFUSED,
    "reasons": [
        "The table holds no two eras, so nothing is said of change: this report shows clusters and "
        "their agreement with labels alone."
    ],
    "eras": None,
    "claims": None,
    "tests": {},
    "themes": [],
    "drift": [],
    "novel": None,
}
"""Results of a table without two eras."""


def compare(
    latents: LatentTable,
    settings: CompareSettings,
    *,
    sung: Measured | None = None,
    sung_again: Sequence[Measured] | None = None,
    descriptors: pd.DataFrame | None = None,
    remarks: Sequence[str] = (),
) -> Comparison:
    """Compares the songs of two eras in one latent space; without two eras, clusters alone.

    Args:
        latents: songs and their vectors, from a file or in memory; heard through other recorders
            as well (`embed_copies.with_copies`), or what a recorder does is not known.
        settings: eras, levels and seed.
        sung: [songs] of `measure_recordings`, for the claim on drift; None: no claim.
        sung_again: [recorders] of `measure_copies`: some songs measured again through recorders,
            for the placebo of that claim.
        descriptors: [songs] rows of `describe_songs`, or None.
        remarks: sentences on how the vectors were made, for the report.

    Returns:
        The comparison, songs in the order given. The column of known labels enters the agreement
        alone.

    Raises:
        InputError: for eras or columns that do not occur, too few songs, or rows that repeat a song
            and contradict each other.
    """
    z = np.asarray(latents.z)
    if z.ndim != 2 or len(z) != len(latents.songs):
        raise InputError(f"vectors of shape {z.shape} for {len(latents.songs)} songs")
    if not np.isfinite(z).all():
        raise InputError(f"song {int(np.argmin(np.isfinite(z).all(axis=1)))}: no finite vector")
    songs = songs_in_memory(latents.songs)
    kept = comparable(songs, settings)
    rows = np.flatnonzero(kept)
    rows = rows[song_order(songs.iloc[rows], z[rows])]
    latents = LatentTable(songs, z, latents.made_by, latents.copies).take(rows)
    sung = None if sung is None else [sung[row] for row in rows]
    if sung_again is not None:
        sung_again = [[through[row] for row in rows] for through in sung_again]
    descriptors = None if descriptors is None else descriptors.iloc[rows].reset_index(drop=True)
    comparison = _compare(
        latents,
        settings,
        sung=sung,
        sung_again=sung_again,
        descriptors=descriptors,
        remarks=[*remarks, *told_repeats(kept), *_equals(latents.z)],
    )
    return in_order(comparison, np.argsort(rows, kind="stable"))


def comparable(songs: pd.DataFrame, settings: CompareSettings) -> np.ndarray:
    """[songs] bool, which rows are compared: of each song the first.

    Args:
        songs: rows of a song table; their index is their number in it, from 0.
        settings: of the comparison.

    Raises:
        InputError: for what the songs alone tell to be wrong, before anything is heard.
    """
    kept = first_of_each(songs, (settings.era_column, settings.label_column))
    many = int(kept.sum())
    if many < FEWEST_SONGS:
        raise InputError(
            f"{counted(many, 'song')}: too few to compare anything (at least {FEWEST_SONGS})"
        )
    if settings.clusters > many:
        raise InputError(f"--clusters {settings.clusters}: there are {many} songs")
    column_of_labels(songs, settings.label_column)
    find_eras(songs, settings)
    return kept


def refused_beforehand(songs: pd.DataFrame, settings: CompareSettings) -> str:
    """Why these songs can show no change whatever is heard; "" where they could.

    Args:
        songs: rows of a song table, as for `comparable`.
        settings: of the comparison.
    """
    songs = songs[comparable(songs, settings)].reset_index(drop=True)
    eras = find_eras(songs, settings)
    if eras is None:
        return ""
    design = find_design(songs, eras, era_column=settings.era_column, seed=settings.seed)
    return design_refusal(songs, eras, design, settings)


def _compare(
    latents: LatentTable,
    settings: CompareSettings,
    *,
    sung: Measured | None,
    sung_again: Sequence[Measured] | None,
    descriptors: pd.DataFrame | None,
    remarks: Sequence[str],
) -> Comparison:
    songs = latents.songs
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
    renamed = set_aside(songs.columns, list(space.columns))
    told = [*_origins(songs), *told_outside(latents.made_by)]
    remarks = [*told, *remarks, *told_aside(renamed)]
    if eras is None:
        results = put_together(results, WITHOUT_ERAS, {"notes": remarks})
    else:
        evidence = Evidence(latents.z, space.theme, descriptor_values(descriptors))
        tested = evidence if evidence.has_repertoire else evidence.without_themes()
        change = measure_change(songs, eras, tested, settings, descriptors=descriptors)
        claims = claims_of(
            songs,
            eras,
            evidence,
            change,
            settings,
            copied_theme=space.copied_theme,
            copies=latents.copies,
            sung=sung,
            sung_again=sung_again,
            anew=partial(p_found_anew, latents, change.design, change.kept, settings)
            if len(change.kept) > 1
            else None,
        )
        told = {"notes": [*remarks, *change.remarks]}
        results = put_together(results, change.results, claims, told)
    songs = songs.rename(columns=renamed).assign(**space.columns)
    return Comparison(songs, space.map.points[:, :2], space.clusters, eras, results)


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
        "synthetic": [
            f"{verb} generated from a repertoire: what is found is true of that repertoire"
            for verb in ("was", "were")
        ],
        "resynthesised": (
            "is a re-synthesis fitted to a recording, not the recording itself",
            "are re-syntheses fitted to recordings, not the recordings themselves",
        ),
    }
    counts = {origin: int((songs["origin"] == origin).sum()) for origin in made}
    return [
        f"{count} of {counted(len(songs), 'song')} {made[origin][count > 1]}."
        for origin, count in counts.items()
        if count
    ]
