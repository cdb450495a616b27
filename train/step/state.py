"""The training state: one pytree; modules and transforms stay outside it, in the recipe."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct
from jax import Array

from chingolo.synth.spectra.log_mel import frames_in
from chingolo.train.settings.training import Preset
from chingolo.train.step.learner import Learner

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


@dataclass(frozen=True, eq=False)
class Recipe:
    """What does not change: the network, the optimiser and the schedules."""

    preset: Preset
    model: Learner
    optimiser: optax.GradientTransformation
    learning_rate: Callable[[Any], Any]
    momentum: Callable[[Any], Any]
    teacher_temperature: Callable[[Any], Any]
    distilled: Callable[[Array], Array] | None


@lru_cache(maxsize=8)
def make_recipe(
    preset: Preset,
    classes: int,
    *,
    distilled: Callable[[Array], Array] | None = None,
    targets: int = 0,
) -> Recipe:
    """Builds network, optimiser and schedules; asked again for the same, gives the same object.

    Args:
        preset: settings.
        classes: number of labels the classifier knows; 0 for none.
        distilled: a trained encoder, waveforms [batch, samples] to vectors; for `distill`.
        targets: length of its vectors.
    """
    learning_rate = rate_schedule(preset)
    chain = [optax.clip_by_global_norm(preset.clip_norm)]
    if preset.optimiser == "adamw":
        decayed = lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params)  # noqa: E731
        chain.append(optax.adamw(learning_rate, weight_decay=preset.weight_decay, mask=decayed))
    else:
        chain.append(optax.sgd(learning_rate))
    optimiser = optax.chain(*chain)
    if preset.accumulate > 1:
        steps = optax.MultiSteps(optimiser, preset.accumulate)
        optimiser = optax.GradientTransformation(steps.init, steps.update)  # type: ignore[arg-type]
    start, end = preset.method.momentum
    cool, warm = preset.method.teacher_temperature
    return Recipe(
        preset=preset,
        model=Learner(preset, classes, targets),
        optimiser=optimiser,
        learning_rate=learning_rate,
        momentum=lambda step: (
            (end - (end - start) * 0.5 * (1 + jnp.cos(jnp.pi * step / preset.steps)))
            ** (1 / preset.accumulate)
        ),
        teacher_temperature=optax.linear_schedule(cool, warm, max(1, preset.steps // 5)),
        distilled=distilled,
    )


def rate_schedule(preset: Preset) -> optax.Schedule:
    """Learning rate by optimiser update: warm-up, then a cosine or steps down (MultiStepLR)."""
    updates = max(1, preset.steps // preset.accumulate)
    warmup = round(preset.warmup * updates)
    if preset.schedule == "multi_step":
        falls = {round(share * updates): preset.decay_factor for share in preset.milestones}
        stepped = optax.piecewise_constant_schedule(preset.learning_rate, falls)
        rise = optax.linear_schedule(0.0, preset.learning_rate, max(1, warmup))
        # joined by hand: milestones count from the start of the run, not from the warm-up's end
        return lambda count: jnp.where(jnp.asarray(count) < warmup, rise(count), stepped(count))
    return optax.warmup_cosine_decay_schedule(
        0.0, preset.learning_rate, warmup, max(updates, warmup + 1)
    )


def make_state(recipe: Recipe, seed: int) -> State:
    """The state before the first step."""
    preset = recipe.preset
    front_end = preset.front_end
    key, start = jax.random.split(jax.random.key(seed))
    frames = frames_in(front_end, round(front_end.clip_s * front_end.sample_rate))
    blank = jnp.zeros((2, preset.views.crop_frames or frames, front_end.n_mels))
    params = dict(_initialise(recipe)(start, blank)["params"])
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


@lru_cache(maxsize=8)
def _initialise(recipe: Recipe) -> Callable[[Array, Array], Any]:
    return jax.jit(recipe.model.init)
