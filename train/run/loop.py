"""The training loop: batches in, checkpoints, metrics and an exported encoder out."""

import dataclasses
import json
import os
import time
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import jax
import numpy as np

from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.tables.files import InputError, atomic_path, make_folder
from chingolo.train.data.batches import Arrays, PairSource, batches, prefetch
from chingolo.train.data.corpus import Corpus
from chingolo.train.parallel import (
    first_host,
    own_rows,
    parallel_step,
    replicate,
    shard,
    wait_for_hosts,
)
from chingolo.train.run.checkpoint import Checkpoints, read_config, write_config
from chingolo.train.run.probe import Probe, collapse, prober, synthetic_probe
from chingolo.train.run.trained_encoder import TrainedEncoder, apply_encoder, export_encoder
from chingolo.train.settings.training import Preset, from_dict
from chingolo.train.step.state import Recipe, State, make_recipe, make_state


def train(
    run: Path,
    preset: Preset,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    probe: Probe | None = None,
    distilled: TrainedEncoder | None = None,
    seed: int = 0,
    resume: bool = False,
    inputs: dict[str, Any] | None = None,
    tell: Callable[[str], None] = print,
) -> State:
    """Trains an encoder.

    Args:
        run: folder for config.json, metrics.jsonl, checkpoints/ and encoder/.
        preset: settings.
        corpus: recorded songs, or None.
        source: makes synthetic pairs, or None.
        classes: names of the labels; the synthetic themes first.
        probe: held-out songs for the nearest-neighbour probe; None takes synthetic ones, if any.
        distilled: a trained encoder, for the method `distill`.
        seed: of everything random.
        resume: go on from the run's last checkpoint.
        inputs: what the data are, for config.json.
        tell: takes lines of progress.

    Returns:
        The state after the last step.

    Raises:
        InputError: if there is nothing to train on, `run` already holds a run (or, to resume,
            none, or one of other settings), or the loss stops being finite.
    """
    check(preset, corpus, source, classes, distilled)
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
    # else the first host's config.json would look to a slower one like an earlier run's
    wait_for_hosts("checked")
    recipe = make_recipe(
        preset,
        len(classes),
        distilled=None if distilled is None else partial(vectors, distilled),
        targets=0 if distilled is None else distilled.preset.encoder.dimensions,
    )
    if probe is None and source is not None:
        probe = synthetic_probe(source, seed=seed)
    state = make_state(recipe, seed)
    checkpoints = Checkpoints(run)
    try:
        if resume and checkpoints.latest() is not None:
            state = checkpoints.restore(state, tell=tell)
        elif resume:
            tell(f"{run}: stopped before its first checkpoint; starting from step 0")
        elif first_host():
            write_config(run, config)
        state = replicate(state)
        stream = prefetch(
            batches(
                preset,
                corpus,
                source,
                seed=seed,
                start=int(state.step),
                classes=len(classes),
                own=own_rows(preset.batch),
            )
        )
        measure = None if probe is None else prober(preset, probe)
        state = run_steps(run, recipe, state, checkpoints, stream, measure, tell)
        checkpoints.save(state)
    except OSError as error:
        raise InputError(f"{run}: cannot be written ({error.strerror or error})") from error
    finally:
        checkpoints.close()
    if first_host():
        export_encoder(run, state, preset, classes)
    return state


def run_steps(
    run: Path,
    recipe: Recipe,
    state: State,
    checkpoints: Checkpoints,
    stream: Generator[Arrays, None, None],
    measure: Callable[[State], dict[str, float]] | None,
    tell: Callable[[str], None],
) -> State:
    """Runs the steps that are left; only at log steps does anything leave the device."""
    preset = recipe.preset
    advance = parallel_step(recipe)
    start = int(state.step)
    logged, began, waited = start, time.monotonic(), 0.0
    metrics: dict[str, jax.Array] = {}
    metrics_file = run / "metrics.jsonl" if first_host() else Path(os.devnull)
    with closing(stream), _open_metrics(metrics_file, start) as file:
        for number in range(start, preset.steps):
            before = time.monotonic()
            batch = next(stream)
            # steps run behind this loop: only while none is under way does the device wait
            ready = [value.is_ready() for value in metrics.values()]  # type: ignore[attr-defined]
            if ready and all(ready):
                waited += time.monotonic() - before
            state, metrics = advance(state, shard(batch))
            last = number == preset.steps - 1
            probing = measure is not None and ((number + 1) % preset.probe_every == 0 or last)
            if number % preset.log_every == 0 or probing or last:
                values = {name: float(value) for name, value in metrics.items()}
                if not np.isfinite(values["loss"]) or not np.isfinite(values["gradient_norm"]):
                    raise InputError(not_finite(run, logged, number, checkpoints.latest()))
                if probing and measure is not None:
                    values |= measure(state)
                elapsed = time.monotonic() - began
                sign = collapse(values, preset) if number >= preset.steps // 10 else None
                line = {
                    "step": number,
                    **{name: value for name, value in values.items() if np.isfinite(value)},
                    "seconds": round(elapsed, 3),
                    "waiting_share": round(waited / max(elapsed, 1e-9), 4),
                    **({} if sign is None else {"collapsed": sign}),
                }
                file.write(json.dumps(line) + "\n")
                file.flush()
                if first_host():
                    tell(progress(number + 1, preset.steps, start, elapsed, values))
                    if sign is not None:
                        tell(sign)
                logged = number
            if (number + 1) % preset.checkpoint_every == 0:
                checkpoints.save(state)
    return state


def not_finite(run: Path, logged: int, number: int, last: int | None) -> str:
    """What to tell when the loss is NaN: between which steps, and what is still good."""
    good = f"checkpoint of step {last}" if last is not None else "no checkpoint yet"
    return (
        f"{run}: the loss stopped being finite between steps {logged} and {number}; "
        f"last good state: {good}; try a lower learning rate"
    )


def vectors(encoder: TrainedEncoder, clips: jax.Array) -> jax.Array:
    """Latent vectors of waveforms, without gradient."""
    return jax.lax.stop_gradient(apply_encoder(encoder, clips)[0])


def progress(done: int, steps: int, start: int, elapsed: float, values: dict[str, float]) -> str:
    """One line: how far, how good, how long yet."""
    left = elapsed / max(done - start, 1) * (steps - done)
    parts = [f"step {done}/{steps}", f"loss {values['loss']:.3f}"]
    if "label_accuracy" in values:
        parts.append(f"labels right {values['label_accuracy']:.2f}")
    if np.isfinite(values.get("effective_rank", np.nan)):
        parts.append(f"effective rank {values['effective_rank']:.1f}")
    if "prototypes_used" in values:
        parts.append(f"prototypes used {values['prototypes_used']:.0f}")
    if "probe_accuracy" in values:
        parts.append(f"nearest neighbour right {values['probe_accuracy']:.2f}")
    return "  ".join(parts) + f"  {left:.0f} s left"


def check(
    preset: Preset,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...],
    distilled: TrainedEncoder | None,
) -> None:
    """Refuses settings that cannot train.

    Raises:
        InputError: if so.
    """
    if corpus is None and source is None:
        raise InputError("nothing to train on: give song tables, --synthetic REPERTOIRE, or both")
    devices = jax.device_count()
    if preset.batch % devices:
        raise InputError(f"a batch of {preset.batch} songs cannot be split over {devices} devices")
    method = preset.method
    if method.name == "supervised":
        if len(classes) < 2:
            found = f"one class only, '{classes[0]}'" if classes else "no labels"
            raise InputError(
                f"supervised training needs two classes; found {found} "
                "(give --label-column, or --synthetic)"
            )
        if method.label_weight <= 0:
            raise InputError("supervised training with label_weight 0 learns nothing")
    if method.name == "distill":
        if distilled is None:
            raise InputError("the method distill needs a trained encoder: give --teacher RUN")
        rate, length = preset.front_end.sample_rate, preset.front_end.clip_s
        theirs = distilled.preset.front_end
        if (theirs.sample_rate, theirs.clip_s) != (rate, length):
            raise InputError(
                f"--teacher hears clips of {theirs.clip_s} s at {theirs.sample_rate} Hz, "
                f"this preset {length} s at {rate} Hz"
            )
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
    """Refuses to resume a run of other settings, or on other songs.

    Raises:
        InputError: naming the first setting that differs.
    """
    old = read_config(run)
    try:
        preset, inputs = from_dict(Preset, old["preset"]), dict(old["inputs"])
        others = {name: old[name] for name in ("classes", "seed")}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{run / 'config.json'}: damaged, or of another version") from error
    if preset != from_dict(Preset, config["preset"]):
        raise InputError(f"{run}: was trained with another preset; resume with the same settings")
    for name, value in others.items():
        if value != config[name]:
            raise InputError(f"{run}: was trained with another {name}: {value}")
    for name, value in config["inputs"].items():
        # the files may have moved; what stands in them may not have changed
        if name not in ("songs", "synthetic", "preset") and inputs.get(name, value) != value:
            raise InputError(
                f"{run}: was trained with another {name.replace('_', ' ')}; "
                "resume with the same songs and settings, or give another --out"
            )


def _open_metrics(path: Path, step: int) -> TextIO:
    """Opens the metrics to go on from a step; what was told before it stays, whatever happens."""
    if path.is_file():
        kept = _lines_before(path, step)
        with atomic_path(path) as temporary:
            temporary.write_text("".join(kept))
    return path.open("a")


def _lines_before(path: Path, step: int) -> list[str]:
    kept = []
    with path.open() as file:
        for line in file:
            try:
                if json.loads(line)["step"] < step:
                    kept.append(line)
            except (ValueError, KeyError, TypeError):
                continue  # torn when the run was killed
    return kept
