"""Clusters of songs: HDBSCAN fitted once on a reference; new songs are assigned or are novel."""

from dataclasses import dataclass
from typing import Any

import hdbscan
import numpy as np
from sklearn.decomposition import PCA

NOISE = -1
MOST_DIMENSIONS = 10


@dataclass(frozen=True)
class Clusters:
    """A fitted clustering of the reference songs."""

    assignment: np.ndarray
    """[songs] cluster of each song, the largest cluster first from 0; -1 is in no cluster."""

    probability: np.ndarray
    """[songs] strength of membership, 0 to 1."""

    model: Any
    """The fitted `hdbscan.HDBSCAN`; None where there were too few songs to fit."""

    projection: PCA | None
    """Projection before clustering, where the vectors had more than 10 dimensions."""

    rank: np.ndarray
    """[clusters] our number of each of the model's clusters."""

    min_cluster_size: int

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.rank)

    @property
    def noise_fraction(self) -> float:
        """Share of the reference songs in no cluster."""
        return float((self.assignment == NOISE).mean())


def fit_clusters(z: np.ndarray, *, min_cluster_size: int = 0, seed: int = 0) -> Clusters:
    """Fits HDBSCAN (Campello et al. 2013; McInnes et al. 2017) with the exact spanning tree.

    Args:
        z: [songs, dimensions] vectors; more than 10 dimensions are first projected on the 10 of
            largest variance, because densities mean little in many.
        min_cluster_size: fewest songs in a cluster; 0 means two per cent of the songs, at least 5.
        seed: seed of the projection.

    Returns:
        The clusters; with fewer songs than `min_cluster_size` + 1 every song is noise.
    """
    size = min_cluster_size or max(5, round(0.02 * len(z)))
    if len(z) <= size:
        nothing = np.full(len(z), NOISE)
        return Clusters(nothing, np.zeros(len(z)), None, None, np.zeros(0, int), size)
    projection = None
    if z.shape[1] > MOST_DIMENSIONS:
        kept = min(MOST_DIMENSIONS, len(z))
        projection = PCA(kept, svd_solver="full", random_state=seed).fit(z.astype(np.float64))
    model = hdbscan.HDBSCAN(
        min_cluster_size=size,
        min_samples=min(size, 5),
        cluster_selection_epsilon=0.0,
        approx_min_span_tree=False,
        prediction_data=True,
        core_dist_n_jobs=1,
    ).fit(_project(projection, z))
    found = int(model.labels_.max()) + 1
    sizes = np.bincount(model.labels_[model.labels_ >= 0], minlength=found)
    rank = np.empty(found, dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(found)
    return Clusters(
        _ranked(rank, model.labels_), model.probabilities_, model, projection, rank, size
    )


def assign(clusters: Clusters, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Assigns new songs to the clusters of the reference.

    Args:
        clusters: the fitted reference.
        z: [songs, dimensions] vectors of new songs.

    Returns:
        [songs] cluster, -1 for novel songs, and [songs] probability of membership.
    """
    if clusters.model is None or not clusters.count:
        return np.full(len(z), NOISE), np.zeros(len(z))
    predicted = hdbscan.approximate_predict(clusters.model, _project(clusters.projection, z))
    return _ranked(clusters.rank, predicted[0]), np.asarray(predicted[1])


def _project(projection: PCA | None, z: np.ndarray) -> np.ndarray:
    z = np.ascontiguousarray(z, dtype=np.float64)
    return z if projection is None else projection.transform(z)


def _ranked(rank: np.ndarray, labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    return np.append(rank, NOISE)[labels] if len(rank) else np.full(len(labels), NOISE)
