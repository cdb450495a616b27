"""Clusters of songs, fitted once on a reference, and how firm they are; new songs are assigned."""

from dataclasses import dataclass
from typing import Any, Literal

import hdbscan
import numpy as np
from hdbscan import validity
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import (
    adjusted_rand_score,
    pairwise_distances_argmin_min,
    silhouette_score,
)

NOISE = -1
MOST_DIMENSIONS = 10
MOST_SONGS = 2000
"""Songs beyond which validity is measured on a random part, for time."""

Method = Literal["hdbscan", "kmeans"]


@dataclass(frozen=True)
class Clusters:
    """A fitted clustering of the reference songs."""

    assignment: np.ndarray
    """[songs] cluster of each song, the largest cluster first from 0; -1 is in no cluster."""

    probability: np.ndarray
    """[songs] strength of membership, 0 to 1."""

    model: hdbscan.HDBSCAN | None
    """The fitted model; None for k-means, and where there were too few songs to fit."""

    projection: PCA | None
    """Projection before clustering, where the vectors had more than 10 dimensions."""

    rank: np.ndarray
    """[model's clusters] our number of each of the model's clusters."""

    min_cluster_size: int

    method: Method = "hdbscan"

    centres: np.ndarray | None = None
    """[clusters, at most 10 dimensions] centres by the model's number (k-means)."""

    reach: np.ndarray | None = None
    """[clusters] distance from the centre beyond which a song is novel, numbered alike."""

    @property
    def count(self) -> int:
        """Number of clusters."""
        return int(self.rank.max(initial=NOISE)) + 1

    @property
    def noise_fraction(self) -> float:
        """Share of the reference songs in no cluster."""
        return float((self.assignment == NOISE).mean())


def fit_clusters(
    z: np.ndarray,
    *,
    min_cluster_size: int = 0,
    method: Method = "hdbscan",
    clusters: int = 0,
    seed: int = 0,
) -> Clusters:
    """Fits HDBSCAN (Campello et al. 2013; McInnes et al. 2017) with the exact spanning tree.

    Args:
        z: [songs, dimensions] vectors; more than 10 dimensions are first projected on the 10 of
            largest variance, because densities mean little in many.
        min_cluster_size: fewest songs in a cluster; 0 means two per cent of the songs, at least 5.
        method: `kmeans` puts every reference song into a cluster.
        clusters: number of clusters of k-means; 0 takes that of 2 to 12 with the best silhouette.
        seed: seed of k-means.

    Returns:
        The clusters; with no more songs than `min_cluster_size` every song is noise. Songs of
        equal vectors share one cluster, that of most of them.
    """
    size = min_cluster_size or max(5, round(0.02 * len(z)))
    if len(z) <= size:
        nothing = np.full(len(z), NOISE)
        return Clusters(nothing, np.zeros(len(z)), None, None, np.zeros(0, int), size, method)
    projection = None
    if z.shape[1] > MOST_DIMENSIONS:
        kept = min(MOST_DIMENSIONS, len(z))
        with np.errstate(invalid="ignore"):
            projection = PCA(kept, svd_solver="full").fit(z.astype(np.float64))
    points = project(projection, z)
    if method == "kmeans":
        most = len(np.unique(z, axis=0))
        return _fit_kmeans(points, projection, clusters, size, seed, most)
    model = hdbscan_model(size).fit(points)
    labels, probability = _one_of_equals(z, model.labels_, model.probabilities_)
    rank = _rank(model.labels_, labels)
    return Clusters(_ranked(rank, labels), probability, model, projection, rank, size)


def _one_of_equals(
    z: np.ndarray, labels: np.ndarray, probability: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities with those of equal vectors made that of most of them.

    HDBSCAN parts ties of distance by the order of the rows.
    """
    labels, probability = labels.copy(), probability.copy()
    _, group, counts = np.unique(z, axis=0, return_inverse=True, return_counts=True)
    group = group.ravel()
    for one in np.flatnonzero(counts > 1):
        equal = np.flatnonzero(group == one)
        names, sizes = np.unique(labels[equal], return_counts=True)
        if len(names) > 1:
            most = names[np.argmax(sizes)]
            probability[equal] = (
                0.0 if most == NOISE else probability[equal][labels[equal] == most].max()
            )
            labels[equal] = most
    return labels, probability


def hdbscan_model(min_cluster_size: int) -> hdbscan.HDBSCAN:
    """HDBSCAN as it is fitted here, not yet fitted."""
    return hdbscan.HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min(min_cluster_size, 5),
        cluster_selection_epsilon=0.0,
        approx_min_span_tree=False,
        prediction_data=True,
        core_dist_n_jobs=1,
    )


def _fit_kmeans(
    points: np.ndarray, projection: PCA | None, clusters: int, size: int, seed: int, most: int
) -> Clusters:
    options: dict[str, Any] = {"n_init": 10, "random_state": seed}

    def fit(count: int) -> KMeans:
        return KMeans(count, **options).fit(points)

    if clusters or most < 2:
        model = fit(min(clusters or 1, most))
    else:
        tried = [fit(count) for count in range(2, min(12, most, len(points) - 1) + 1)]
        sample: dict[str, Any] = {"sample_size": min(len(points), 2000), "random_state": seed}
        scores = [silhouette_score(points, model.labels_, **sample) for model in tried]
        model = tried[int(np.argmax(scores))]
    labels = np.asarray(model.labels_)
    distance = np.linalg.norm(points - model.cluster_centers_[labels], axis=1)
    reach = np.array([np.quantile(distance[labels == i], 0.99) for i in range(model.n_clusters)])
    rank = _rank(labels, labels)
    probability = np.clip(1 - distance / np.maximum(2 * reach[labels], 1e-12), 0.0, 1.0)
    found = _ranked(rank, labels)
    centres = np.asarray(model.cluster_centers_)
    return Clusters(found, probability, None, projection, rank, size, "kmeans", centres, reach)


def assign(clusters: Clusters, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Assigns new songs to the clusters of the reference.

    Args:
        clusters: the fitted reference.
        z: [songs, dimensions] vectors of new songs.

    Returns:
        [songs] cluster, -1 for novel songs, and [songs] probability of membership.
    """
    points = project(clusters.projection, z)
    if clusters.centres is not None and clusters.reach is not None:
        labels, distance = pairwise_distances_argmin_min(points, clusters.centres)
        reach = clusters.reach[labels]
        probability = np.clip(1 - distance / np.maximum(2 * reach, 1e-12), 0.0, 1.0)
        return _ranked(clusters.rank, np.where(distance > reach, NOISE, labels)), probability
    if clusters.model is None or not clusters.count:
        return np.full(len(z), NOISE), np.zeros(len(z))
    predicted = hdbscan.approximate_predict(clusters.model, points)
    return _ranked(clusters.rank, predicted[0]), np.asarray(predicted[1])


def project(projection: PCA | None, z: np.ndarray) -> np.ndarray:
    """[songs, at most 10] float64 vectors as they are clustered."""
    z = np.ascontiguousarray(z, dtype=np.float64)
    return z if projection is None else projection.transform(z)


def stability(
    z: np.ndarray, clusters: Clusters, *, repeats: int = 10, share: float = 0.9, seed: int = 0
) -> float | None:
    """Mean ARI of clusterings fitted again on random subsamples with the whole clustering.

    Args:
        z: [songs, dimensions] vectors the clusters were fitted on.
        clusters: the clustering.
        repeats: subsamples.
        share: of the songs in each.
        seed: of the subsamples.

    Returns:
        Between about 0 and 1; None without two clusters.
    """
    if clusters.count < 2:
        return None
    generator = np.random.default_rng(seed)
    scores = []
    for _ in range(repeats):
        kept = np.sort(generator.permutation(len(z))[: round(share * len(z))])
        again = fit_clusters(
            z[kept],
            min_cluster_size=clusters.min_cluster_size,
            method=clusters.method,
            clusters=clusters.count if clusters.method == "kmeans" else 0,
            seed=seed,
        )
        scores.append(adjusted_rand_score(clusters.assignment[kept], again.assignment))
    return float(np.mean(scores))


def dbcv(z: np.ndarray, clusters: Clusters, *, seed: int = 0) -> float | None:
    """Density-based clustering validation (Moulavi et al. 2014), -1 to 1.

    With more than 2000 songs, of a random 2000; None without two clusters.
    """
    if clusters.count < 2:
        return None
    generator = np.random.default_rng(seed)
    kept = np.sort(generator.permutation(len(z))[:MOST_SONGS])
    labels = clusters.assignment[kept]
    names, counts = np.unique(labels[labels != NOISE], return_counts=True)
    # the index needs at least two songs in a cluster
    usable = np.isin(labels, [NOISE, *names[counts >= 2]])
    if (counts >= 2).sum() < 2:
        return None
    points = project(clusters.projection, z)[kept][usable]
    # songs at one place make densities infinite; a millionth of the spread parts them
    points = points + 1e-6 * points.std() * generator.standard_normal(points.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value: Any = validity.validity_index(points, np.ascontiguousarray(labels[usable]))
    return float(value) if np.isfinite(value) else None


def _rank(own: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """[model's clusters] place of each by size, the largest first.

    One that lost all its songs to equal ones takes the place of the cluster that most went to.
    """
    count = int(own.max(initial=NOISE)) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    rank = np.empty(count, dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(count)
    for empty in np.flatnonzero(sizes == 0):
        names, moved = np.unique(labels[own == empty], return_counts=True)
        most = names[np.argmax(moved)]
        rank[empty] = NOISE if most == NOISE else rank[most]
    return rank


def _ranked(rank: np.ndarray, labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    return np.append(rank, NOISE)[labels] if len(rank) else np.full(len(labels), NOISE)
