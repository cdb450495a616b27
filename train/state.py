"""The training state: one pytree; modules and transforms stay outside it, in the recipe."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct
from jax import Array

from train.frontend import frames_in
from train.models.learner import Learner
from train.presets import Preset

Parameters = dict[str, Any]


@struct.dataclass
class State:
    """Everything that changes from step to step."""

    step: Array
    """[] int32, steps done."""

    params: Parameters
    """The student's parameters."""

    teacher: Parameters
    """Exponential moving average of `params`; the encoder that is exported."""

    optimiser: optax.OptState
    """State of the optimiser."""

    centre: Array
    """[prototypes] running mean of the teacher's cosines."""

    mean: Array
    """[] running mean of the front end's output."""

    variance: Array
    """[] running variance of the front end's output."""

    key: Array
    """Key data of the run; every step folds its number in."""


@dataclass(frozen=True)
class Recipe:
    """What does not change: the network, the optimiser and the schedules."""

    preset: Preset
    model: Learner
    optimiser: optax.GradientTransformation
    learning_rate: Callable[[Any], Any]
    momentum: Callable[[Any], Any]
    teacher_temperature: Callable[[Any], Any]


def make_recipe(preset: Preset, classes: int) -> Recipe:
    """Builds network, optimiser and schedules.

    Args:
        preset: settings.
        classes: number of labels the classifier knows; 0 for none.
    """
    warmup = round(preset.warmup * preset.steps)
    learning_rate = optax.warmup_cosine_decay_schedule(
        0.0, preset.learning_rate, warmup, max(preset.steps, warmup + 1)
    )
    chain = [optax.clip_by_global_norm(preset.clip_norm)]
    if preset.optimiser == "adamw":
        decayed = lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params)  # noqa: E731
        chain.append(optax.adamw(learning_rate, weight_decay=preset.weight_decay, mask=decayed))
    else:
        chain.append(optax.sgd(learning_rate))
    start, end = preset.method.momentum
    cool, warm = preset.method.teacher_temperature
    return Recipe(
        preset=preset,
        model=Learner(preset, classes),
        optimiser=optax.chain(*chain),
        learning_rate=learning_rate,
        momentum=lambda step: (
            end - (end - start) * 0.5 * (1 + jnp.cos(jnp.pi * step / preset.steps))
        ),
        teacher_temperature=optax.linear_schedule(cool, warm, max(1, preset.steps // 5)),
    )


def make_state(recipe: Recipe, seed: int) -> State:
    """The state before the first step."""
    preset = recipe.preset
    front_end = preset.front_end
    key, start = jax.random.split(jax.random.key(seed))
    frames = frames_in(front_end, round(front_end.clip_s * front_end.sample_rate))
    blank = jnp.zeros((2, frames, front_end.n_mels))
    params = dict(jax.jit(recipe.model.init)(start, blank)["params"])
    return State(
        step=jnp.zeros((), jnp.int32),
        params=params,
        # a copy: with donation, one buffer under two names crashes the process
        teacher=jax.tree.map(jnp.copy, params),
        optimiser=recipe.optimiser.init(params),
        centre=jnp.zeros(preset.method.prototypes),
        mean=jnp.zeros(()),
        variance=jnp.ones(()),
        key=jax.random.key_data(key),
    )
