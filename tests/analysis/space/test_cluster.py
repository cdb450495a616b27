import hdbscan
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from chingolo.analysis.change.novelty import novelty
from chingolo.analysis.labels.agreement import (
    calibration_error,
    linear_probe,
    lone_labels,
    nearest_neighbour_agreement,
)
from chingolo.analysis.space.cluster import NOISE, assign, dbcv, fit_clusters, stability
from chingolo.analysis.space.maps.reduce import reduce, reduce_new


@pytest.fixture
def blobs():
    truth = np.repeat([0, 1, 2], [60, 50, 40])
    return 10 * np.eye(4)[truth] + np.random.default_rng(0).standard_normal((150, 4)), truth


@pytest.mark.parametrize("method", ["hdbscan", "kmeans"])
def test_clusters_are_found_numbered_by_size_and_take_new_songs(blobs, method):
    z, truth = blobs
    clusters = fit_clusters(z, method=method)
    assert adjusted_rand_score(truth, clusters.assignment) > 0.95
    sizes = np.bincount(clusters.assignment[clusters.assignment >= 0])
    assert (np.diff(sizes) <= 0).all()
    found, probability = assign(clusters, np.array([[10, 0, 0, 0], [0, 0, 0, 30.0]]))
    assert found[0] == clusters.assignment[truth == 0][0]
    assert found[1] == NOISE
    assert probability[0] > 0.5
    assert stability(z, clusters) == pytest.approx(1.0, abs=0.05)
    assert (dbcv(z, clusters) or 0.0) > 0.5


def test_hdbscan_is_the_librarys_own(blobs):
    z, _ = blobs
    theirs = hdbscan.HDBSCAN(min_cluster_size=5, min_samples=5, approx_min_span_tree=False).fit(z)
    ours = fit_clusters(z, min_cluster_size=5)
    assert adjusted_rand_score(theirs.labels_, ours.assignment) == 1.0


def test_many_dimensions_are_projected_for_new_songs_too():
    generator = np.random.default_rng(0)
    centres = 10 * np.eye(40)[:3]
    z = np.concatenate([c + generator.standard_normal((30, 40)) for c in centres])
    clusters = fit_clusters(z)
    assert clusters.count == 3
    assert (assign(clusters, centres)[0] >= 0).all()


def test_noise_alone_gives_no_quality():
    z = np.random.default_rng(0).uniform(size=(4, 3))
    clusters = fit_clusters(z)
    assert clusters.count == 0
    assert clusters.noise_fraction == 1.0
    assert stability(z, clusters) is None
    assert dbcv(z, clusters) is None


def test_a_new_cluster_is_novel_and_held_out_songs_are_not(blobs):
    z, truth = blobs
    era = np.where(truth == 2, 1, 0)
    shares = novelty(z, era, np.arange(len(z)))
    assert shares is not None
    assert shares["modern"] > 0.9
    assert shares["historical"] < 0.5


def test_map_is_true_to_neighbours_and_takes_new_songs(blobs):
    z, _ = blobs
    for dimensions in (2, 3, 4):
        reduction = reduce(z, dimensions=dimensions)
        assert reduction.points.shape == (150, dimensions)
        assert np.allclose(reduce_new(reduction, z), reduction.points)
    assert reduction.trustworthiness == pytest.approx(1.0)
    assert reduction.continuity == pytest.approx(1.0)
    assert (reduce(z).continuity or 0) > 0.8


def test_autoencoder_rebuilds_what_a_plane_cannot_and_takes_new_songs():
    """Songs along a curve through ten dimensions: one number tells the place on it."""
    generator = np.random.default_rng(0)

    def songs(count):
        along = generator.uniform(-1, 1, count)
        curve = np.stack([np.cos(3 * along * k + k) for k in (1, 2)], axis=1)
        spread = np.random.default_rng(1).standard_normal((2, 10))
        return curve @ spread + 0.01 * generator.standard_normal((count, 10))

    z, new = songs(400), songs(50)
    reduction = reduce(z, method="autoencoder")
    again = reduce(z, method="autoencoder")
    np.testing.assert_array_equal(reduction.points, again.points)
    assert reduction.method == "autoencoder"
    assert reduction.model.rebuilt > 0.95
    placed = reduce_new(reduction, new)
    assert placed.shape == (50, 2)
    nearest = np.linalg.norm(z[None] - new[:, None], axis=-1).argmin(axis=1)
    away = np.linalg.norm(placed - reduction.points[nearest], axis=1)
    assert np.median(away) < 0.1 * reduction.points.std()
    assert (reduction.trustworthiness or 0) > 0.95
    assert reduce(z[:, :2], method="autoencoder").method == "pca"


@pytest.mark.slow
def test_umap_draws_new_songs_near_their_own():
    pytest.importorskip("umap")
    truth = np.repeat([0, 1, 2], 30)
    z = 5 * np.eye(6)[truth] + 0.5 * np.random.default_rng(1).standard_normal((90, 6))
    reduction = reduce(z, method="umap")
    new = reduce_new(reduction, z[:5] + 1e-3)
    distance = np.linalg.norm(new[:, None] - reduction.points[None], axis=-1)
    assert (truth[distance.argmin(axis=1)] == truth[:5]).all()
    assert (reduction.trustworthiness or 0) > 0.8


def test_neighbours_and_probe_leave_whole_birds_out():
    """Vectors tell the bird and nothing of the label: honest folds are at chance."""
    generator = np.random.default_rng(0)
    bird = np.repeat(np.arange(20), 10)
    z = 5 * generator.standard_normal((20, 6))[bird] + generator.standard_normal((200, 6))
    labels = np.where(generator.permutation(20)[bird] % 2, "A", "B").astype(object)
    near = nearest_neighbour_agreement(z, labels, bird)
    probe = linear_probe(z, labels, bird)
    assert near["accuracy"] < 0.75
    assert probe is not None
    assert probe["accuracy"] < 0.75
    leaky = linear_probe(z, labels, np.arange(200))
    assert leaky is not None
    assert leaky["accuracy"] > probe["accuracy"]


def test_labels_that_vectors_tell_are_found(blobs):
    z, truth = blobs
    labels = np.array([f"theme {i}" for i in truth], dtype=object)
    groups = np.arange(150) % 15
    assert nearest_neighbour_agreement(z, labels, groups)["accuracy"] == 1.0
    given = linear_probe(z, labels, groups, fold=np.arange(150) % 3)
    assert given is not None
    assert given["accuracy"] == 1.0
    assert given["folds"] == 3


def test_labels_of_one_bird_alone_are_known_to_be_left_out():
    labels = np.array(["a", "b", "a", "b", "c", "c", "", "d"], dtype=object)
    birds = np.array([1, 1, 2, 2, 1, 1, 3, 3])
    assert lone_labels(labels, birds) == {"c": 2, "d": 1}
    probe = linear_probe(np.random.default_rng(0).standard_normal((8, 2)), labels, birds)
    assert probe is not None
    assert probe["songs"] == 8 - 3 - 1


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, False, True, False])
    assert calibration_error(confidence, right) == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)


@pytest.mark.parametrize("method", ["hdbscan", "kmeans"])
@pytest.mark.parametrize("songs", [300, 400])
def test_equal_vectors_share_one_cluster(method, songs):
    clusters = fit_clusters(np.ones((songs, 12), np.float32), method=method)
    assert len(set(clusters.assignment)) == 1
    assert clusters.count <= 1
    assert stability(np.ones((songs, 12)), clusters) is None


def test_equal_vectors_share_one_cluster_among_others(blobs):
    z = np.concatenate([blobs[0], np.full((400, 4), 30.0)])
    clusters = fit_clusters(z, min_cluster_size=8)
    assert set(clusters.assignment[150:]) == {0}
    assert set(clusters.assignment) <= {NOISE, *range(clusters.count)}
    assert assign(clusters, np.full((3, 4), 30.0))[0].tolist() == [0, 0, 0]
