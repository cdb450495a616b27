import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise, heard_frames
from chingolo.train.objective.devices import ONE_DEVICE
from chingolo.train.step.batch_views import make_views
from chingolo.train.step.state import decay_schedule, make_recipe, make_state
from chingolo.train.step.step import step
from tests.small_training import SMALL, chirp, chirp_pairs


def test_teacher_starts_as_a_copy_and_trails():
    recipe = make_recipe(SMALL, 4)
    state = make_state(recipe, 0)
    for ours, theirs in zip(
        jax.tree.leaves(state.params), jax.tree.leaves(state.teacher), strict=True
    ):
        assert ours.unsafe_buffer_pointer() != theirs.unsafe_buffer_pointer()
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_a_short_song_is_seen_in_training_as_it_is_embedded():
    """0.1 s in 0.4 s: gain, mixing and noise once lifted the padding off the floor."""
    random = np.random.default_rng(0)
    ear = SMALL.front_end
    cut = [
        clip_of(chirp(i % 4, random, 2205, ear.sample_rate), clip_samples(ear), 0.5)
        for i in range(16)
    ]
    clips, edges = np.stack([clip for clip, _ in cut]), np.array([place for _, place in cut])
    batch = {"first": clips, "second": clips, "edges": np.stack([edges, edges], axis=1)}
    still = dataclasses.replace(
        SMALL.views, shift_s=0.0, time_mask_s=0.0, frequency_mask=0, noise_share=1.0, mixup=0.4
    )
    training = dataclasses.replace(SMALL, views=still)
    state = make_state(make_recipe(training, 0), 0)
    seen = make_views(training, state, batch, ONE_DEVICE)
    power = log_mel(jnp.asarray(clips), ear)
    embedded = np.asarray(above_noise(power, ear, heard_frames(power, ear, jnp.asarray(edges))))
    silent = np.abs(embedded).max(axis=2) == 0
    silent &= ~np.asarray(seen.sound[0])
    assert silent.mean() > 0.6
    background = -float(seen.mean) / np.sqrt(float(seen.variance) + 1e-5)
    for view in np.asarray(seen.whole):
        np.testing.assert_allclose(view[silent], background, atol=1e-4)


def test_weight_decay_rises_along_a_cosine_or_stays():
    """DINO's: from 0.04 to 0.4, half of the way at half of the run."""
    assert decay_schedule(SMALL) == SMALL.weight_decay
    rising = dataclasses.replace(
        SMALL, weight_decay=0.04, weight_decay_rise=10.0, steps=40, accumulate=2
    )
    schedule = decay_schedule(rising)
    assert callable(schedule)
    found = [float(np.asarray(schedule(update))) for update in (0, 5, 10, 20)]
    quarter = 0.04 + 0.36 * (1 - np.cos(np.pi / 4)) / 2
    np.testing.assert_allclose(found, [0.04, quarter, 0.22, 0.4], rtol=1e-5)


@pytest.mark.slow
def test_prototypes_rest_as_long_as_asked():
    """Of 4 steps the first 2; decay is no exception, and all else learns."""
    method = dataclasses.replace(SMALL.method, prototypes_rest=0.5)
    recipe = make_recipe(
        dataclasses.replace(SMALL, method=method, steps=4, batch=4, warmup=0.0, weight_decay=1.0), 0
    )
    first, second, _ = chirp_pairs(0, 4)
    batch = {"first": first, "second": second, "label": np.full(4, -1, np.int32)}
    states = [make_state(recipe, 0)]
    advance = jax.jit(lambda state: step(recipe, state, batch)[0])
    moves = [False, False, True]
    for _ in moves:
        states.append(advance(states[-1]))
    for before, after, moved in zip(states, states[1:], moves, strict=False):
        same = jax.tree.map(lambda a, b: bool((a == b).all()), before.params, after.params)
        assert all(jax.tree.leaves(same["prototypes"])) is not moved
        assert not all(jax.tree.leaves(same["encoder"]))
