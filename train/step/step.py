"""One training step: a pure function of state and batch, on one device or as one of many."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import struct
from jax import Array

from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise, normalise
from chingolo.train.encoders.vit import token_grid
from chingolo.train.methods.decoder import coarse
from chingolo.train.methods.methods import METHODS, Terms, label_terms
from chingolo.train.objective import losses
from chingolo.train.settings.training import Preset
from chingolo.train.step.learner import Outputs
from chingolo.train.step.state import Recipe, State
from chingolo.train.step.views import draw_grain, hide_patches, local_crop, power_views, shape_views

Batch = Mapping[str, Any]
Metrics = dict[str, Array]
PATCH = 16
"""Frames and bands of a hidden patch where the encoder has no tokens to drop."""


def step(
    recipe: Recipe, state: State, batch: Batch, *, axis: str | None = None
) -> tuple[State, Metrics]:
    """Takes one optimiser step.

    Every loss is computed on the outputs of the whole batch, gathered from all devices, and the
    randomness of a song depends on its place in the whole batch: the number of devices changes
    nothing but rounding (dropout excepted).

    Args:
        recipe: network, optimiser, schedules.
        state: before the step.
        batch: this device's share: `first`, `second` [songs, samples] float32 (two renditions of
            one song, or twice one recording) and `label` [songs] int32, -1 for none (multilabel:
            [songs, classes]).
        axis: name of the devices' axis under `pmap`.

    Returns:
        The state after the step, and scalars.
    """
    preset = recipe.preset
    method = preset.method
    views = make_views(preset, state, batch, axis)
    label = gather(batch["label"][None], axis)[0]

    def run(params: dict, clips: Array, train: bool, hide: bool) -> tuple[Outputs, Array | None]:
        flat = clips.reshape(-1, *clips.shape[2:])
        flat, keep = hidden(preset, views.keys, flat) if hide else (flat, None)
        dropout = jax.random.fold_in(views.key, 0 if axis is None else jax.lax.axis_index(axis))
        applied: Any = recipe.model.apply(
            {"params": params}, flat, axis=axis, train=train, keep=keep, rngs={"dropout": dropout}
        )
        outputs, rebuilt = applied
        joined = jax.tree.map(lambda x: x.reshape(*clips.shape[:2], *x.shape[1:]), outputs)
        return gather(joined, axis), rebuilt

    teacher, _ = run(state.teacher, views.whole, train=False, hide=False)
    temperature = recipe.teacher_temperature(state.step)
    target = teacher_target(preset, teacher.cosines, state.centre, temperature)
    goal = target
    if recipe.distilled is not None:
        known = recipe.distilled(batch["first"]), recipe.distilled(batch["second"])
        goal = gather(jnp.stack(known), axis)

    def loss_of(params: dict) -> tuple[Array, Metrics]:
        student, rebuilt = run(params, views.whole, train=True, hide=method.name == "msn")
        local = None
        if views.local is not None:
            local, _ = run(params, views.local, train=True, hide=False)
        terms: Terms = METHODS[method.name](method, student, local, teacher, goal)
        metrics: Metrics = {}
        if rebuilt is not None:
            flat = views.whole.reshape(-1, *views.whole.shape[2:])
            error = jnp.mean((rebuilt - coarse(flat)) ** 2)
            terms["rebuilding"] = (1.0, error if axis is None else jax.lax.pmean(error, axis))
        if student.logits.shape[-1] and method.label_weight > 0:
            more, metrics["label_accuracy"] = label_terms(method, student.logits, label)
            terms |= more
        loss = sum((weight * value for weight, value in terms.values()), jnp.zeros(()))
        metrics |= {name: value for name, (_, value) in terms.items()}
        z = jax.lax.stop_gradient(student.z.reshape(-1, student.z.shape[-1]))
        logged = state.step % preset.log_every == 0
        metrics["effective_rank"] = jax.lax.cond(
            logged, losses.effective_rank, lambda z: jnp.asarray(jnp.nan, z.dtype), z
        )
        return loss, metrics

    (loss, metrics), gradient = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    if axis is not None:
        gradient = jax.lax.pmean(gradient, axis)
    update, optimiser = recipe.optimiser.update(gradient, state.optimiser, state.params)
    params = optax.apply_updates(state.params, update)
    after = replace(
        state,
        step=state.step + 1,
        params=params,
        teacher=optax.incremental_update(  # type: ignore[arg-type]
            params, state.teacher, 1.0 - recipe.momentum(state.step)
        ),
        optimiser=optimiser,
        mean=views.mean,
        variance=views.variance,
    )
    metrics |= {
        "loss": loss,
        "gradient_norm": optax.global_norm(gradient),
        "learning_rate": jnp.asarray(recipe.learning_rate(state.step)),
    }
    if target.shape[-1]:
        flat = target.reshape(-1, target.shape[-1])
        centre = teacher.cosines.mean(axis=(0, 1))
        kept = method.centre_momentum
        after = replace(after, centre=kept * state.centre + (1 - kept) * centre)
        metrics["teacher_entropy"] = losses.entropy(flat)
        metrics["prototypes_used"] = jnp.exp(losses.entropy(flat.mean(axis=0)[None]))
    return after, metrics


@struct.dataclass
class StepViews:
    """What `make_views` makes of a batch."""

    whole: Array
    """[2, songs, frames, n_mels]."""

    local: Array | None
    """[local views, songs, local frames, n_mels]."""

    keys: Array
    """[2 songs] keys for hiding patches."""

    key: Array
    """The step's key."""

    mean: Array
    """[] running mean of the front end's output."""

    variance: Array
    """[] running variance of the front end's output."""


def make_views(preset: Preset, state: State, batch: Batch, axis: str | None) -> StepViews:
    """Views of every song, normalised by the running statistics that they bring up to date."""
    front_end, settings = preset.front_end, preset.views
    songs = batch["first"].shape[0]
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key), state.step)
    place = jnp.arange(songs)
    if axis is not None:
        place = place + songs * jax.lax.axis_index(axis)
    keys = jax.vmap(
        lambda index: jax.random.split(jax.random.fold_in(key, index), 6 + settings.local_views)
    )(place)

    waveform = jnp.concatenate([batch["first"], batch["second"]])
    power = log_mel(waveform, front_end)
    power = power.reshape(2, songs, *power.shape[1:])
    partners = power
    total = songs * (1 if axis is None else jax.lax.axis_size(axis))
    if settings.mixup > 0:
        everyone = gather(power, axis)
        other = jax.random.randint(jax.random.fold_in(key, total), (), 1, max(2, total))
        partners = everyone[:, (place + other) % total]
    grain = draw_grain(jax.random.fold_in(key, total + 1), *power.shape[2:])

    def recorded(key: Array, clip: Array, partner: Array) -> Array:
        return power_views(key, clip, partner, grain, settings, front_end)

    def shaped(key: Array, clip: Array, fill: Array) -> Array:
        return shape_views(key, clip, fill, settings, front_end)

    power = jnp.stack([jax.vmap(recorded)(keys[:, i], power[i], partners[i]) for i in range(2)])
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
    whole = [jax.vmap(shaped, (0, 0, None))(keys[:, 2 + i], spectrogram[i], fill) for i in range(2)]
    frames = round(settings.local_s * front_end.sample_rate / front_end.hop)
    local = [
        jax.vmap(lambda key, clip: local_crop(key, clip, frames))(
            keys[:, 6 + i], spectrogram[i % 2]
        )
        for i in range(settings.local_views)
    ]
    return StepViews(
        jnp.stack(whole),
        jnp.stack(local) if local else None,
        jnp.concatenate([keys[:, 4], keys[:, 5]]),
        key,
        mean,
        variance,
    )


def hidden(preset: Preset, keys: Array, clips: Array) -> tuple[Array, Array | None]:
    """Hides a share of the patches: a ViT drops their tokens, a CNN sees the mean in their place.

    Args:
        preset: settings.
        keys: [clips] randomness.
        clips: [clips, frames, n_mels].

    Returns:
        The clips, and the tokens to keep [clips, kept] or None.
    """
    share = preset.method.masked
    if preset.encoder.kind == "vit":
        rows, columns = token_grid(preset.encoder.patch, *clips.shape[1:])
        tokens = rows * columns
        kept = max(1, round((1 - share) * tokens))
        order = jax.vmap(lambda key: jax.random.permutation(key, tokens))(keys)
        return clips, jnp.sort(order[:, :kept], axis=1)
    return jax.vmap(lambda key, clip: hide_patches(key, clip, share, PATCH))(keys, clips), None


def teacher_target(preset: Preset, cosines: Array, centre: Array, temperature: Array) -> Array:
    """The teacher's distribution over prototypes [2, songs, prototypes]; no gradient passes."""
    if not cosines.shape[-1]:
        return cosines
    flat = jax.lax.stop_gradient(cosines.reshape(-1, cosines.shape[-1]))
    if preset.method.target == "sinkhorn":
        target = losses.sinkhorn(flat, temperature)
    else:
        target = losses.centred(flat, centre, temperature)
    return target.reshape(cosines.shape)


def gather(tree: Any, axis: str | None) -> Any:
    """Joins the second axis of every leaf over all devices; without `axis`, nothing."""
    if axis is None:
        return tree
    return jax.tree.map(lambda x: jax.lax.all_gather(x, axis, axis=1, tiled=True), tree)
