import jax
import numpy as np

from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import SMALL


def test_teacher_starts_as_a_copy_and_trails():
    recipe = make_recipe(SMALL, 4)
    state = make_state(recipe, 0)
    for ours, theirs in zip(
        jax.tree.leaves(state.params), jax.tree.leaves(state.teacher), strict=True
    ):
        assert ours.unsafe_buffer_pointer() != theirs.unsafe_buffer_pointer()
        np.testing.assert_array_equal(ours, theirs)
