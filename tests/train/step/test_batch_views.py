from functools import partial

import jax
import numpy as np

from chingolo.train.objective.devices import ONE_DEVICE
from chingolo.train.step.batch_views import make_views
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import SMALL, chirp_pairs


def test_a_song_that_is_its_own_pair_is_heard_once():
    waves, _, _ = chirp_pairs(0, 4)
    edges = np.tile(np.array([1000, 7000], np.int32), (4, 2, 1))
    state = make_state(make_recipe(SMALL, 0), 0)
    make = jax.jit(partial(make_views, SMALL, devices=ONE_DEVICE))
    once = make(state, {"first": waves, "edges": edges})
    twice = make(state, {"first": waves, "second": waves, "edges": edges})
    np.testing.assert_allclose(once.whole, twice.whole, atol=1e-5)
    np.testing.assert_array_equal(once.sound, twice.sound)
    np.testing.assert_allclose(once.mean, twice.mean, rtol=1e-5)
    assert np.abs(np.asarray(once.whole[0] - once.whole[1])).max() > 0.1  # yet two views
