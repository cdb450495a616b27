"""Trains a detector and writes it as one small file that needs no jax to run."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct, traverse_util
from jax import Array

from chingolo.synth.tables.files import InputError, make_folder
from chingolo.train.data.batches import prefetch
from chingolo.train.detector.examples import Batch, Source, batches
from chingolo.train.detector.network import DetectorNetwork
from chingolo.train.detector.settings import DetectorPreset
from chingolo.train.detector.streaming import LOOK_AHEAD, Detector, write_detector
from chingolo.train.run.checkpoint import Checkpoints, read_config, write_config

THRESHOLDS = {"high": 0.9, "low": 0.2, "least_s": 0.6, "hang_s": 0.1, "most_s": 8.0}
"""How scores become songs unless told otherwise; see `find.events`."""


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


def blank_detector(preset: DetectorPreset) -> Detector:
    """A detector without weights: the front end alone."""
    import librosa

    front = preset.front_end
    mel = librosa.filters.mel(
        sr=front.sample_rate,
        n_fft=front.n_fft,
        n_mels=front.n_mels,
        fmin=front.f_min,
        fmax=front.f_max,
    )
    return Detector({"front_end": dataclasses.asdict(front)}, {"mel": mel.T.astype(np.float32)})


def loss(preset: DetectorPreset, logits: Array, batch: Batch) -> tuple[Array, dict[str, Array]]:
    """Cross entropy of frames and of edges, the target `LOOK_AHEAD` frames behind the output."""
    logits = logits[:, LOOK_AHEAD:]
    target = batch["target"][:, : logits.shape[1]]
    weight = batch["weight"][:, : logits.shape[1], None]
    error = optax.sigmoid_binary_cross_entropy(logits, target) * weight
    # an edge has few frames; they weigh as much as the many without
    error = error * jnp.asarray([[[1.0, preset.edge_weight, preset.edge_weight]]])
    error = error * (1 + 4 * target * jnp.asarray([[[0.0, 1.0, 1.0]]]))
    total = error.sum() / jnp.maximum(weight.sum(), 1)
    right = ((logits[..., 0] > 0) == (target[..., 0] > 0.5)) * weight[..., 0]
    return total, {"frames_right": right.sum() / jnp.maximum(weight.sum(), 1)}


def train_detector(
    run: Path,
    preset: DetectorPreset,
    sources: list[Source],
    *,
    species: str,
    seed: int = 0,
    resume: bool = False,
    inputs: dict[str, Any] | None = None,
    tell: Callable[[str], None] = print,
) -> Path:
    """Trains and writes RUN/detector.npz.

    Args:
        run: folder for config.json, metrics.jsonl, checkpoints/ and detector.npz.
        preset: settings.
        sources: of scenes; see `batches`.
        species: what is found, for the rows that `find` writes.
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
        raise InputError("nothing to train on: give song tables, --synthetic REPERTOIRE, or both")
    if preset.steps < 1:
        raise InputError(f"--steps {preset.steps}: expected at least 1")
    config = {"detector": dataclasses.asdict(preset), "seed": seed, "inputs": inputs or {}}
    if resume:
        old = read_config(run)
        if json.loads(json.dumps(config)) != {name: old.get(name) for name in config}:
            raise InputError(f"{run}: was trained with other settings; resume with the same")
    elif (run / "config.json").exists():
        raise InputError(f"{run}: already holds a run; add --resume, or give another --out")
    make_folder(run)
    ear = blank_detector(preset)
    network = DetectorNetwork(preset.channels, preset.width)
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, preset.learning_rate, max(1, preset.steps // 20), max(2, preset.steps)
    )
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=preset.weight_decay)
    )
    blank = jnp.zeros((1, 64, preset.front_end.n_mels))
    params = network.init(jax.random.key(seed), blank)["params"]
    smoothed = jax.tree.map(jnp.copy, params)
    state = DetectorState(jnp.zeros((), jnp.int32), params, smoothed, optimiser.init(params))

    @jax.jit
    def step(state: DetectorState, batch: Batch) -> tuple[DetectorState, dict[str, Array]]:
        def of(params: Any) -> tuple[Array, dict[str, Array]]:
            logits: Any = network.apply({"params": params}, batch["features"])
            return loss(preset, logits, batch)

        (value, metrics), gradient = jax.value_and_grad(of, has_aux=True)(state.params)
        update, after = optimiser.update(gradient, state.optimiser, state.params)
        params = optax.apply_updates(state.params, update)
        # the mean follows faster at first
        kept = jnp.minimum(preset.momentum, (1 + state.step) / (10 + state.step))
        smoothed = optax.incremental_update(params, state.smoothed, 1 - kept)
        return DetectorState(state.step + 1, params, smoothed, after), metrics | {"loss": value}

    checkpoints = Checkpoints(run)
    try:
        if resume:
            state = checkpoints.restore(state)  # type: ignore[arg-type]
        else:
            write_config(run, config)
        began, first = time.monotonic(), int(state.step)
        kept = _lines_before(run / "metrics.jsonl", first)
        stream = prefetch(batches(preset, sources, ear, seed=seed, start=first))
        with closing(stream), (run / "metrics.jsonl").open("w") as file:
            file.writelines(kept)
            for number, batch in enumerate(stream, start=first):
                state, metrics = step(state, batch)
                if number % preset.log_every == 0 or number == preset.steps - 1:
                    values = {name: float(value) for name, value in metrics.items()}
                    if not np.isfinite(values["loss"]):
                        raise InputError(f"{run}: the loss stopped being finite by step {number}")
                    file.write(json.dumps({"step": number, **values}) + "\n")
                    file.flush()
                    left = (
                        (time.monotonic() - began)
                        / (number + 1 - first)
                        * (preset.steps - number - 1)
                    )
                    tell(
                        f"step {number + 1}/{preset.steps}  loss {values['loss']:.3f}  "
                        f"frames right {values['frames_right']:.3f}  {left:.0f} s left"
                    )
                if (number + 1) % preset.checkpoint_every == 0:
                    checkpoints.save(state)  # type: ignore[arg-type]
        checkpoints.save(state)  # type: ignore[arg-type]
    finally:
        checkpoints.close()
    detector = with_weights(ear, state.smoothed)  # type: ignore[attr-defined]
    about = {
        **detector.about,
        "species": species,
        "thresholds": THRESHOLDS,
        "trained": {"seed": seed, "steps": preset.steps, **(inputs or {})},
        "sha256": hashlib.sha256(
            b"".join(detector.arrays[name].tobytes() for name in sorted(detector.arrays))
        ).hexdigest()[:16],
    }
    file = run / "detector.npz"
    write_detector(replace(detector, about=about), file)
    return file


def with_weights(ear: Detector, params: Any) -> Detector:
    """A detector of a front end and a Flax tree of weights."""
    flat = traverse_util.flatten_dict(jax.device_get(params), sep="/")
    weights = {name: np.asarray(value, np.float32) for name, value in flat.items()}
    return replace(ear, arrays={"mel": ear.arrays["mel"], **weights})


def _lines_before(path: Path, step: int) -> list[str]:
    if not path.is_file() or step == 0:
        return []
    with path.open() as file:
        return [line for line in file if json.loads(line)["step"] < step]
