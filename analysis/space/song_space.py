"""The space of the songs: their clusters, themes and map."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.cluster import Clusters, dbcv, fit_clusters, stability
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.name_themes import name_themes
from chingolo.analysis.space.reduce import Reduction, reduce


@dataclass(frozen=True)
class SongSpace:
    """Where songs lie, and which lie together; nothing in it depends on eras or known labels."""

    clusters: Clusters

    stability: float | None
    """See `cluster.stability`."""

    dbcv: float | None
    """See `cluster.dbcv`."""

    theme: np.ndarray
    """[songs] name of the theme, "" for none."""

    naming: str
    """A sentence on how the themes' names came."""

    map: Reduction

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """[songs] cluster, its probability, theme and places on the map, for a song table."""
        return {
            "cluster": self.clusters.assignment,
            "cluster_probability": self.clusters.probability,
            "theme": self.theme,
        } | {f"map_{i + 1}": column for i, column in enumerate(self.map.points.T)}

    @property
    def cluster_results(self) -> dict[str, Any]:
        """What `results.json` tells of the clusters themselves."""
        return {
            "n": self.clusters.count,
            "noise_fraction": self.clusters.noise_fraction,
            "method": self.clusters.method,
            "min_cluster_size": self.clusters.min_cluster_size,
            "stability": self.stability,
            "dbcv": self.dbcv,
        }

    @property
    def map_results(self) -> dict[str, Any]:
        """What `results.json` tells of the map."""
        return {
            "method": self.map.method,
            "trustworthiness": self.map.trustworthiness,
            "continuity": self.map.continuity,
        }


def lay_out(latents: LatentTable, settings: CompareSettings) -> SongSpace:
    """Clusters the songs, names their themes and draws their map.

    Args:
        latents: songs and their vectors.
        settings: how clusters are found and the map is drawn, and the seed.

    Raises:
        InputError: if UMAP is asked for and not installed.
    """
    clusters = fit_clusters(
        latents.z,
        min_cluster_size=settings.min_cluster_size,
        method=settings.clusterer,
        clusters=settings.clusters,
        seed=settings.seed,
    )
    firm = stability(latents.z, clusters, seed=settings.seed)
    valid = dbcv(latents.z, clusters, seed=settings.seed)
    reduction = reduce(
        latents.z,
        dimensions=settings.map_dimensions,
        method=settings.map_method,
        seed=settings.seed,
    )
    theme, naming = name_themes(latents.songs, clusters.assignment)
    return SongSpace(clusters, firm, valid, theme, naming, reduction)
