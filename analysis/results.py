"""What a comparison found: put together once, told as `results.json` and as the report."""

import dataclasses
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.space.cluster import Clusters


@dataclass(frozen=True)
class Comparison:
    """What was found, and what the report shows of it."""

    songs: pd.DataFrame
    """The songs compared, with the columns `cluster`, `cluster_probability` and `theme` added."""

    map: np.ndarray
    """[songs, 2] places of the songs in the picture."""

    clusters: Clusters | None
    """None for a table of song types."""

    eras: Eras | None

    results: dict[str, Any]
    """What `results.json` holds."""


def put_together(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """All parts as one dictionary.

    Raises:
        ValueError: if two parts hold one key: a result never overwrites another.
    """
    results: dict[str, Any] = {}
    for part in parts:
        twice = results.keys() & part.keys()
        if twice:
            raise ValueError(f"two results have the key {', '.join(sorted(twice))}")
        results |= part
    return results


def in_order(comparison: Comparison, rows: np.ndarray) -> Comparison:
    """A comparison with its songs put into the order of [songs] row numbers."""
    clusters, eras = comparison.clusters, comparison.eras
    return dataclasses.replace(
        comparison,
        songs=comparison.songs.iloc[rows].reset_index(drop=True),
        map=comparison.map[rows],
        clusters=clusters
        and dataclasses.replace(
            clusters,
            assignment=clusters.assignment[rows],
            probability=clusters.probability[rows],
        ),
        eras=eras and dataclasses.replace(eras, of_song=eras.of_song[rows]),
    )


def versions() -> dict[str, str]:
    """Versions of the software behind the results."""
    names = ("chingolo", "hdbscan", "numpy", "scikit-learn", "scipy")
    return {name: importlib.metadata.version(name) for name in names}


def results_text(results: dict[str, Any]) -> str:
    """`results.json` as text: sorted keys, null for what is not a number."""
    return json.dumps(_plain(results), indent=2, sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
