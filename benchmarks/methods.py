"""Do the methods learn? One hard generated corpus, every method, ordinary and physics views.

`make bench-methods` prints a table: accuracy of the nearest neighbour and of a linear classifier,
agreement (adjusted Rand index) of HDBSCAN's and k-means' clusters with the themes, and effective
rank, all on songs of birds that no training saw. The corpus is 800 unlabelled songs of 24 birds for
training and 320 of 12 others for the test, through mixed recorders at 0-20 dB SNR.
"""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import hdbscan
import jax
import numpy as np
import tyro
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from scripts.train_encoder import synthetic_source
from synth.channel import random_channel, through_channel
from synth.gestures import song_gesture
from synth.notation import load_repertoire
from synth.recorders import RECORDERS
from synth.render import render
from synth.syrinx import BIRDS
from synth.variation import Singer, vary
from train.checkpoint import TrainedEncoder, apply_encoder, load_encoder
from train.data import Corpus, fit_clip
from train.frontend import above_noise, log_mel
from train.loop import train
from train.presets import PRESETS, FrontEnd, Preset, change
from train.probe import effective_rank, neighbour_accuracy
from train.state import make_recipe, make_state

REPERTOIRE = Path(__file__).parent / "hard_repertoire.yaml"
"""Ten themes, of which eight come in pairs that differ only in their last element."""

METHODS = {
    "dino": (),
    "dino, KoLeo 0": ("method.koleo=0",),
    "dino, centring": ("method.target=centre",),
    "dino, local crops": ("views.local_views=2",),
    "dino, vit": ("encoder.kind=vit",),
    "msn": ("method.name=msn",),
    "byol": ("method.name=byol",),
    "simclr": ("method.name=simclr",),
    "vicreg": ("method.name=vicreg",),
    "autoencoder": ("method.name=autoencoder",),
}


@dataclass(frozen=True)
class BenchConfig:
    """Compares the training methods on one hard generated corpus."""

    steps: int = 300
    """Steps of each run."""

    methods: tuple[str, ...] = ("untrained", *METHODS, "dino + labels", "supervised")
    """Rows of the table; `dino + labels` has those of other synthetic songs of the same themes,
    `supervised` those of the training songs."""

    views: tuple[str, ...] = ("ordinary", "physics")
    """Kinds of pairs: a recording twice, or fresh pairs from the generator."""

    seeds: int = 1
    """Runs of each row; the table gives their mean."""

    set: tuple[str, ...] = ()
    """Settings changed in the preset for every row, as in `chingolo train --set`."""

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
    bird = BIRDS[repertoire.bird]
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
            random_channel(random, tuple(RECORDERS)), snr=float(random.uniform(0, 20))
        )
        placed = fit_clip(wave, samples, float(random.random()))
        clips.append(through_channel(placed, channel, sample_rate=rate, random=random))
    return Songs(np.stack(clips), theme.astype(np.int32), singers)


def figures(train_z: np.ndarray, train_theme: np.ndarray, test_z: np.ndarray, test: Songs) -> dict:
    """What the table says of vectors of the training and the test songs."""
    scaler = StandardScaler().fit(train_z)
    linear = LogisticRegression(max_iter=2000).fit(scaler.transform(train_z), train_theme)
    clusters = hdbscan.HDBSCAN(min_cluster_size=8, approx_min_span_tree=False).fit_predict(test_z)
    themes = len(np.unique(test.theme))
    means = KMeans(themes, n_init=10, random_state=0).fit_predict(test_z)  # type: ignore[arg-type]
    return {
        "kNN": neighbour_accuracy(test_z, test.theme, test.bird),
        "linear": float(linear.score(scaler.transform(test_z), test.theme)),
        "HDBSCAN": float(adjusted_rand_score(test.theme, clusters)),
        "k-means": float(adjusted_rand_score(test.theme, means)),
        "rank": effective_rank(test_z),
    }


def in_batches(function: Callable, clips: np.ndarray) -> np.ndarray:
    """Applies a jitted function to 80 clips at a time; vectors come out with length 1."""
    forward = jax.jit(function)
    parts = [np.asarray(forward(clips[i : i + 80])) for i in range(0, len(clips), 80)]
    z = np.concatenate(parts).reshape(len(clips), -1)
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def raw(front_end: FrontEnd) -> Callable:
    """Flattened log-mel clips, averaged over 8 frames and 2 bands."""

    def spectrogram(clips: jax.Array) -> jax.Array:
        clean = above_noise(log_mel(clips, front_end), front_end)
        songs, frames, bands = clean.shape
        whole = clean[:, : frames // 8 * 8]
        return whole.reshape(songs, frames // 8, 8, bands // 2, 2).mean(axis=(2, 4))

    return spectrogram


def untrained(preset: Preset, seed: int) -> TrainedEncoder:
    """The encoder before its first step."""
    state = make_state(make_recipe(preset, 0), seed)
    # the scale of the input is no learning: typical values of the corpus
    return TrainedEncoder(preset, (), {"encoder": state.params["encoder"]}, 0.7, 1.2, "")


def trained(
    preset: Preset, seed: int, songs: Songs, *, views: str, helper: bool, supervised: bool
) -> tuple[TrainedEncoder, float]:
    """Trains one encoder; returns it and the seconds it took."""
    source, themes = synthetic_source(str(REPERTOIRE), preset.front_end)
    label = songs.theme if supervised else np.full(len(songs.theme), -1, np.int32)
    corpus = Corpus(songs=list(songs.clips), label=label)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        train(
            run,
            replace(preset, probe_every=10**9, checkpoint_every=10**9),
            corpus=corpus,
            source=source if views == "physics" else None,
            classes=themes if helper or supervised else (),
            seed=seed,
            report=lambda line: None,
        )
        return load_encoder(run), time.monotonic() - began


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark and prints the table as it grows."""
    config = tyro.cli(BenchConfig, args=arguments, prog="bench-methods")
    base = change(replace(PRESETS["cpu"], steps=config.steps), config.set)
    songs = sing(base.front_end, birds=range(24), count=800, seed=1)
    test = sing(base.front_end, birds=range(100, 112), count=320, seed=2)
    config.out.parent.mkdir(parents=True, exist_ok=True)
    columns = ("kNN", "linear", "HDBSCAN", "k-means", "rank", "seconds")
    print(f"{'':34}" + "".join(f"{name:>9}" for name in columns), flush=True)

    def row(name: str, found: list[dict]) -> None:
        mean = {key: float(np.mean([run[key] for run in found])) for key in columns}
        print(f"{name:34}" + "".join(f"{mean[key]:9.2f}" for key in columns), flush=True)
        with config.out.open("a") as file:
            for seed, run in enumerate(found):
                line = {"row": name, "seed": seed, "steps": config.steps, "set": config.set, **run}
                file.write(json.dumps(line) + "\n")

    def measure(function: Callable, seconds: float) -> dict:
        z = [in_batches(function, part.clips) for part in (songs, test)]
        return {**figures(z[0], songs.theme, z[1], test), "seconds": seconds}

    row("raw log-mel", [measure(raw(base.front_end), 0.0)])
    for name in config.methods:
        settings = METHODS.get(name, ())
        preset = change(base, settings)
        if name == "untrained":
            found = [untrained(preset, seed) for seed in range(config.seeds)]
            row(name, [measure(lambda x, e=e: apply_encoder(e, x)[0], 0.0) for e in found])
            continue
        helper, supervised = name == "dino + labels", name == "supervised"
        if supervised:
            preset = change(preset, ("method.name=supervised",))
        kinds = ("physics",) if helper else ("ordinary",) if supervised else config.views
        for views in kinds:
            run = partial(
                trained, preset, songs=songs, views=views, helper=helper, supervised=supervised
            )
            done = [run(seed) for seed in range(config.seeds)]
            row(
                f"{name}, {views}",
                [measure(lambda x, e=e: apply_encoder(e, x)[0], took) for e, took in done],
            )


if __name__ == "__main__":
    main()
