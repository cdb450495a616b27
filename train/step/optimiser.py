"""The optimiser, and its schedules: learning rate, weight decay, and what rests at first."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import traverse_util

from chingolo.train.objective.decay import decayed
from chingolo.train.objective.self_distillation import PrototypeSettings
from chingolo.train.settings.training import TrainingSettings


def make_optimiser(settings: TrainingSettings) -> optax.GradientTransformation:
    """Clipping, then AdamW or SGD by the schedules of the settings."""
    chain = [optax.clip_by_global_norm(settings.clip_norm)]
    resting = round(prototypes_rest(settings) * updates_of(settings))
    if resting:
        chain.append(rest_prototypes(resting))
    rate = rate_schedule(settings)
    if settings.optimiser == "adamw":
        decay: Any = settings.weight_decay
        if settings.weight_decay_rise != 1:
            decay = decay_schedule(settings)
        chain.append(optax.adamw(rate, weight_decay=decay, mask=decayed))
    else:
        chain.append(optax.sgd(rate))
    if resting:
        chain.append(rest_prototypes(resting))  # weight decay, too, would move them
    optimiser = optax.chain(*chain)
    if settings.accumulate > 1:
        steps = optax.MultiSteps(optimiser, settings.accumulate)
        return optax.GradientTransformation(steps.init, steps.update)  # type: ignore[arg-type]
    return optimiser


def updates_of(settings: TrainingSettings) -> int:
    """Updates of a run."""
    return max(1, settings.steps // settings.accumulate)


def rate_schedule(settings: TrainingSettings) -> optax.Schedule:
    """Learning rate by optimiser update: warm-up, then a cosine or steps down (MultiStepLR)."""
    updates = updates_of(settings)
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


def decay_schedule(settings: TrainingSettings) -> optax.Schedule:
    """Weight decay by update: from its start to `weight_decay_rise` times as much, a half cosine.

    `utils.cosine_scheduler` of DINO's code (Caron et al. 2021), which has no warm-up here.
    """
    start, updates = settings.weight_decay, updates_of(settings)
    end = start * settings.weight_decay_rise
    return lambda count: end + 0.5 * (start - end) * (1 + jnp.cos(jnp.pi * count / updates))


def prototypes_rest(settings: TrainingSettings) -> float:
    """Share of the run in which prototypes rest; 0 where a method has none."""
    method = settings.method
    return method.prototypes_rest if isinstance(method, PrototypeSettings) else 0.0


def rest_prototypes(updates: int) -> optax.GradientTransformation:
    """Nothing moves prototypes in the first updates (`cancel_gradients_last_layer` of DINO)."""

    def init(params: Any) -> jax.Array:
        del params
        return jnp.zeros((), jnp.int32)

    def update(changes: Any, count: jax.Array, params: Any = None) -> tuple[Any, jax.Array]:
        del params
        learns = count >= updates
        kept = traverse_util.path_aware_map(
            lambda path, change: jnp.where(learns, change, 0) if "prototypes" in path else change,
            changes,
        )
        return kept, count + 1

    return optax.GradientTransformation(init, update)
