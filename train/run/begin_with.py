"""A training that begins with a trained encoder, and whether it gained anything on it."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.run.trained_encoder import TrainedEncoder
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import State


def settings_with(settings: TrainingSettings, encoder: TrainedEncoder) -> TrainingSettings:
    """Settings of a training that begins with an encoder: its architecture and its front end.

    An encoder that hears any length keeps the clips of `settings`, which are shorter than what it
    may hear at the most.
    """
    theirs = encoder.settings
    front_end = theirs.front_end
    if ENCODERS[theirs.encoder.kind].any_length:
        front_end = dataclasses.replace(front_end, clip_s=settings.front_end.clip_s)
    return dataclasses.replace(settings, front_end=front_end, encoder=theirs.encoder)


def heard_with(settings: TrainingSettings, begin_with: TrainedEncoder | None) -> TrainingSettings:
    """Settings that the trained encoder keeps: what it began with hears songs as long as before."""
    if begin_with is None:
        return settings
    return dataclasses.replace(settings, front_end=begin_with.settings.front_end)


def with_encoder(state: State, encoder: TrainedEncoder) -> State:
    """A state before the first step whose encoder, and the teacher's, has weights of another."""

    def begun(params: dict[str, Any]) -> dict[str, Any]:
        return params | {"encoder": jax.tree.map(jnp.array, encoder.params["encoder"])}

    return dataclasses.replace(
        state,
        params=begun(state.params),
        teacher=begun(state.teacher),
        mean=jnp.asarray(encoder.mean, jnp.float32),
        variance=jnp.asarray(encoder.variance, jnp.float32),
    )


def told_gain(name: str, before: float | None, after: float | None) -> str:
    """Whether a training was of use to the encoder that it began with.

    Args:
        name: of that encoder.
        before: share of held-out songs whose nearest neighbour is right; None if not measured.
        after: the same after the training.
    """
    if before is None or after is None:
        return f"whether this is better than {name} was not measured: no song is held out"
    told = (
        f"held-out songs with the right nearest neighbour: {before:.3f} by {name}, now {after:.3f}"
    )
    if after < before:
        return f"{told}; the run ends below {name}, which is the better choice"
    return told if after > before else f"{told}; the training gained nothing on {name}"
