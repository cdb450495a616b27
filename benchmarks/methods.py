"""Do the methods learn? One hard generated corpus, every method, ordinary and physics views.

`make bench-methods` prints a table: accuracy of the nearest neighbour and of a linear classifier,
agreement (adjusted Rand index) with the themes of HDBSCAN's clusters (as `compare` fits them) and
of k-means', and effective rank, all on songs of birds that no training saw. The corpus is 800
unlabelled songs of 24 birds for training and 320 of 12 others for the test, through mixed recorders
at 0-20 dB SNR.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from chingolo.analysis.space.cluster import fit_clusters
from chingolo.command_line.large_pages import restart_with_large_pages
from chingolo.synth.recorder.channel import random_channel, through_channel
from chingolo.synth.recorder.recorders import recorder_set
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import Singer, vary
from chingolo.synth.spectra.clip import clip_of
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise
from chingolo.synth.voice.render import render
from chingolo.train.data.batches import PairSource, batches
from chingolo.train.data.corpus import Corpus
from chingolo.train.data.synthetic_pairs import pair_source
from chingolo.train.objective.losses import effective_rank
from chingolo.train.parallel import parallel_step, replicate, shard
from chingolo.train.run.probe import neighbour_accuracy
from chingolo.train.run.train_encoder import train_corpus
from chingolo.train.run.trained_encoder import TrainedEncoder, compiled_encoder
from chingolo.train.settings.change import change
from chingolo.train.settings.registry import PRESETS
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import make_recipe, make_state

REPERTOIRE = Path(__file__).parent / "hard_repertoire.yaml"
"""Ten themes, of which eight come in pairs that differ only in their last element."""

METHODS = {
    "dino": (),
    "dino, KoLeo 0": ("method.koleo=0",),
    "dino, centring": ("method.assignment=centre",),
    "dino, local crops": ("views.local_views=2",),
    "dino, vit": ("encoder.kind=vit",),
    "msn": ("method.name=msn",),
    "byol": ("method.name=byol",),
    "simclr": ("method.name=simclr",),
    "vicreg": ("method.name=vicreg",),
    "autoencoder": ("method.name=autoencoder",),
}

TRIAL_STEPS = 28
"""Steps that tell what a step costs; the first four fill the pool and warm up."""


@dataclass(frozen=True)
class BenchConfig:
    """Compares the training methods on one hard generated corpus."""

    cpu_minutes: float = 4.5
    """Processor time of each run, all threads together, from which its number of steps follows: a
    row that draws fresh songs pays for them. 4.5 are about 3 minutes on two idle cores."""

    methods: tuple[str, ...] = ("untrained", *METHODS, "dino + labels", "supervised")
    """Rows of the table; `dino + labels` has those of other synthetic songs of the same themes,
    `supervised` those of the training songs."""

    views: tuple[str, ...] = ("ordinary", "physics")
    """Kinds of pairs: a training song twice, or beside it fresh pairs from the generator."""

    seeds: int = 1
    """Runs of each row; the table gives their mean."""

    set: tuple[str, ...] = ()
    """Settings changed in those of `cpu` for every row, as in `chingolo train --set`."""

    out: Path = Path("runs/bench-methods.jsonl")
    """Every run's figures, one line each."""


@dataclass(frozen=True)
class Songs:
    """Songs with what only the evaluation may know."""

    clips: np.ndarray
    theme: np.ndarray
    bird: np.ndarray


def sing(front_end: FrontEnd, *, birds: range, count: int, seed: int) -> Songs:
    """Songs of some birds, each through a recorder of its own at 0-20 dB SNR.

    Args:
        front_end: gives rate and clip length.
        birds: numbers of the birds.
        count: number of songs.
        seed: of all draws.
    """
    repertoire = load_repertoire(REPERTOIRE)
    random = np.random.default_rng((seed, 21))
    bird = repertoire.singer
    # every bird sings four themes; every theme is sung by several birds
    themes = len(repertoire.themes)
    sung = {number: np.arange(number, number + 12, 3) % themes for number in birds}
    singers = random.choice(np.array(birds), count)
    theme = np.array([random.choice(sung[number]) for number in singers])
    gestures = []
    for index, (number, kind) in enumerate(zip(singers.tolist(), theme.tolist(), strict=True)):
        singer = Singer(site=str(number % 4), individual=str(number))
        song = vary(repertoire.themes[kind], repertoire, singer=singer, rendition=index, seed=1000)
        gestures.append(song_gesture(song, bird))
    rate = front_end.sample_rate
    samples = round(front_end.clip_s * rate)
    clips = []
    for wave in render(gestures, bird, engine="wavetable", sample_rate=rate):
        channel = replace(
            random_channel(random, recorder_set("field-1")), snr=float(random.uniform(0, 20))
        )
        placed = clip_of(wave, samples, float(random.random()))[0]
        clips.append(through_channel(placed, channel, sample_rate=rate, random=random))
    return Songs(np.stack(clips), theme.astype(np.int32), singers)


def figures(train_z: np.ndarray, train_theme: np.ndarray, test_z: np.ndarray, test: Songs) -> dict:
    """What the table says of vectors of the training and the test songs."""
    scaler = StandardScaler().fit(train_z)
    linear = LogisticRegression(max_iter=2000).fit(scaler.transform(train_z), train_theme)
    clusters = fit_clusters(test_z)
    themes = len(np.unique(test.theme))
    means = KMeans(themes, n_init=10, random_state=0).fit_predict(test_z)  # type: ignore[arg-type]
    return {
        "kNN": neighbour_accuracy(test_z, test.theme, test.bird),
        "linear": float(linear.score(scaler.transform(test_z), test.theme)),
        "HDBSCAN": float(adjusted_rand_score(test.theme, clusters.assignment)),
        "k-means": float(adjusted_rand_score(test.theme, means)),
        "rank": float(effective_rank(jnp.asarray(test_z))),
    }


def in_batches(function: Callable, clips: np.ndarray) -> np.ndarray:
    """Applies a function to 80 clips at a time; [clips, values]."""
    parts = [np.asarray(function(clips[i : i + 80])) for i in range(0, len(clips), 80)]
    return np.concatenate(parts).reshape(len(clips), -1)


def unit(z: np.ndarray) -> np.ndarray:
    """Vectors [clips, dimensions] with length 1."""
    return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)


def embedding(encoder: TrainedEncoder, clips: np.ndarray) -> np.ndarray:
    """Latent vectors of length 1 of clips [clips, samples]."""
    forward = partial(
        compiled_encoder(encoder.settings),
        encoder.params["encoder"],
        encoder.mean,
        encoder.variance,
    )
    return unit(in_batches(forward, clips))


def raw(front_end: FrontEnd) -> Callable:
    """Flattened log-mel clips, averaged over 8 frames and 2 bands."""

    @jax.jit
    def spectrogram(clips: jax.Array) -> jax.Array:
        clean = above_noise(log_mel(clips, front_end), front_end)
        songs, frames, bands = clean.shape
        whole = clean[:, : frames // 8 * 8]
        return whole.reshape(songs, frames // 8, 8, bands // 2, 2).mean(axis=(2, 4))

    return spectrogram


def untrained(settings: TrainingSettings, seed: int) -> TrainedEncoder:
    """The encoder before its first step."""
    state = make_state(make_recipe(settings, 0), seed)
    # the scale of the input is no learning: typical values of the corpus
    return TrainedEncoder(settings, (), {"encoder": state.params["encoder"]}, 0.7, 1.2, "")


@dataclass(frozen=True)
class Task:
    """One row of the table: settings and what it is trained on."""

    settings: TrainingSettings
    corpus: Corpus
    source: PairSource | None
    classes: tuple[str, ...]

    @property
    def seen(self) -> str:
        """What the training hears, in words."""
        fresh = 0
        if self.source is not None:
            share = round(self.settings.batch * self.settings.synthetic_share)
            fresh = (
                2
                * share
                * (self.settings.pool + (self.settings.steps - 1) // self.settings.renew_every)
            )
        known = (
            "labels of " + ("the fresh" if fresh else "the 800") if self.classes else "no labels"
        )
        return f"800 songs{f' + {fresh} fresh' if fresh else ''}, {known}"


def hard_pairs(front_end: FrontEnd) -> tuple[PairSource, tuple[str, ...]]:
    """Fresh pairs of the repertoire, and its themes' names."""
    repertoire = load_repertoire(REPERTOIRE)
    source = pair_source(repertoire, recorder_set("field-1"), front_end)
    return source, tuple(repertoire.theme_names)


def make_task(
    settings: TrainingSettings, songs: Songs, *, views: str, helper: bool, supervised: bool
) -> Task:
    """The task of a row; only `supervised` reads the training songs' themes."""
    source, themes = hard_pairs(settings.front_end)
    label = songs.theme if supervised else np.full(len(songs.theme), -1, np.int32)
    return Task(
        settings,
        Corpus(songs=list(songs.clips), label=label),
        source if views == "physics" else None,
        themes if helper or supervised else (),
    )


def cost_of_step(task: Task) -> float:
    """Processor seconds of a step, the drawing of its songs included."""
    settings = replace(task.settings, steps=TRIAL_STEPS)
    recipe = make_recipe(settings, len(task.classes))
    advance, state = parallel_step(recipe), replicate(make_state(recipe, 0))
    stream = batches(settings, task.corpus, task.source, seed=0, start=0, classes=len(task.classes))
    began = 0.0
    for number, batch in enumerate(stream):
        if number == 4:
            jax.block_until_ready(state)
            began = time.process_time()
        state, _ = advance(state, shard(batch))
    jax.block_until_ready(state)
    return (time.process_time() - began) / (TRIAL_STEPS - 4)


def trained(task: Task, seed: int) -> tuple[TrainedEncoder, float]:
    """Trains one encoder; returns it and the processor seconds it took, compilation included."""
    began = time.process_time()
    encoder = train_corpus(
        replace(task.settings, probe_every=10**9),
        corpus=task.corpus,
        source=task.source,
        classes=task.classes,
        seed=seed,
    )
    return encoder, time.process_time() - began


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark and prints the table as it grows."""
    config = tyro.cli(BenchConfig, args=arguments, prog="bench-methods")
    base = change(PRESETS["cpu"], config.set)
    songs = sing(base.front_end, birds=range(24), count=800, seed=1)
    test = sing(base.front_end, birds=range(100, 112), count=320, seed=2)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    columns = ("kNN", "linear", "HDBSCAN", "k-means", "rank", "CPU s", "steps")
    print(f"{'':30}" + "".join(f"{name:>9}" for name in columns) + "  trained on", flush=True)

    def row(name: str, found: list[dict], seen: str) -> None:
        mean = {key: float(np.mean([run[key] for run in found])) for key in columns}
        print(
            f"{name:30}"
            + "".join(f"{mean[key]:9.2f}" for key in columns[:5])
            + "".join(f"{mean[key]:9.0f}" for key in columns[5:])
            + f"  {seen}",
            flush=True,
        )
        with config.out.open("a") as file:
            for seed, run in enumerate(found):
                line = {"row": name, "seed": seed, "seen": seen, "set": config.set, **run}
                file.write(json.dumps(line) + "\n")

    def measure(embed: Callable[[np.ndarray], np.ndarray], seconds: float, steps: int) -> dict:
        found = figures(embed(songs.clips), songs.theme, embed(test.clips), test)
        return found | {"CPU s": seconds, "steps": steps}

    flat = raw(base.front_end)
    row("raw log-mel", [measure(lambda x: unit(in_batches(flat, x)), 0.0, 0)], "nothing")
    for name in config.methods:
        settings = change(base, METHODS.get(name, ()))
        if name == "untrained":
            found = [untrained(settings, seed) for seed in range(config.seeds)]
            row(name, [measure(partial(embedding, e), 0.0, 0) for e in found], "nothing")
            continue
        helper, supervised = name == "dino + labels", name == "supervised"
        if supervised:
            settings = change(settings, ("method.name=supervised",))
        kinds = ("physics",) if helper else ("ordinary",) if supervised else config.views
        for views in kinds:
            task = make_task(settings, songs, views=views, helper=helper, supervised=supervised)
            steps = max(1, round(60 * config.cpu_minutes / cost_of_step(task)))
            task = replace(task, settings=replace(settings, steps=steps))
            done = [trained(task, seed) for seed in range(config.seeds)]
            row(
                f"{name}, {views}",
                [measure(partial(embedding, e), took, steps) for e, took in done],
                task.seen,
            )


if __name__ == "__main__":
    restart_with_large_pages()  # a step costs what it costs in `chingolo train`
    main()
