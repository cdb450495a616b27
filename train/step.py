"""One training step: a pure function of state and batch, on one device or as one of many."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from train import losses
from train.frontend import above_noise, log_mel, normalise
from train.models.learner import Outputs
from train.presets import Preset
from train.state import Recipe, State
from train.views import draw_grain, power_views, shape_views

Batch = Mapping[str, Any]
Metrics = dict[str, Array]


def step(
    recipe: Recipe, state: State, batch: Batch, *, axis: str | None = None
) -> tuple[State, Metrics]:
    """Takes one optimiser step.

    Every loss is computed on the outputs of the whole batch, gathered from all devices, and the
    randomness of a song depends on its place in the whole batch: the number of devices changes
    nothing but rounding.

    Args:
        recipe: network, optimiser, schedules.
        state: before the step.
        batch: this device's share: `first`, `second` [songs, samples] float32 (two renditions of
            one song, or twice one recording) and `label` [songs] int32, -1 for none.
        axis: name of the devices' axis under `pmap`.

    Returns:
        The state after the step, and scalars.
    """
    preset = recipe.preset
    method = preset.method
    views, mean, variance = make_views(preset, state, batch, axis)
    songs = views.shape[1]
    flat = views.reshape(-1, *views.shape[2:])

    def whole(outputs: Outputs) -> Outputs:
        pairs = jax.tree.map(lambda x: x.reshape(2, songs, *x.shape[1:]), outputs)
        return gather(pairs, axis)

    label = gather(batch["label"][None], axis)[0]
    teacher = whole(recipe.model.apply({"params": state.teacher}, flat, axis=axis))  # type: ignore[arg-type]
    temperature = recipe.teacher_temperature(state.step)
    target = teacher_target(preset, teacher.cosines, state.centre, temperature)

    def loss_of(params: dict) -> tuple[Array, Metrics]:
        student = whole(recipe.model.apply({"params": params}, flat, axis=axis))  # type: ignore[arg-type]
        terms: Metrics = {}
        loss = jnp.zeros(())
        if method.name == "dino":
            terms["distillation"] = 0.5 * (
                losses.cross_entropy(target[1], student.cosines[0], method.student_temperature)
                + losses.cross_entropy(target[0], student.cosines[1], method.student_temperature)
            )
            terms["koleo"] = jnp.mean(jax.vmap(losses.koleo)(student.projection))
            loss += terms["distillation"] + method.koleo * terms["koleo"]
        if student.logits.shape[-1] and method.label_weight > 0:
            logits = student.logits.reshape(-1, student.logits.shape[-1])
            terms["labels"], terms["label_accuracy"] = losses.supervised(
                logits, jnp.tile(label, 2), method.label_smoothing
            )
            loss += method.label_weight * terms["labels"]
        z = student.z.reshape(-1, student.z.shape[-1])
        logged = state.step % preset.log_every == 0
        terms["effective_rank"] = jax.lax.cond(
            logged,
            losses.effective_rank,
            lambda z: jnp.asarray(jnp.nan, z.dtype),
            jax.lax.stop_gradient(z),
        )
        return loss, terms

    (loss, terms), gradient = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    if axis is not None:
        gradient = jax.lax.pmean(gradient, axis)
    update, optimiser = recipe.optimiser.update(gradient, state.optimiser, state.params)
    params = optax.apply_updates(state.params, update)
    momentum = recipe.momentum(state.step)
    share = target.reshape(-1, target.shape[-1]).mean(axis=0)
    after = replace(
        state,
        step=state.step + 1,
        params=params,
        teacher=optax.incremental_update(params, state.teacher, 1.0 - momentum),  # type: ignore[arg-type]
        optimiser=optimiser,
        centre=optax.incremental_update(
            teacher.cosines.mean(axis=(0, 1)), state.centre, 1.0 - method.centre_momentum
        ),
        mean=mean,
        variance=variance,
    )
    metrics = {
        "loss": loss,
        **terms,
        "gradient_norm": optax.global_norm(gradient),
        "learning_rate": jnp.asarray(recipe.learning_rate(state.step)),
        "teacher_entropy": losses.entropy(target.reshape(-1, target.shape[-1])),
        "prototypes_used": jnp.exp(losses.entropy(share[None])),
    }
    return after, metrics


def make_views(
    preset: Preset, state: State, batch: Batch, axis: str | None
) -> tuple[Array, Array, Array]:
    """Two views of every song, and the running statistics that normalised them.

    Returns:
        views [2, songs, frames, n_mels], mean [], variance [].
    """
    front_end = preset.front_end
    songs = batch["label"].shape[0]
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key), state.step)
    place = jnp.arange(songs)
    if axis is not None:
        place = place + songs * jax.lax.axis_index(axis)
    keys = jax.vmap(lambda index: jax.random.split(jax.random.fold_in(key, index), (2, 2)))(place)

    waveform = jnp.concatenate([batch["first"], batch["second"]])
    power = log_mel(waveform, front_end)
    power = power.reshape(2, songs, *power.shape[1:])
    partners = power
    total = songs * (1 if axis is None else jax.lax.axis_size(axis))
    if preset.views.mixup > 0:
        everyone = gather(power, axis)
        other = jax.random.randint(jax.random.fold_in(key, total), (), 1, max(2, total))
        partners = everyone[:, (place + other) % total]

    grain = draw_grain(jax.random.fold_in(key, total + 1), *power.shape[2:])

    def recorded(key: Array, clip: Array, partner: Array) -> Array:
        return power_views(key, clip, partner, grain, preset.views, front_end)

    def shaped(key: Array, clip: Array, fill: Array) -> Array:
        return shape_views(key, clip, fill, preset.views, front_end)

    power = jnp.stack([jax.vmap(recorded)(keys[:, i, 0], power[i], partners[i]) for i in range(2)])
    clean = above_noise(power.reshape(2 * songs, *power.shape[2:]), front_end)

    first, second = jnp.mean(clean), jnp.mean(clean**2)
    if axis is not None:
        first, second = jax.lax.pmean((first, second), axis)
    old = jnp.minimum(0.99, state.step / (state.step + 1.0))
    mean = old * state.mean + (1 - old) * first
    variance = old * state.variance + (1 - old) * (second - first**2)
    spectrogram = normalise(clean, mean, variance).reshape(power.shape)
    # what is masked looks like background: 0 before normalising where the noise is taken off
    fill = jnp.zeros(()) if front_end.noise == "none" else normalise(jnp.zeros(()), mean, variance)
    views = [jax.vmap(shaped, (0, 0, None))(keys[:, i, 1], spectrogram[i], fill) for i in range(2)]
    return jnp.stack(views), mean, variance


def teacher_target(preset: Preset, cosines: Array, centre: Array, temperature: Array) -> Array:
    """The teacher's distribution over prototypes [2, songs, prototypes]; no gradient passes."""
    flat = jax.lax.stop_gradient(cosines.reshape(-1, cosines.shape[-1]))
    if preset.method.target == "sinkhorn":
        target = losses.sinkhorn(flat, temperature)
    else:
        target = losses.centred(flat, centre, temperature)
    return target.reshape(cosines.shape)


def gather(tree, axis: str | None):
    """Joins the second axis of every leaf over all devices; without `axis`, nothing."""
    if axis is None:
        return tree
    return jax.tree.map(lambda x: jax.lax.all_gather(x, axis, axis=1, tiled=True), tree)
