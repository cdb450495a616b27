import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.train.objective import losses
from chingolo.train.objective.heads import BatchStandardise, unit


@pytest.fixture
def cosines() -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (12, 4)), jnp.float32)


def test_cross_entropy_is_entropy_where_student_and_teacher_agree(cosines: jax.Array):
    target = jax.nn.softmax(cosines / 0.1, axis=-1)
    loss = losses.cross_entropy(target, cosines, 0.1)
    np.testing.assert_allclose(loss, losses.entropy(target), rtol=1e-5)
    assert losses.cross_entropy(target, -cosines, 0.1) > loss


def test_centring_takes_out_a_constant_and_is_softmax_of_the_difference(cosines: jax.Array):
    centre = jnp.asarray([0.1, -0.2, 0.3, 0.0])
    expected = np.exp((np.asarray(cosines) - np.asarray(centre)) / 0.05)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(losses.centred(cosines, centre, 0.05), expected, rtol=1e-4)


def test_sinkhorn_balances(cosines: jax.Array):
    plan = losses.sinkhorn(cosines + jnp.asarray([[3.0, 0.0, 0.0, 0.0]]), 0.5, iterations=50)
    np.testing.assert_allclose(plan.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(plan.sum(axis=0), 3.0, rtol=1e-3)
    same = losses.sinkhorn(jnp.zeros((6, 3)), 0.05)
    np.testing.assert_allclose(same, 1 / 3, rtol=1e-5)


def test_koleo_closed_form():
    # four unit vectors at right angles: the nearest neighbour is at distance sqrt(2)
    square = jnp.asarray([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    np.testing.assert_allclose(losses.koleo(square), -0.5 * np.log(2.0), rtol=1e-4)
    crowded = unit(square + jnp.asarray([[3.0, 0.0]]))
    assert losses.koleo(crowded) > losses.koleo(square)
    assert np.isfinite(jax.grad(losses.koleo)(jnp.ones((3, 2)) / jnp.sqrt(2.0))).all()


def test_supervised_weighs_classes_not_songs_and_skips_the_unlabelled():
    logits = jnp.asarray([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [1.0, 0.0], [9.0, -9.0]])
    label = jnp.asarray([0, 0, 0, 1, -1])
    loss, accuracy = losses.supervised(logits, label, 0.0)
    first, second = np.log1p(np.exp(-2.0)), np.log1p(np.exp(1.0))
    np.testing.assert_allclose(loss, (first + second) / 2, rtol=1e-5)
    np.testing.assert_allclose(accuracy, 0.75)
    none, _ = losses.supervised(logits, jnp.full(5, -1), 0.1)
    assert none == 0.0


def test_effective_rank_of_known_shapes():
    rng = np.random.default_rng(1)
    line = jnp.asarray(rng.normal(size=(50, 1)) @ rng.normal(size=(1, 8)), jnp.float32)
    assert losses.effective_rank(line) == pytest.approx(1.0, abs=0.01)
    signs = jnp.concatenate([jnp.eye(8), -jnp.eye(8)])
    assert losses.effective_rank(signs) == pytest.approx(8.0, abs=0.01)


def test_contrast_closed_form():
    # partners agree, all others are at right angles: -log(e^(1/t) / (e^(1/t) + 2 (n - 1)))
    views = jnp.eye(4)
    expected = -np.log(np.exp(2.0) / (np.exp(2.0) + 6.0))
    np.testing.assert_allclose(losses.contrast(views, views, 0.5), expected, rtol=1e-5)


def test_distance_of_directions():
    a, b = jnp.asarray([[2.0, 0.0], [0.0, 3.0]]), jnp.asarray([[1.0, 0.0], [0.0, -1.0]])
    np.testing.assert_allclose(losses.distance(a, b), (0.0 + 4.0) / 2, atol=1e-5)


def test_vicreg_terms():
    first = jnp.asarray([[1.0, 1.0], [-1.0, -1.0]])
    invariance, variance, covariance = losses.vicreg(first, -first)
    np.testing.assert_allclose(invariance, 4.0)
    np.testing.assert_allclose(variance, 0.0, atol=1e-5)  # deviation sqrt(2) is above 1
    np.testing.assert_allclose(covariance, 2 * (2.0**2 + 2.0**2) / 2, rtol=1e-5)
    np.testing.assert_allclose(losses.vicreg(0 * first, 0 * first)[1], 0.99, atol=1e-3)


def test_mean_entropy_is_highest_where_all_prototypes_are_used():
    spread = 5 * jnp.eye(4)
    np.testing.assert_allclose(losses.mean_entropy(spread, 0.1), np.log(4.0), rtol=1e-4)
    assert losses.mean_entropy(jnp.tile(spread[:1], (4, 1)), 0.1) < 1e-3


def test_multilabel_counts_labelled_rows_alone():
    logits = jnp.asarray([[3.0, -3.0], [3.0, 3.0], [0.0, 0.0]])
    target = jnp.asarray([[1.0, 0.0], [1.0, 0.0], [-1.0, -1.0]])
    loss, right = losses.multilabel(logits, target)
    low, high = np.log1p(np.exp(-3.0)), np.log1p(np.exp(3.0))
    np.testing.assert_allclose(loss, (low + (low + high) / 2) / 2, rtol=1e-5)
    np.testing.assert_allclose(right, 0.5)


def test_batches_are_standardised_as_by_flax():
    x = jnp.asarray(np.random.default_rng(1).normal(5, 3, (16, 6)), jnp.float32)
    scale, bias = jnp.linspace(0.5, 2, 6), jnp.linspace(-1, 1, 6)
    theirs, _ = nn.BatchNorm(use_running_average=False).apply(
        {"params": {"scale": scale, "bias": bias}, "batch_stats": {"mean": bias, "var": scale}},
        x,
        mutable=["batch_stats"],
    )
    ours = BatchStandardise().apply({"params": {"scale": scale[None], "bias": bias[None]}}, x)
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=2e-5)


def test_msn_sharpens_by_the_teachers_temperature(cosines: jax.Array):
    # Assran et al. 2022: softmax at 0.1, then to the power of 1 / 0.25 and normalised
    p = np.exp(np.asarray(cosines, np.float64) / 0.1)
    p /= p.sum(axis=1, keepdims=True)
    sharp = p**4 / (p**4).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(losses.centred(cosines, jnp.zeros(4), 0.025), sharp, atol=1e-5)
