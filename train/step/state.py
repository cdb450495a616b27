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

from chingolo.synth.spectra.noise_floor import AS_IT_IS
from chingolo.train.encoders.encoder import Encoder
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.objective.decay import decayed
from chingolo.train.objective.method import Method
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.learner import Learner, view_frames

Parameters = dict[str, Any]
CENTRE = 32
"""Length of the centre where a method has no prototypes, as checkpoints have always held it."""


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
    """[prototypes] running mean of the teacher's cosines; without prototypes, unused."""

    mean: Array
    """[] running mean of the front end's output."""

    variance: Array
    """[] running variance of the front end's output."""

    key: Array
    """Key data of the run; every step folds its number in."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """What does not change: the network, the optimiser and the schedules."""

    settings: TrainingSettings
    method: Method
    encoder: Encoder
    model: Learner
    optimiser: optax.GradientTransformation
    learning_rate: Callable[[Any], Any]
    momentum: Callable[[Any], Any]
    other_encoder: Callable[[Array, Array | None], Array] | None


@lru_cache(maxsize=8)
def make_recipe(
    settings: TrainingSettings,
    classes: int,
    *,
    other_encoder: Callable[[Array, Array | None], Array] | None = None,
    vector_length: int = 0,
) -> Recipe:
    """Builds network, optimiser and schedules; asked again for the same, gives the same object.

    Args:
        settings: of the training.
        classes: number of labels the classifier knows; 0 for none.
        other_encoder: a trained one, waveforms [batch, samples] and edges to vectors; for a method
            that learns from it.
        vector_length: length of its vectors.
    """
    learning_rate = rate_schedule(settings)
    chain = [optax.clip_by_global_norm(settings.clip_norm)]
    if settings.optimiser == "adamw":
        chain.append(
            optax.adamw(learning_rate, weight_decay=decay_schedule(settings), mask=decayed)
        )
    else:
        chain.append(optax.sgd(learning_rate))
    if settings.frozen_encoder:
        chain.append(optax.masked(optax.set_to_zero(), _of_encoder))
    optimiser = optax.chain(*chain)
    if settings.accumulate > 1:
        steps = optax.MultiSteps(optimiser, settings.accumulate)
        optimiser = optax.GradientTransformation(steps.init, steps.update)  # type: ignore[arg-type]
    start, end = settings.method.momentum
    return Recipe(
        settings=settings,
        method=METHODS[settings.method.name],
        encoder=ENCODERS[settings.encoder.kind],
        model=Learner(settings, classes, vector_length),
        optimiser=optimiser,
        learning_rate=learning_rate,
        momentum=lambda step: (
            (end - (end - start) * 0.5 * (1 + jnp.cos(jnp.pi * step / settings.steps)))
            ** (1 / settings.accumulate)
        ),
        other_encoder=other_encoder,
    )


def _of_encoder(params: Parameters) -> Any:
    """Whether each weight is the encoder's, as a tree like that of the weights."""
    return {
        name: jax.tree.map(lambda _, own=name == "encoder": own, part)
        for name, part in params.items()
    }


def rate_schedule(settings: TrainingSettings) -> optax.Schedule:
    """Learning rate by optimiser update: warm-up, then a cosine or steps down (MultiStepLR)."""
    updates = max(1, settings.steps // settings.accumulate)
    warmup = round(settings.warmup * updates)
    if settings.schedule == "multi_step":
        falls = {round(share * updates): settings.decay_factor for share in settings.milestones}
        stepped = optax.piecewise_constant_schedule(settings.learning_rate, falls)
        rise = optax.linear_schedule(0.0, settings.learning_rate, max(1, warmup))
        # joined by hand: milestones count from the start of the run, not from the warm-up's end
        return lambda count: jnp.where(jnp.asarray(count) < warmup, rise(count), stepped(count))
    return optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, warmup, max(updates, warmup + 1)
    )


def decay_schedule(settings: TrainingSettings) -> optax.ScalarOrSchedule:
    """Weight decay, by optimiser update where it changes."""
    start, rise = settings.weight_decay, settings.weight_decay_rise
    if rise == 1:
        return start
    updates = max(1, settings.steps // settings.accumulate)
    return lambda count: (
        start * (rise - (rise - 1) * 0.5 * (1 + jnp.cos(jnp.pi * jnp.asarray(count) / updates)))
    )


def make_state(recipe: Recipe, seed: int) -> State:
    """The state before the first step."""
    settings = recipe.settings
    key, start = jax.random.split(jax.random.key(seed))
    blank = jnp.zeros((2, view_frames(settings), settings.front_end.n_mels))
    params = dict(_initialise(recipe)(start, blank)["params"])
    outputs, _ = jax.eval_shape(recipe.model.init_with_output, start, blank)
    prototypes = CENTRE if recipe.method.assign is None else outputs["cosines"].shape[-1]
    mean, variance = (0.0, 1.0) if recipe.encoder.normalised else AS_IT_IS
    return State(
        step=jnp.zeros((), jnp.int32),
        params=params,
        # a copy: with donation, one buffer under two names crashes the process
        teacher=jax.tree.map(jnp.copy, params),
        optimiser=recipe.optimiser.init(params),
        centre=jnp.zeros(prototypes),
        mean=jnp.asarray(mean, jnp.float32),
        variance=jnp.asarray(variance, jnp.float32),
        key=jax.random.key_data(key),
    )


@lru_cache(maxsize=8)
def _initialise(recipe: Recipe) -> Callable[[Array, Array], Any]:
    return jax.jit(recipe.model.init)
