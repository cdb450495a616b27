"""An encoder trained: on arrays in memory, or on a corpus into the folder of a run."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.tables.audio import wave_in_memory
from chingolo.synth.tables.files import InputError
from chingolo.train.data.batches import PairSource, batches
from chingolo.train.data.corpus import Corpus, make_corpus, with_labels
from chingolo.train.methods.registry import METHODS
from chingolo.train.parallel import own_rows, parallel_step, replicate, shard
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
from chingolo.train.settings.unused import refuse_unused
from chingolo.train.step.state import State, make_recipe, make_state


def train(
    waves: Sequence[np.ndarray],
    *,
    sample_rate: float,
    settings: TrainingSettings = CPU,
    labels: Sequence[str] | None = None,
    pairs: Sequence[str] | None = None,
    source: PairSource | None = None,
    themes: tuple[str, ...] = (),
    distill_from: TrainedEncoder | None = None,
    seed: int = 0,
    out: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainedEncoder:
    """Trains an encoder on songs in memory.

    Args:
        waves: [songs] arrays [any] of one song each, mono; may be none if `source` is given.
        sample_rate: theirs, Hz; resampled to the front end's rate where it differs.
        settings: of the training.
        labels: of each song, "" for none; None leaves every song unlabelled. A classifier is
            trained with them.
        pairs: names what each song sings; songs of one name are renditions of each other and pair
            up. None: each song pairs with itself.
        source: makes synthetic pairs besides.
        themes: names of the source's themes, the first labels.
        distill_from: a trained encoder, for the method `distill`.
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
            wave_in_memory(wave, sample_rate=sample_rate, wanted=rate, name=f"song {number}")
            for number, wave in enumerate(waves)
        ]
        multilabel = settings.method.multilabel
        classes = with_labels(themes, labels or (), multilabel=multilabel)
        corpus = make_corpus(
            songs, labels=labels, classes=classes, multilabel=multilabel, pairs=pairs
        )
    data = {"corpus": corpus, "source": source, "classes": classes, "distill_from": distill_from}
    if out is None:
        return train_corpus(settings, seed=seed, tell=tell, **data)
    state = train_in_folder(out, settings, seed=seed, tell=tell, **data)
    return trained_encoder(state, settings, classes)


def train_corpus(
    settings: TrainingSettings,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    probe: Probe | None = None,
    distill_from: TrainedEncoder | None = None,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainedEncoder:
    """Trains an encoder and leaves no file; see `train_in_folder`.

    Raises:
        InputError: for settings or songs that cannot train, or if the loss stops being finite.
    """
    task = encoder_task(
        settings,
        corpus=corpus,
        source=source,
        classes=classes,
        probe=probe,
        distill_from=distill_from,
        seed=seed,
    )
    return trained_encoder(run_in_memory(task, tell=tell), settings, classes)


def train_in_folder(
    run: Path,
    settings: TrainingSettings,
    *,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...] = (),
    probe: Probe | None = None,
    distill_from: TrainedEncoder | None = None,
    seed: int = 0,
    resume: bool = False,
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
    check(settings, corpus, source, classes, distill_from)
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
        seed=seed,
    )
    if resume:
        task = dataclasses.replace(task, start=as_long_as_before(task.start, read_config(run)))
    return run_in_folder(task, run, config, resume=resume, tell=tell)


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
    seed: int = 0,
) -> Task[State]:
    """An encoder's training, as the loop takes it; see `train_in_folder`.

    Raises:
        InputError: for settings or songs that cannot train.
    """
    check(settings, corpus, source, classes, distill_from)
    recipe = make_recipe(
        settings,
        len(classes),
        other_encoder=None if distill_from is None else partial(vectors, distill_from),
        vector_length=0 if distill_from is None else distill_from.settings.encoder.dimensions,
    )
    if probe is None and source is not None:
        probe = synthetic_probe(source, seed=seed)
    advance = parallel_step(recipe)
    return Task(
        steps=settings.steps,
        log_every=settings.log_every,
        checkpoint_every=settings.checkpoint_every,
        start=make_state(recipe, seed),
        place=replicate,
        advance=lambda state, batch: advance(state, shard(batch)),
        batches=lambda start: batches(
            settings,
            corpus,
            source,
            seed=seed,
            start=start,
            classes=len(classes),
            own=own_rows(settings.batch),
        ),
        export=lambda run, state: export_encoder(run, state, settings, classes),
        measure=None if probe is None else prober(settings, probe),
        measure_every=settings.probe_every,
        words=words,
        warning=lambda values: collapse(values, settings),
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


def check(
    settings: TrainingSettings,
    corpus: Corpus | None,
    source: PairSource | None,
    classes: tuple[str, ...],
    distill_from: TrainedEncoder | None,
) -> None:
    """Refuses settings that cannot train, and those that the method would not use.

    Raises:
        InputError: if so.
    """
    if corpus is None and source is None:
        raise InputError("nothing to train on: give song tables, --synthetic REPERTOIRE, or both")
    devices = jax.device_count()
    if settings.batch % devices:
        raise InputError(
            f"a batch of {settings.batch} songs cannot be split over {devices} devices"
        )
    front_end, name = settings.front_end, settings.method.name
    method = METHODS[name]
    if method.learns_from_labels and len(classes) < 2:
        found = f"one class only, '{classes[0]}'" if classes else "no labels"
        raise InputError(
            f"{name} training needs two classes; found {found} "
            "(give --label-column, or --synthetic)"
        )
    method.check(settings.method)
    if settings.views.local_views and not method.takes_local_views:
        takers = ", ".join(other for other, it in METHODS.items() if it.takes_local_views)
        raise InputError(f"views.local_views: {name} has no use of local views; {takers} have")
    refuse_unused(settings, classes=len(classes))
    if method.learns_from_encoder and distill_from is None:
        raise InputError(f"the method {name} needs a trained encoder: give --distill-from RUN")
    if distill_from is not None:
        if not method.learns_from_encoder:
            raise InputError(f"--distill-from: {name} learns from no other encoder")
        theirs = distill_from.settings.front_end
        if (theirs.sample_rate, theirs.clip_s) != (front_end.sample_rate, front_end.clip_s):
            raise InputError(
                f"--distill-from hears clips of {theirs.clip_s} s at {theirs.sample_rate} Hz, "
                f"these settings {front_end.clip_s} s at {front_end.sample_rate} Hz"
            )
    if settings.steps < 1:
        raise InputError(f"--steps {settings.steps}: expected at least 1")
    if corpus is not None:
        shortest = min(len(song) for song in corpus.songs)
        least = front_end.n_fft
        if shortest < least:
            raise InputError(
                f"a song of {shortest} samples is shorter than one window of {least} samples"
            )
        if source is None and len(corpus.songs) < 2:
            raise InputError("one song alone cannot train an encoder; expected at least 2")
    if clip_samples(front_end) < 16 * front_end.hop:
        raise InputError(f"clips of {front_end.clip_s} s are shorter than a patch")
