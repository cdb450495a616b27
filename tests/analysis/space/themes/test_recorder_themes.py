"""Themes that recorders cannot part."""

import numpy as np

from chingolo.analysis.space.cluster import fit_clusters
from chingolo.analysis.space.themes.recorder_themes import (
    copied_clusters,
    join_clusters,
    joined,
)


def three_clusters():
    """60 songs in three clusters of 30, 20 and 10, far apart."""
    random = np.random.default_rng(0)
    kind = np.repeat([0, 1, 2], [30, 20, 10])
    return kind, 9.0 * np.eye(3)[kind] + 0.1 * random.standard_normal((60, 3))


def test_copies_belong_to_the_cluster_of_their_nearest_songs():
    _, z = three_clusters()
    clusters = fit_clusters(z, min_cluster_size=5)
    turned = z[np.roll(np.arange(60), 30)]
    copied = copied_clusters(clusters, z, np.stack([z, turned], axis=1))
    assert (copied[0] == clusters.assignment).all()
    assert (copied[1] == np.roll(clusters.assignment, -30)).all()


def test_two_clusters_join_where_enough_recorders_turn_one_into_the_other():
    assignment = np.repeat([0, 1, 2], [4, 6, 10])
    copied = np.tile(assignment, (10, 1))
    copied[:1] = 0  # one recorder alone turns everything into the same
    assert joined(assignment, copied).tolist() == [0, 1, 2]
    copied[1:3, 18:20] = 1
    assert joined(assignment, copied).tolist() == [0, 1, 2]
    copied[1:3, 17:20] = 1  # more than a fifth of ten songs
    assert joined(assignment, copied).tolist() == [0, 1, 1]
    copied[1:3, 4:10] = 0
    assert joined(assignment, copied).tolist() == [0, 0, 0]


def test_joined_clusters_are_numbered_by_size():
    kind, z = three_clusters()
    clusters = fit_clusters(z, min_cluster_size=5)
    copied = np.tile(clusters.assignment, (4, 1))
    copied[:, kind == 2] = 1
    together, through = join_clusters(clusters, copied)
    assert together.count == 2
    assert np.bincount(together.assignment).tolist() == [30, 30]
    assert (together.assignment[kind == 1] == together.assignment[kind == 2][0]).all()
    assert (through == together.assignment).all()
