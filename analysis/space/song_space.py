"""The space of the songs: their clusters, themes and map."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.cluster import Clusters, dbcv, fit_clusters, stability
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.maps.reduce import Reduction, reduce
from chingolo.analysis.space.themes.name_themes import name_themes, themes_of
from chingolo.analysis.space.themes.recorder_themes import copied_clusters, join_clusters


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

    copied_theme: np.ndarray | None = None
    """[recorders, songs] theme of each song through each recorder; None without copies."""

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
        latents: songs and their vectors; where they were heard through other recorders, clusters
            that recorders turn into one another are one theme.
        settings: how clusters are found and the map is drawn, and the seed.

    Raises:
        InputError: if UMAP is asked for and not installed.
    """
    z = latents.z
    found = find_themes(latents, settings)
    firm = stability(z, found.fitted, seed=settings.seed)
    valid = dbcv(z, found.fitted, seed=settings.seed)
    reduction = reduce(
        z,
        dimensions=settings.map_dimensions,
        method=settings.map_method,
        seed=settings.seed,
    )
    return SongSpace(
        found.clusters, firm, valid, found.theme, found.naming, reduction, found.copied_theme
    )


@dataclass(frozen=True)
class Themes:
    """Clusters of songs as they were fitted, and the themes that they make."""

    fitted: Clusters
    clusters: Clusters
    """Those joined that recorders turn into one another."""

    theme: np.ndarray
    """As in `SongSpace`, like the two that follow."""

    naming: str
    copied_theme: np.ndarray | None


def find_themes(latents: LatentTable, settings: CompareSettings) -> Themes:
    """Clusters the songs and names their themes; see `lay_out`."""
    clusters = fitted = fit_clusters(
        latents.z,
        min_cluster_size=settings.min_cluster_size,
        method=settings.clusterer,
        clusters=settings.clusters,
        seed=settings.seed,
    )
    copied = None
    if latents.copies is not None:
        copied = copied_clusters(clusters, latents.z, latents.copies)
        clusters, copied = join_clusters(clusters, copied)
    theme, naming = name_themes(latents.songs, clusters.assignment)
    if copied is not None:
        copied = themes_of(theme, clusters.assignment)[copied]
    return Themes(fitted, clusters, theme, naming, copied)
