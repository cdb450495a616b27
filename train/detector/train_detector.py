"""Trains a detector and writes it as one small file that needs no jax to run."""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct, traverse_util
from jax import Array

from chingolo.synth.spectra.log_mel import check_bands, mel_filters
from chingolo.synth.tables.files import InputError
from chingolo.train.data.pool import Arrays
from chingolo.train.detector.examples import Source, batches
from chingolo.train.detector.network import DetectorNetwork
from chingolo.train.detector.settings import DetectorSettings
from chingolo.train.detector.streaming import LOOK_AHEAD, UNITS, Detector, write_detector
from chingolo.train.objective.decay import decayed
from chingolo.train.run.config import begin_run
from chingolo.train.run.loop import Task, run_in_folder

THRESHOLDS = {"high": 0.9, "low": 0.2, "least_s": 0.6, "hang_s": 0.1, "most_s": 8.0}
"""How scores become songs unless told otherwise; see `find.events`."""

UNIT_THRESHOLDS = {
    **{"high": 0.5, "low": 0.1, "least_s": 0.02, "hang_s": 0.1, "most_s": 20.0},
    "smoothed": 3,
}
"""The same of stretches that are parted into units."""


@struct.dataclass
class DetectorState:
    """Everything that changes from step to step."""

    step: Array
    """[] int32, steps done."""

    params: Any
    """Weights."""

    smoothed: Any
    """Running mean of the weights; what is written."""

    optimiser: optax.OptState
    """State of AdamW."""


def blank_detector(settings: DetectorSettings) -> Detector:
    """A detector without weights: the front end alone."""
    front_end = settings.front_end
    mel = np.ascontiguousarray(mel_filters(front_end))
    return Detector({"front_end": dataclasses.asdict(front_end)}, {"mel": mel})


def loss(
    settings: DetectorSettings, logits: Array, batch: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """Cross entropy of frames and of edges, the target `LOOK_AHEAD` frames behind the output."""
    logits = logits[:, LOOK_AHEAD:]
    target = batch["target"][:, : logits.shape[1]]
    weight = batch["weight"][:, : logits.shape[1], None]
    error = optax.sigmoid_binary_cross_entropy(logits, target) * weight
    # an edge has few frames; they weigh as much as the many without
    error = error * jnp.asarray([[[1.0, settings.edge_weight, settings.edge_weight]]])
    error = error * (1 + 4 * target * jnp.asarray([[[0.0, 1.0, 1.0]]]))
    total = error.sum() / jnp.maximum(weight.sum(), 1)
    right = ((logits[..., 0] > 0) == (target[..., 0] > 0.5)) * weight[..., 0]
    return total, {"frames_right": right.sum() / jnp.maximum(weight.sum(), 1)}


def train_detector(
    run: Path,
    settings: DetectorSettings,
    sources: list[Source],
    *,
    species: str,
    units: bool = False,
    seed: int = 0,
    resume: bool = False,
    inputs: dict[str, Any] | None = None,
    tell: Callable[[str], None] = print,
) -> Path:
    """Trains and writes RUN/detector.npz.

    Args:
        run: folder for config.json, metrics.jsonl, checkpoints/ and detector.npz.
        settings: of the training.
        sources: of scenes; see `batches`.
        species: what is found, for the rows that `find` writes.
        units: whether what it hears is parted into vocal units.
        seed: of everything random.
        resume: go on from the run's last checkpoint.
        inputs: what the data are, for config.json.
        tell: takes lines of progress.

    Returns:
        The detector's file.

    Raises:
        InputError: if there is nothing to train on, the run exists (or, to resume, is another), or
            the loss stops being finite.
    """
    if not sources:
        raise InputError(
            "nothing to train on: give song tables, --synthetic REPERTOIRE or --invented"
        )
    if settings.steps < 1:
        raise InputError(f"--steps {settings.steps}: expected at least 1")
    check_bands(settings.front_end)
    inputs = inputs or {}
    config = {"detector": dataclasses.asdict(settings), "seed": seed, "inputs": inputs}
    begin_run(run, config, settings, resume=resume)
    # what the file tells of its making; the rest stands in config.json
    named = {name: inputs[name] for name in ("songs", "synthetic", "invented") if name in inputs}
    trained = {"seed": seed, "steps": settings.steps, **named}
    about = {"species": species, "trained": trained}
    about |= (
        {"grain": UNITS, "thresholds": UNIT_THRESHOLDS} if units else {"thresholds": THRESHOLDS}
    )
    task = detector_task(settings, sources, about, seed=seed)
    run_in_folder(task, run, config, resume=resume, tell=tell)
    return run / "detector.npz"


def detector_task(
    settings: DetectorSettings,
    sources: list[Source],
    about: dict[str, Any],
    *,
    seed: int,
) -> Task[DetectorState]:
    """A detector's training, as the loop takes it; on one device. `about` goes into its file."""
    ear = blank_detector(settings)
    network = DetectorNetwork(settings.convolution_widths, settings.block_width)
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, max(1, settings.steps // 20), max(2, settings.steps)
    )
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(schedule, weight_decay=settings.weight_decay, mask=decayed),
    )
    blank = jnp.zeros((1, 64, settings.front_end.n_mels))
    params = network.init(jax.random.key(seed), blank)["params"]
    smoothed = jax.tree.map(jnp.copy, params)

    @jax.jit
    def advance(state: DetectorState, batch: Arrays) -> tuple[DetectorState, dict[str, Array]]:
        def of(params: Any) -> tuple[Array, dict[str, Array]]:
            logits: Any = network.apply({"params": params}, batch["features"])
            return loss(settings, logits, batch)

        (value, metrics), gradient = jax.value_and_grad(of, has_aux=True)(state.params)
        update, after = optimiser.update(gradient, state.optimiser, state.params)
        params = optax.apply_updates(state.params, update)
        # the mean follows faster at first
        kept = jnp.minimum(settings.momentum, (1 + state.step) / (10 + state.step))
        smoothed = optax.incremental_update(params, state.smoothed, 1 - kept)
        return DetectorState(state.step + 1, params, smoothed, after), metrics | {"loss": value}

    return Task(
        steps=settings.steps,
        log_every=settings.log_every,
        checkpoint_every=settings.checkpoint_every,
        checkpoint_minutes=settings.checkpoint_minutes,
        start=DetectorState(jnp.zeros((), jnp.int32), params, smoothed, optimiser.init(params)),
        advance=advance,
        batches=lambda start: batches(settings, sources, ear, seed=seed, start=start),
        export=lambda run, state: write_detector(
            finished(with_weights(ear, state.smoothed), about), run / "detector.npz"
        ),
        words=lambda values: [f"frames right {values['frames_right']:.3f}"],
    )


def with_weights(ear: Detector, params: Any) -> Detector:
    """A detector of a front end and a Flax tree of weights."""
    flat = traverse_util.flatten_dict(jax.device_get(params), sep="/")
    weights = {name: np.asarray(value, np.float32) for name, value in flat.items()}
    return replace(ear, arrays={"mel": ear.arrays["mel"], **weights})


def finished(detector: Detector, about: dict[str, Any]) -> Detector:
    """The detector with what its file tells of it."""
    content = b"".join(detector.arrays[name].tobytes() for name in sorted(detector.arrays))
    told = {**detector.about, **about, "sha256": hashlib.sha256(content).hexdigest()[:16]}
    return replace(detector, about=told)
