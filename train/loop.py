"""The training loop: batches in, checkpoints, metrics and an exported encoder out."""

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from synth.files import InputError, make_folder
from train.checkpoint import Checkpoints, export_encoder, read_config, write_config
from train.data import Corpus, PairSource, batches, clip_samples, prefetch
from train.parallel import parallel_step, replicate, shard
from train.presets import Preset, from_dict
from train.state import State, make_recipe, make_state


def train(
    run: Path,
    preset: Preset,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    seed: int = 0,
    resume: bool = False,
    inputs: dict[str, Any] | None = None,
    report: Callable[[str], None] = print,
) -> State:
    """Trains an encoder.

    Args:
        run: folder for config.json, metrics.jsonl, checkpoints/ and encoder/.
        preset: settings.
        corpus: recorded songs, or None.
        source: makes synthetic pairs, or None.
        classes: names of the labels; the synthetic themes first.
        seed: of everything random.
        resume: go on from the run's last checkpoint.
        inputs: what the data are, for config.json.
        report: takes lines of progress.

    Returns:
        The state after the last step.

    Raises:
        InputError: if there is nothing to train on, `run` already holds a run (or, to resume,
            none, or one of other settings), or the loss stops being finite.
    """
    check(preset, corpus, source)
    config = {
        "preset": dataclasses.asdict(preset),
        "classes": list(classes),
        "seed": seed,
        "inputs": inputs or {},
        "jax": jax.__version__,
    }
    if resume:
        same_settings(run, config)
    elif (run / "config.json").exists():
        raise InputError(f"{run}: already holds a run; add --resume, or give another --out")
    make_folder(run)
    recipe = make_recipe(preset, len(classes))
    state = make_state(recipe, seed)
    checkpoints = Checkpoints(run)
    try:
        if resume:
            state = checkpoints.restore(state)
        else:
            write_config(run, config)
        state = replicate(state)
        state = run_steps(run, preset, recipe, state, checkpoints, corpus, source, seed, report)
        checkpoints.save(state)
    finally:
        checkpoints.close()
    export_encoder(run, state, preset, classes)
    return state


def run_steps(
    run: Path,
    preset: Preset,
    recipe: Any,
    state: State,
    checkpoints: Checkpoints,
    corpus: Corpus | None,
    source: PairSource | None,
    seed: int,
    report: Callable[[str], None],
) -> State:
    """Runs the steps that are left; only at log steps does anything leave the device."""
    advance = parallel_step(recipe)
    start = int(state.step)
    logged, began, waited = start, time.monotonic(), 0.0
    stream = prefetch(batches(preset, corpus, source, seed=seed, start=start))
    kept = _lines_before(run / "metrics.jsonl", start)
    with (run / "metrics.jsonl").open("w") as file:
        file.writelines(kept)
        for number in range(start, preset.steps):
            before = time.monotonic()
            batch = next(stream)
            waited += time.monotonic() - before
            state, metrics = advance(state, shard(batch))
            if number % preset.log_every == 0 or number == preset.steps - 1:
                values = {name: float(value) for name, value in metrics.items()}
                if not np.isfinite(values["loss"]) or not np.isfinite(values["gradient_norm"]):
                    stream.close()
                    last = checkpoints.latest()
                    good = f"checkpoint of step {last}" if last is not None else "no checkpoint yet"
                    raise InputError(
                        f"{run}: the loss stopped being finite between steps {logged} and "
                        f"{number}; last good state: {good}; try a lower learning rate"
                    )
                elapsed = time.monotonic() - began
                line = {
                    "step": number,
                    **{name: value for name, value in values.items() if np.isfinite(value)},
                    "seconds": round(elapsed, 3),
                    "waiting_share": round(waited / max(elapsed, 1e-9), 4),
                }
                file.write(json.dumps(line) + "\n")
                file.flush()
                report(progress(number + 1, preset.steps, start, elapsed, values))
                logged = number
            if (number + 1) % preset.checkpoint_every == 0:
                checkpoints.save(state)
    return state


def progress(done: int, steps: int, start: int, elapsed: float, values: dict[str, float]) -> str:
    """One line: how far, how good, how long yet."""
    left = elapsed / max(done - start, 1) * (steps - done)
    parts = [f"step {done}/{steps}", f"loss {values['loss']:.3f}"]
    if "label_accuracy" in values:
        parts.append(f"labels right {values['label_accuracy']:.2f}")
    if np.isfinite(values.get("effective_rank", np.nan)):
        parts.append(f"effective rank {values['effective_rank']:.1f}")
    parts.append(f"prototypes used {values['prototypes_used']:.0f}")
    return "  ".join(parts) + f"  {left:.0f} s left"


def check(preset: Preset, corpus: Corpus | None, source: PairSource | None) -> None:
    """Refuses settings that cannot train.

    Raises:
        InputError: if so.
    """
    if corpus is None and source is None:
        raise InputError("nothing to train on: give song tables, --synthetic REPERTOIRE, or both")
    devices = jax.local_device_count()
    if preset.batch % devices:
        raise InputError(f"a batch of {preset.batch} songs cannot be split over {devices} devices")
    if preset.steps < 1:
        raise InputError(f"--steps {preset.steps}: expected at least 1")
    if corpus is not None:
        shortest = min(len(song) for song in corpus.songs)
        least = preset.front_end.n_fft
        if shortest < least:
            raise InputError(
                f"a song of {shortest} samples is shorter than one window of {least} samples"
            )
        if source is None and len(corpus.songs) < 2:
            raise InputError("one song alone cannot train an encoder; expected at least 2")
    if clip_samples(preset.front_end) < 16 * preset.front_end.hop:
        raise InputError(f"clips of {preset.front_end.clip_s} s are shorter than a patch")


def same_settings(run: Path, config: dict[str, Any]) -> None:
    """Refuses to resume a run of other settings.

    Raises:
        InputError: naming the first setting that differs.
    """
    old = read_config(run)
    if from_dict(Preset, old["preset"]) != from_dict(Preset, config["preset"]):
        raise InputError(f"{run}: was trained with another preset; resume with the same settings")
    for name in ("classes", "seed"):
        if old[name] != config[name]:
            raise InputError(f"{run}: was trained with another {name}: {old[name]}")


def _lines_before(path: Path, step: int) -> list[str]:
    if not path.is_file() or step == 0:
        return []
    with path.open() as file:
        return [line for line in file if json.loads(line)["step"] < step]
