import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from chingolo.synth.tables.files import InputError
from chingolo.train.objective.decay import decayed
from chingolo.train.settings.change import change
from chingolo.train.settings.unused import refuse_unused
from chingolo.train.step.optimiser import make_optimiser
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import PLAIN, SMALL

STILL = {
    "head": {"kernel": jnp.full((2, 2), 2.0), "bias": jnp.ones(2)},
    "prototypes": {"prototypes": jnp.full((3, 2), 4.0)},
}


def walk(settings, slopes: float) -> list:
    """The parameters after each update by one and the same gradient."""
    optimiser = make_optimiser(settings)
    params, state, found = STILL, None, []
    state = optimiser.init(params)
    for _ in range(settings.steps):
        gradients = jax.tree.map(lambda value: jnp.full_like(value, slopes), params)
        changes, state = optimiser.update(gradients, state, params)
        params = optax.apply_updates(params, changes)
        found.append(params)
    return found


def test_weight_decay_rises_along_half_a_cosine():
    """Without a gradient, AdamW multiplies a weight by 1 - rate x decay and nothing else."""
    steps, start, rise = 10, 0.04, 10.0
    settings = dataclasses.replace(
        SMALL, steps=steps, warmup=0.0, learning_rate=0.5, weight_decay_rise=rise
    )
    expected = 2.0
    for step, params in enumerate(walk(settings, 0.0)):
        turn = np.cos(np.pi * step / steps)
        decay = rise * start + (start - rise * start) * (1 + turn) / 2
        expected *= 1 - 0.5 * (1 + turn) / 2 * decay
        np.testing.assert_allclose(params["head"]["kernel"], expected, rtol=1e-5)
        np.testing.assert_array_equal(params["head"]["bias"], 1.0)


@pytest.mark.parametrize("base", [SMALL, PLAIN], ids=["adamw", "sgd"])
def test_prototypes_rest_for_their_share_of_the_run(base):
    rested = dataclasses.replace(base.method, prototypes_rest=0.5)
    settings = dataclasses.replace(base, steps=6, warmup=0.0, method=rested)
    before = STILL["head"]["kernel"]
    for step, params in enumerate(walk(settings, 0.1)):
        assert (np.asarray(params["head"]["kernel"]) < np.asarray(before)).all()
        before = params["head"]["kernel"]
        moved = np.abs(np.asarray(params["prototypes"]["prototypes"]) - 4).min() > 0
        assert moved == (step >= 3)


def test_a_real_network_has_prototypes_that_rest():
    rested = dataclasses.replace(SMALL.method, prototypes_rest=1.0)
    recipe = make_recipe(dataclasses.replace(SMALL, warmup=0.0, method=rested), 0)
    state = make_state(recipe, 0)
    slopes = jax.tree.map(jnp.ones_like, state.params)
    changes, _ = recipe.optimiser.update(slopes, state.optimiser, state.params)
    still = {
        jax.tree_util.keystr(path)
        for path, value in jax.tree_util.tree_leaves_with_path(changes)
        if not np.asarray(value).any()
    }
    assert len(still) == 1
    assert still.pop().endswith("['prototypes']")


def test_neither_set_is_what_it_always_was():
    """Checkpoints of before hold this very state."""
    recipe = make_recipe(SMALL, 0)
    params = make_state(recipe, 0).params
    plain = optax.chain(
        optax.clip_by_global_norm(SMALL.clip_norm),
        optax.adamw(recipe.learning_rate, weight_decay=SMALL.weight_decay, mask=decayed),
    )
    ours, theirs = recipe.optimiser.init(params), plain.init(params)
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    slopes = jax.tree.map(jnp.ones_like, params)
    changes = [
        each.update(slopes, at, params)[0]
        for each, at in ((recipe.optimiser, ours), (plain, theirs))
    ]
    jax.tree.map(np.testing.assert_array_equal, *changes)


def test_they_are_set_by_name_and_refused_where_nothing_reads_them():
    settings = change(SMALL, ("weight_decay_rise=10", "method.prototypes_rest=0.1"))
    assert (settings.weight_decay_rise, settings.method.prototypes_rest) == (10.0, 0.1)
    refuse_unused(settings, labels=False)
    with pytest.raises(InputError, match="weight_decay_rise: read with 'adamw'"):
        refuse_unused(change(PLAIN, ("weight_decay_rise=10",)), labels=False)
    with pytest.raises(InputError, match="prototypes_rest"):
        change(SMALL, ("method.name=simclr", "method.prototypes_rest=0.1"))
