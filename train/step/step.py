"""One training step: a pure function of state and batch, on one device or as one of many."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from chingolo.train.encoders.encoder import Told
from chingolo.train.objective import losses
from chingolo.train.objective.devices import ONE_DEVICE, Devices
from chingolo.train.objective.labels import label_terms
from chingolo.train.objective.method import BatchOutputs, Outputs, Terms
from chingolo.train.step.batch_views import Batch, make_views
from chingolo.train.step.state import Recipe, State

Metrics = dict[str, Array]
RESERVED = frozenset(
    (
        *("labels", "label_accuracy", "loss", "gradient_norm", "learning_rate", "effective_rank"),
        *("teacher_entropy", "prototypes_used", "collapsed"),
        *("step", "seconds", "waiting_share", "probe_accuracy", "probe_effective_rank"),
    )
)
"""Names in metrics.jsonl that no method's term may have: one of the two would be lost."""


def step(
    recipe: Recipe, state: State, batch: Batch, *, devices: Devices = ONE_DEVICE
) -> tuple[State, Metrics]:
    """Takes one optimiser step.

    Every loss is computed on the outputs of the whole batch, gathered from all devices, and the
    randomness of a song depends on its place in the whole batch: the number of devices changes
    nothing but rounding (dropout excepted).

    Args:
        recipe: network, optimiser, schedules.
        state: before the step.
        batch: this device's share: `first`, `second` [songs, samples] float32 (two renditions of
            one song; without `second`, twice one recording), `edges` [songs, 2, 2] int32 of the
            song in them, samples (missing: all is song), and `label` [songs] int32, -1 for none
            (multilabel: [songs, classes]).
        devices: those that share the batch.

    Returns:
        The state after the step, and scalars.
    """
    settings, method = recipe.settings, recipe.method
    views = make_views(settings, state, batch, devices)
    label = devices.gather(batch["label"][None])[0]
    model = recipe.model.copy(devices=devices)

    def forward(
        params: dict, clips: Array, sound: Array, *, train: bool, hide: bool = False
    ) -> Outputs:
        flat = clips.reshape(-1, *clips.shape[2:])
        silent = ~sound.reshape(-1, sound.shape[2])
        told: Told = {**recipe.encoder.padding(settings.encoder, silent)}
        if hide and method.hidden_share is not None:
            share = method.hidden_share(settings.method)
            flat, hidden = recipe.encoder.hide(settings.encoder, views.keys, flat, share)
            told |= hidden
        dropout = jax.random.fold_in(views.key, devices.index())
        outputs: Any = model.apply({"params": params}, flat, train, told, rngs={"dropout": dropout})
        joined = {name: x.reshape(*clips.shape[:2], *x.shape[1:]) for name, x in outputs.items()}
        kept = {name: joined.pop(name) for name in method.ungathered}
        return devices.gather(joined) | kept

    shared = {name: state.params[name] for name in method.shared}
    teacher = forward({**state.teacher, **shared}, views.whole, views.sound, train=False)
    assignment, centre, vectors = None, state.centre, None
    if method.assign is not None:
        assignment, centre = method.assign(
            settings.method, teacher["cosines"], state.centre, state.step, settings.steps
        )
    if recipe.other_encoder is not None:
        edges = batch.get("edges")
        both = [
            recipe.other_encoder(batch[name], None if edges is None else edges[:, view])
            for view, name in enumerate(("first", "second"))
            if name in batch
        ]
        both = both if len(both) == 2 else both * 2
        vectors = devices.gather(jnp.stack(both))

    def loss_of(params: dict) -> tuple[Array, Metrics]:
        student = forward(params, views.whole, views.sound, train=True, hide=True)
        local = None
        if views.local is not None and views.local_sound is not None:
            local = forward(params, views.local, views.local_sound, train=True)
        outputs = BatchOutputs(
            student=student,
            teacher=teacher,
            clips=views.whole,
            mean=devices.mean,
            local=local,
            assignment=assignment,
            vectors=vectors,
        )
        terms: Terms = method.terms(settings.method, outputs)
        twice = terms.keys() & RESERVED
        if twice:
            raise ValueError(f"{method.name}: a term cannot be called {', '.join(sorted(twice))}")
        metrics: Metrics = {}
        if "logits" in student and settings.method.label_weight > 0:
            more, metrics["label_accuracy"] = label_terms(settings.method, student["logits"], label)
            terms |= more
        loss = sum((weight * value for weight, value in terms.values()), jnp.zeros(()))
        metrics |= {name: value for name, (_, value) in terms.items()}
        z = jax.lax.stop_gradient(student["z"].reshape(-1, student["z"].shape[-1]))
        logged = state.step % settings.log_every == 0
        metrics["effective_rank"] = jax.lax.cond(
            logged, losses.effective_rank, lambda z: jnp.asarray(jnp.nan, z.dtype), z
        )
        return loss, metrics

    (loss, metrics), gradient = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    gradient = devices.mean(gradient)
    learns = {
        head: jnp.asarray(state.step >= share * settings.steps)
        for head, share in method.rests(settings.method).items()
        if share
    }
    gradient = gradient | {head: _if(now, gradient[head]) for head, now in learns.items()}
    update: Any
    update, optimiser = recipe.optimiser.update(gradient, state.optimiser, state.params)
    # of decay too
    update = update | {head: _if(now, update[head]) for head, now in learns.items()}
    params = optax.apply_updates(state.params, update)
    after = replace(
        state,
        step=state.step + 1,
        params=params,
        teacher=optax.incremental_update(  # type: ignore[arg-type]
            params, state.teacher, 1.0 - recipe.momentum(state.step)
        ),
        optimiser=optimiser,
        centre=centre,
        mean=views.mean,
        variance=views.variance,
    )
    metrics |= {
        "loss": loss,
        "gradient_norm": optax.global_norm(gradient),
        "learning_rate": jnp.asarray(recipe.learning_rate(state.step // settings.accumulate)),
    }
    if assignment is not None:
        flat = assignment.reshape(-1, assignment.shape[-1])
        metrics["teacher_entropy"] = losses.entropy(flat)
        metrics["prototypes_used"] = jnp.exp(losses.entropy(flat.mean(axis=0)[None]))
    return after, metrics


def _if(true: Array, tree: Any) -> Any:
    """The tree, or as many zeros."""
    return jax.tree.map(lambda leaf: jnp.where(true, leaf, 0.0), tree)
