"""The encoder of windows: what a vector keeps of a sound, and what it overlooks."""

import dataclasses
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.train.encoders.windows import LinearWindows, WindowsSettings, cut_windows
from tests.small_training import UNOPTIMISED

BANDS = 16
SETTINGS = WindowsSettings(dimensions=33, window=20, frames=8)


def sound(frames: int, seed: int = 0) -> np.ndarray:
    """[frames, bands] log power: a smooth ridge that rises, on a floor 8 below."""
    random = np.random.default_rng(seed)
    time = np.linspace(0, 1, frames)[:, None]
    middle = random.uniform(3, 6) + random.uniform(3, 7) * time
    return -8 + 8 * np.exp(-0.5 * (np.arange(BANDS)[None] - middle) ** 2)


def laid(x: np.ndarray, before: int, after: int) -> tuple[jax.Array, jax.Array]:
    """A sound in a padded clip, and which frames are padding."""
    clip = np.pad(x, ((before, after), (0, 0)), constant_values=-23.0)
    silent = np.ones(len(clip), bool)
    silent[before : before + len(x)] = False
    return jnp.asarray(clip[None], jnp.float32), jnp.asarray(silent[None])


def vector(x: np.ndarray, before: int = 0, after: int = 0, **changed: Any) -> np.ndarray:
    settings = dataclasses.replace(SETTINGS, **changed)
    network: Any = LinearWindows(settings, jnp.float32)

    @partial(jax.jit, compiler_options=UNOPTIMISED)
    def apply(clip: jax.Array, silent: jax.Array) -> jax.Array:
        params = network.init(jax.random.key(0), jnp.zeros((1, 4, BANDS)))
        return network.apply(params, clip, False, silent)

    return np.asarray(apply(*laid(x, before, after)))[0]


@pytest.mark.parametrize("frames", [1, 20, 90])
def test_where_a_sound_lies_in_its_clip_and_how_loud_it_is_change_nothing(frames: int):
    x = sound(frames)
    for before, after, level in ((0, 5, 0.0), (40, 3, -4.0), (11, 120, 3.0)):
        np.testing.assert_allclose(vector(x + level, before, after), vector(x), atol=2e-5)


@pytest.mark.parametrize(
    ("frames", "windows"), [(5, 1), (20, 1), (21, 2), (30, 2), (31, 3), (90, 8)]
)
def test_windows_cover_a_sound_by_halves(frames: int, windows: int):
    cut = jax.jit(partial(cut_windows, settings=SETTINGS))(*laid(sound(frames), 4, 200))
    weight, when = np.asarray(cut.weight[0]), np.asarray(cut.when[0])
    assert (weight > 0).sum() == windows
    np.testing.assert_allclose(weight.sum(), 1, rtol=1e-5)
    at = when[weight > 0] * frames
    np.testing.assert_allclose([at[0], at[-1]], [min(frames, 20) / 2, frames - min(frames, 20) / 2])
    assert np.all(np.diff(at) <= 10 + 1e-3)
    np.testing.assert_allclose(np.linalg.norm(cut.units[0], axis=1)[weight > 0], 1, rtol=1e-4)


def test_a_window_is_the_sound_resized_in_loudness():
    x = sound(15)
    cut = cut_windows(*laid(x, 3, 9), SETTINGS)
    at = np.linspace(0, 14, 8)
    loud = np.exp(0.3 * x)
    resized = np.stack([np.interp(at, np.arange(15), band) for band in loud.T], axis=1).ravel()
    expected = resized / np.linalg.norm(resized)
    np.testing.assert_allclose(cut.units[0, 0], expected, atol=1e-5)


def test_pace_is_told_by_the_duration_alone_where_a_sound_is_one_window():
    slow, fast = vector(sound(19)), vector(sound(10))
    np.testing.assert_allclose(slow[:-1], fast[:-1], atol=0.02)
    np.testing.assert_allclose(
        slow[-1] - fast[-1], np.tanh(np.log(0.95)) - np.tanh(np.log(0.5)), atol=1e-5
    )


def test_order_is_heard():
    x, y = sound(60, 1), sound(60, 2)
    one, other = vector(np.concatenate([x, y])), vector(np.concatenate([y, x]))
    assert one[:-1] @ other[:-1] < 0.8
    alike = vector(np.concatenate([x, y]), cosines=1, dimensions=9)
    reverse = vector(np.concatenate([y, x]), cosines=1, dimensions=9)
    assert alike[:-1] @ reverse[:-1] > 0.97


def test_gradients_reach_the_layer_from_clips_of_padding_alone_too():
    network: Any = LinearWindows(SETTINGS, jnp.float32)
    clips = jnp.concatenate([laid(sound(30), 0, 10)[0], jnp.full((1, 40, BANDS), -23.0)])
    silent = jnp.concatenate([laid(sound(30), 0, 10)[1], jnp.ones((1, 40), bool)])
    params = network.init(jax.random.key(0), clips)

    def loss(p: Any) -> jax.Array:
        return (network.apply(p, clips, True, silent)[:, 0] ** 2).sum()

    gradient = jax.jit(jax.grad(loss), compiler_options=UNOPTIMISED)(params)["params"]["layer"][
        "kernel"
    ]
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0
