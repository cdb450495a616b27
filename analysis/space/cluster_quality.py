"""How firm clusters are: stability under subsamples, density-based validity, novelty."""

from typing import Any

import numpy as np
from hdbscan import validity
from sklearn.metrics import adjusted_rand_score

from chingolo.analysis.space.cluster import NOISE, Clusters, assign, fit_clusters, project

MOST_SONGS = 2000
"""Songs beyond which validity and stability are measured on a random part, for time."""


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


def novelty(
    z: np.ndarray,
    era_of_song: np.ndarray,
    unit_of_song: np.ndarray,
    *,
    min_cluster_size: int = 0,
    seed: int = 0,
) -> dict[str, float] | None:
    """Share of modern songs that a clustering of historical songs does not know.

    Half of the historical units make the reference. The other half tells how many songs of the same
    era such a reference misses; halves are exchanged and the shares averaged.

    Args:
        z: [songs, dimensions] vectors.
        era_of_song: [songs] 0 historical, 1 modern, else neither.
        unit_of_song: [songs] units.
        min_cluster_size: of the reference; see `fit_clusters`.
        seed: of the halves.

    Returns:
        `modern` and `historical` shares taken for novel; None where a half has no cluster.
    """
    units = np.unique(unit_of_song[era_of_song == 0])
    first = np.random.default_rng(seed).permutation(units)[: len(units) // 2]
    inside = (era_of_song == 0) & np.isin(unit_of_song, first)
    outside = (era_of_song == 0) & ~inside
    shares = []
    for fitted, held in ((inside, outside), (outside, inside)):
        if not fitted.any() or not held.any():
            return None
        reference = fit_clusters(z[fitted], min_cluster_size=min_cluster_size, seed=seed)
        if not reference.count:
            return None
        shares.append(
            [
                float((assign(reference, z[rows])[0] == NOISE).mean())
                for rows in (era_of_song == 1, held)
            ]
        )
    modern, historical = np.mean(shares, axis=0)
    return {"modern": float(modern), "historical": float(historical)}
