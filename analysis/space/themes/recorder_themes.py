"""Themes that no recorder of a set parts, from songs heard through each of them."""

import dataclasses

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from chingolo.analysis.space.cluster import NOISE, Clusters, project

NEIGHBOURS = 5
RECORDERS_JOIN = 2
"""Recorders that must turn one cluster into another for the two to be one theme; a single one may
be so bad that it turns all songs into noise."""
COPIES_LAND = 0.2
"""Share of a cluster's copies that must land in another: of clusters of two themes at most 0.06 did
under two recorders, of clusters of one theme up to 1 (docs/methods.md)."""


def copied_clusters(clusters: Clusters, z: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """[recorders, songs] cluster that the nearest songs of each copy belong to.

    Args:
        clusters: fitted on `z`.
        z: [songs, dimensions] vectors.
        copies: [songs, recorders, dimensions] vectors of the copies.
    """
    known = clusters.assignment != NOISE
    if not known.any():
        return np.full(copies.shape[1::-1], NOISE)
    model = KNeighborsClassifier(min(NEIGHBOURS, int(known.sum())))
    model.fit(project(clusters.projection, z)[known], clusters.assignment[known])
    flat = copies.reshape(-1, copies.shape[-1])
    return model.predict(project(clusters.projection, flat)).reshape(copies.shape[:2]).T


def joined(assignment: np.ndarray, copied: np.ndarray) -> np.ndarray:
    """[clusters] the cluster that each belongs to once those that recorders confuse are joined.

    Cluster A is one with B where, under at least `RECORDERS_JOIN` recorders, more than
    `COPIES_LAND` of A's copies land in B. The lower number stands for both.

    Args:
        assignment: [songs] clusters, -1 for none.
        copied: [recorders, songs] clusters of the copies.
    """
    count = int(assignment.max(initial=NOISE)) + 1
    parent = np.arange(count)
    for a in range(count):
        own = copied[:, assignment == a]
        for b in range(count):
            landed = (own == b).mean(axis=1) > COPIES_LAND
            if a != b and landed.sum() >= RECORDERS_JOIN:
                low, high = sorted((int(parent[a]), int(parent[b])))
                parent[parent == high] = low
    return parent


def join_clusters(clusters: Clusters, copied: np.ndarray) -> tuple[Clusters, np.ndarray]:
    """Clusters with those joined that recorders confuse, and [recorders, songs] of them likewise.

    Numbers go by size anew, the largest cluster first.
    """
    parent = joined(clusters.assignment, copied)
    inside = clusters.assignment != NOISE
    sizes = np.bincount(parent[clusters.assignment[inside]], minlength=len(parent))
    order = np.argsort(-sizes, kind="stable")
    place = np.empty(len(parent), dtype=int)
    place[order] = np.arange(len(parent))
    number = np.append(place[parent], NOISE)
    together = dataclasses.replace(
        clusters, assignment=number[clusters.assignment], rank=number[clusters.rank]
    )
    return together, number[copied]
