"""The comparison of two eras in one latent space: clusters, agreement, themes, tests, verdict."""

import dataclasses
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.descriptors import descriptor_table
from chingolo.analysis.change.design import effort, find_design
from chingolo.analysis.change.equal_effort import equal_effort
from chingolo.analysis.change.eras import Eras, find_eras
from chingolo.analysis.change.evidence import Evidence
from chingolo.analysis.change.theme_table import theme_table
from chingolo.analysis.change.turnover import turnover
from chingolo.analysis.labels.agreement import (
    cluster_agreement,
    linear_probe,
    nearest_neighbour_agreement,
)
from chingolo.analysis.recorder.era_tests import gather_evidence, has_repertoire, run_tests
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.cluster import Clusters, fit_clusters
from chingolo.analysis.space.cluster_quality import dbcv, novelty, stability
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.name_themes import name_themes
from chingolo.analysis.space.reduce import reduce
from chingolo.analysis.verdict import REFUSED, decide
from chingolo.synth.tables.files import InputError

FEWEST_SONGS = 4


@dataclass(frozen=True)
class Comparison:
    """What was found, and what the report shows of it."""

    songs: pd.DataFrame
    """The songs compared, with the columns `cluster`, `cluster_probability` and `theme` added."""

    map: np.ndarray
    """[songs, 2] places of the songs in the picture."""

    clusters: Clusters | None
    """None for a table of types."""

    eras: Eras | None

    results: dict[str, Any]
    """What `results.json` holds."""


def compare(
    latents: LatentTable,
    settings: CompareSettings,
    *,
    rerecorded: np.ndarray | None = None,
    descriptors: pd.DataFrame | None = None,
    rerecorded_descriptors: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> Comparison:
    """Compares the songs of two eras in one latent space; without two eras, clusters alone.

    Args:
        latents: songs and their vectors.
        settings: eras, levels and seed.
        rerecorded: [songs, dimensions] vectors of the same songs sent through the historical
            recorder, for the channel placebo; only rows of modern songs are read. None: no placebo.
        descriptors: [songs] rows of `descriptors.describe`, or None.
        rerecorded_descriptors: the same of the re-recorded songs.
        notes: sentences on how the vectors were made, for the report.

    Returns:
        The comparison. The column of known labels enters the agreement alone.

    Raises:
        InputError: for eras or columns that do not occur, or too few songs.
    """
    kept, repeats = without_duplicates(latents)
    if rerecorded is not None and rerecorded.shape != latents.z.shape:
        raise InputError(
            f"the re-recorded songs have vectors of shape {rerecorded.shape}, the songs "
            f"{latents.z.shape}; both must come from one encoder and one table"
        )
    latents = LatentTable(latents.songs[kept].reset_index(drop=True), latents.z[kept], latents.run)
    if len(latents.songs) < FEWEST_SONGS:
        raise InputError(
            f"{len(latents.songs)} songs: too few to compare anything (at least {FEWEST_SONGS})"
        )
    eras = find_eras(latents.songs, settings)
    clusters = fit_clusters(
        latents.z,
        min_cluster_size=settings.min_cluster_size,
        method=settings.clusterer,
        clusters=settings.clusters,
        seed=settings.seed,
    )
    reduction = reduce(
        latents.z,
        dimensions=settings.map_dimensions,
        method=settings.map_method,
        seed=settings.seed,
    )
    theme, naming = name_themes(latents.songs, clusters.assignment)
    results: dict[str, Any] = {
        "verdict": REFUSED,
        "reasons": [],
        "songs": len(latents.songs),
        "clusters": {
            "n": clusters.count,
            "noise_fraction": clusters.noise_fraction,
            "method": clusters.method,
            "min_cluster_size": clusters.min_cluster_size,
            "stability": stability(latents.z, clusters, seed=settings.seed),
            "dbcv": dbcv(latents.z, clusters, seed=settings.seed),
            **_agreement(latents, clusters, settings),
        },
        "theme_naming": naming,
        "themes": [],
        "notes": [*_origin_notes(latents.songs), *notes, *repeats],
        "map": {
            "method": reduction.method,
            "trustworthiness": reduction.trustworthiness,
            "continuity": reduction.continuity,
        },
        "novel": None,
        "settings": dataclasses.asdict(settings),
        "versions": versions(),
        "run": latents.run,
    }
    if eras is None:
        results["reasons"] = [
            "The table holds no two eras, so nothing is said of change: this report shows "
            "clusters and their agreement with labels alone."
        ]
        results["eras"] = None
    else:
        measured, remeasured = (
            None if table is None else table[kept].reset_index(drop=True)
            for table in (descriptors, rerecorded_descriptors)
        )
        evidence, again = gather_evidence(
            latents,
            clusters,
            None if rerecorded is None else rerecorded[kept],
            descriptors=measured,
            rerecorded_descriptors=remeasured,
        )
        change = _change(latents.songs, eras, evidence, again, measured, settings)
        results |= change | {"notes": results["notes"] + change["notes"]}
    added = {
        "cluster": clusters.assignment,
        "cluster_probability": clusters.probability,
        "theme": theme,
    } | {f"map_{i + 1}": column for i, column in enumerate(reduction.points.T)}
    return Comparison(
        latents.songs.assign(**added), reduction.points[:, :2], clusters, eras, results
    )


def without_duplicates(latents: LatentTable) -> tuple[np.ndarray, list[str]]:
    """[songs] bool, False for songs that stand in the table before (same file, start and end)."""
    keys = [key for key in ("path", "start_s", "end_s") if key in latents.songs.columns]
    kept = ~latents.songs.duplicated(keys).to_numpy()
    if kept.all():
        return kept, []
    note = f"{int((~kept).sum())} rows that repeat a song (same file, start and end) were dropped."
    return kept, [note]


def _agreement(
    latents: LatentTable, clusters: Clusters, settings: CompareSettings
) -> dict[str, Any]:
    songs = latents.songs
    column = settings.label_column
    if column and column not in songs.columns:
        raise InputError(f"no column '{column}' for labels; there are {', '.join(songs.columns)}")
    for candidate in ("label", "species"):
        column = column or (candidate if candidate in songs.columns else "")
    labels = songs[column].fillna("").astype(str).to_numpy(object) if column else np.array([])
    if len(set(labels.tolist()) - {""}) < 2:
        return {"ari": None, "ami": None, "v_measure": None, "label_column": column or None}
    group = songs["path"].astype(str).to_numpy(object)
    if "individual" in songs.columns:
        individual = songs["individual"].to_numpy(object)
        group = np.where(individual == "", group, individual)
    neighbours = nearest_neighbour_agreement(latents.z, labels, group)
    return {
        **cluster_agreement(clusters.assignment, labels),
        "label_column": column,
        "nearest_neighbours": neighbours,
        "linear_probe": linear_probe(latents.z, labels, group, seed=settings.seed),
    }


def _change(
    songs: pd.DataFrame,
    eras: Eras,
    evidence: Evidence,
    rerecorded: Evidence | None,
    descriptors: pd.DataFrame | None,
    settings: CompareSettings,
) -> dict[str, Any]:
    design = find_design(songs, eras, era_column=settings.era_column)
    draws = {"permutations": settings.permutations, "seed": settings.seed}
    tests, placebo = run_tests(evidence, rerecorded, design, settings)
    theme = evidence.theme
    assert theme is not None
    described = None
    if descriptors is not None and tests:
        described = descriptor_table(
            descriptors, theme, design, bootstraps=settings.bootstraps, **draws
        )
    verdict, reasons = decide(songs, eras, design, tests, placebo, settings)
    themes = theme_table(
        theme,
        design,
        bootstraps=settings.bootstraps,
        absent_below=settings.absent_below,
        significance=settings.significance,
        **draws,
    )
    notes = [*eras.notes, *design.notes]
    if tests and not has_repertoire(evidence):
        notes.append(
            "Fewer than half of the songs belong to a theme, so the shares of themes entered no "
            "test."
        )
    efforts = effort(songs, eras, design)
    if tests:
        kept = equal_effort(design, seed=settings.seed)
        for code, name in enumerate(("historical", "modern")):
            efforts[name]["tested_songs"] = int(
                (kept & (eras.of_song == code) & design.testable[design.unit_of_song]).sum()
            )
        drawn, whole = (
            sum(efforts[name][key] for name in efforts) for key in ("tested_songs", "songs")
        )
        if drawn < whole:
            notes.append(
                f"The tests go by {drawn} of {whole} songs, drawn so that a {design.unit_name} has "
                "alike numbers of songs in both eras: unequal effort is no evidence of change."
            )
    missing = dict.fromkeys(("energy", "mmd", "classifier", "permanova", "permdisp"))
    return {
        "verdict": verdict,
        "reasons": reasons,
        "eras": {"historical": eras.historical, "modern": eras.modern},
        "unit": design.unit_name,
        "block": design.block_name,
        **missing,
        **{name: test for name, test in tests.items() if name != "descriptors"},
        "descriptors": described,
        "descriptors_test": tests.get("descriptors"),
        "placebo": placebo,
        "themes": themes,
        "turnover": turnover(theme, design, bootstraps=settings.bootstraps, seed=settings.seed),
        "novel": novelty(
            evidence.z,
            eras.of_song,
            design.unit_of_song,
            min_cluster_size=settings.min_cluster_size,
            seed=settings.seed,
        ),
        "effort": efforts,
        "notes": notes,
    }


def versions() -> dict[str, str]:
    """Versions of the software behind the results."""
    names = ("chingolo", "hdbscan", "numpy", "scikit-learn", "scipy")
    return {name: importlib.metadata.version(name) for name in names}


def _origin_notes(songs: pd.DataFrame) -> list[str]:
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
