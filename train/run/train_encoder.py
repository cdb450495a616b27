"""An encoder trained: on arrays in memory, or on a corpus into the folder of a run."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from chingolo.synth.tables.excerpt import Excerpt, song_in_memory
from chingolo.train.data.batches import PairSource, batches
from chingolo.train.data.corpus import Corpus, make_corpus, with_labels
from chingolo.train.parallel import own_rows, parallel_step, replicate, shard
from chingolo.train.run.begin_with import heard_with, told_gain, with_encoder
from chingolo.train.run.check import check, fitted_batch
from chingolo.train.run.config import begin_run, read_config
from chingolo.train.run.loop import Task, Values, run_in_folder, run_in_memory
from chingolo.train.run.probe import Probe, collapse, prober, synthetic_probe
from chingolo.train.run.trained_encoder import (
    TrainedEncoder,
    apply_encoder,
    export_encoder,
    trained_encoder,
)
from chingolo.train.settings.presets import CPU
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import State, make_recipe, make_state


def train(
    waves: Sequence[np.ndarray | Excerpt],
    *,
    sample_rate: float,
    settings: TrainingSettings = CPU,
    labels: Sequence[str] | None = None,
    pairs: Sequence[str] | None = None,
    source: PairSource | None = None,
    themes: tuple[str, ...] = (),
    distill_from: TrainedEncoder | None = None,
    begin_with: TrainedEncoder | None = None,
    seed: int = 0,
    out: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainedEncoder:
    """Trains an encoder on songs in memory.

    Args:
        waves: [songs] arrays [any] of one song each, mono, or excerpts of recordings, whose noise
            is then heard around the song; may be none if `source` is given.
        sample_rate: theirs, Hz; resampled to the front end's rate where it differs.
        settings: of the training.
        labels: of each song, "" for none; None leaves every song unlabelled. A classifier is
            trained with them.
        pairs: names what each song sings; songs of one name are renditions of each other and pair
            up. None: each song pairs with itself.
        source: makes synthetic pairs besides.
        themes: names of the source's themes, the first labels.
        distill_from: a trained encoder, for the method `distill`.
        begin_with: a trained encoder whose weights the training begins with; of the settings'
            architecture, see `settings_with`.
        seed: of everything random.
        out: folder for config.json, metrics.jsonl, checkpoints/ and encoder/; None leaves no file.
        tell: takes lines of progress.

    Returns:
        The trained encoder.

    Raises:
        InputError: for songs or settings that cannot train, or if the loss stops being finite.
    """
    corpus, classes = None, themes
    rate = settings.front_end.sample_rate
    if len(waves):
        songs = [
            song_in_memory(wave, sample_rate=sample_rate, wanted=rate, name=f"song {number}")
            for number, wave in enumerate(waves)
        ]
        multilabel = settings.method.multilabel
        classes = with_labels(themes, labels or (), multilabel=multilabel)
        corpus = make_corpus(
            songs, labels=labels, classes=classes, multilabel=multilabel, pairs=pairs
        )
        settings = fitted_batch(settings, corpus, synthetic=source is not None, tell=tell)
    data = {
        "corpus": corpus,
        "source": source,
        "classes": classes,
        "distill_from": distill_from,
        "begin_with": begin_with,
    }
    if out is None:
        return train_corpus(settings, seed=seed, tell=tell, **data)
    state = train_in_folder(out, settings, seed=seed, tell=tell, **data)
    return trained_encoder(state, heard_with(settings, begin_with), classes)


def train_corpus(
    settings: TrainingSettings,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    probe: Probe | None = None,
    distill_from: TrainedEncoder | None = None,
    begin_with: TrainedEncoder | None = None,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainedEncoder:
    """Trains an encoder and leaves no file; see `train_in_folder`.

    Raises:
        InputError: for settings or songs that cannot train, or if the loss stops being finite.
    """
    settings = fitted_batch(settings, corpus, synthetic=source is not None, tell=tell)
    task = encoder_task(
        settings,
        corpus=corpus,
        source=source,
        classes=classes,
        probe=probe,
        distill_from=distill_from,
        begin_with=begin_with,
        seed=seed,
    )
    state = run_in_memory(task, tell=tell)
    return trained_encoder(state, heard_with(settings, begin_with), classes)


def train_in_folder(
    run: Path,
    settings: TrainingSettings,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    probe: Probe | None = None,
    distill_from: TrainedEncoder | None = None,
    begin_with: TrainedEncoder | None = None,
    seed: int = 0,
    resume: bool = False,
    workers: int = 0,
    inputs: dict[str, Any] | None = None,
    tell: Callable[[str], None] = print,
) -> State:
    """Trains an encoder into a run's folder.

    Args:
        run: folder for config.json, metrics.jsonl, checkpoints/ and encoder/.
        settings: of the training.
        corpus: recorded songs, or None.
        source: makes synthetic pairs, or None.
        classes: names of the labels; the synthetic themes first.
        probe: held-out songs for the nearest-neighbour probe; None takes synthetic ones, if any.
        distill_from: a trained encoder, for the method `distill`.
        begin_with: a trained encoder whose weights the training begins with; of the settings'
            architecture, see `settings_with`.
        seed: of everything random.
        resume: go on from the run's last checkpoint.
        workers: processes that draw synthetic pairs; see `batches`.
        inputs: what the data are, for config.json.
        tell: takes lines of progress.

    Returns:
        The state after the last step.

    Raises:
        InputError: if there is nothing to train on, `run` already holds a run (or, to resume,
            none, or one of other settings), or the loss stops being finite.
    """
    settings = fitted_batch(settings, corpus, synthetic=source is not None, tell=tell)
    check(settings, corpus, source, classes, distill_from, begin_with)
    config = {
        "preset": dataclasses.asdict(settings),
        "classes": list(classes),
        "seed": seed,
        "inputs": inputs or {},
        "jax": jax.__version__,
    }
    begin_run(run, config, settings, resume=resume)
    task = encoder_task(
        settings,
        corpus=corpus,
        source=source,
        classes=classes,
        probe=probe,
        distill_from=distill_from,
        begin_with=begin_with,
        seed=seed,
        workers=workers,
    )
    before = None
    if begin_with is not None and task.measure is not None:
        before = task.measure(task.start)["probe_accuracy"]
    if resume:
        task = dataclasses.replace(task, start=as_long_as_before(task.start, read_config(run)))
    state = run_in_folder(task, run, config, resume=resume, tell=tell)
    if begin_with is not None:
        after = None if task.measure is None else task.measure(state)["probe_accuracy"]
        tell(told_gain(begin_with.name or begin_with.hash, before, after))
    return state


def as_long_as_before(state: State, config: dict[str, Any]) -> State:
    """A state of the shape of a run's checkpoints.

    Older versions gave every method a setting `prototypes`, and the unused centre its length.
    """
    length = config["preset"]["method"].get("prototypes", len(state.centre))
    return dataclasses.replace(state, centre=jnp.zeros(length))


def encoder_task(
    settings: TrainingSettings,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    probe: Probe | None = None,
    distill_from: TrainedEncoder | None = None,
    begin_with: TrainedEncoder | None = None,
    seed: int = 0,
    workers: int = 0,
) -> Task[State]:
    """An encoder's training, as the loop takes it; see `train_in_folder`.

    Raises:
        InputError: for settings or songs that cannot train.
    """
    check(settings, corpus, source, classes, distill_from, begin_with)
    recipe = make_recipe(
        settings,
        len(classes),
        other_encoder=None if distill_from is None else partial(vectors, distill_from),
        vector_length=0 if distill_from is None else distill_from.settings.encoder.dimensions,
    )
    if probe is None and source is not None:
        probe = synthetic_probe(source, seed=seed)
    advance = parallel_step(recipe)
    start = make_state(recipe, seed)
    if begin_with is not None:
        start = with_encoder(start, begin_with)
    return Task(
        steps=settings.steps,
        log_every=settings.log_every,
        checkpoint_every=settings.checkpoint_every,
        checkpoint_minutes=settings.checkpoint_minutes,
        start=start,
        place=replicate,
        advance=advance,
        lay=shard,
        batches=lambda start: batches(
            settings,
            corpus,
            source,
            seed=seed,
            start=start,
            classes=len(classes),
            own=own_rows(settings.batch),
            workers=workers,
        ),
        export=lambda run, state: export_encoder(
            run, state, heard_with(settings, begin_with), classes
        ),
        measure=None if probe is None else prober(settings, probe),
        measure_every=settings.probe_every,
        words=words,
        warning=partial(collapse, settings=settings, prototypes=len(start.centre)),
    )


def vectors(encoder: TrainedEncoder, clips: jax.Array, edges: jax.Array | None) -> jax.Array:
    """Latent vectors of waveforms, without gradient; see `apply_encoder`."""
    return jax.lax.stop_gradient(apply_encoder(encoder, clips, edges)[0])


def words(values: Values) -> list[str]:
    """How good, for the line of progress."""
    parts = []
    if "label_accuracy" in values:
        parts.append(f"labels right {values['label_accuracy']:.2f}")
    if np.isfinite(values.get("effective_rank", np.nan)):
        parts.append(f"effective rank {values['effective_rank']:.1f}")
    if "prototypes_used" in values:
        parts.append(f"prototypes used {values['prototypes_used']:.0f}")
    if "probe_accuracy" in values:
        parts.append(f"nearest neighbour right {values['probe_accuracy']:.2f}")
    return parts
