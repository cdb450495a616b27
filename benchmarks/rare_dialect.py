"""A dialect known from five songs: does the instrument help a classifier to hear it?

Of the songs of `benchmarks.methods`, with their labels, one theme is cut to five. A classifier is
trained on them alone, and on them together with fresh synthetic songs of the repertoire, for equal
steps; both then name the songs of birds that neither has heard. The synthetic songs come from the
generator that also made the songs of the test, so the gain is the most that the instrument can
give, not what a sketch of a real dialect will.
"""

from dataclasses import dataclass, replace

import jax
import numpy as np
import tyro
from sklearn.metrics import f1_score

from benchmarks.methods import Songs, Task, hard_pairs, sing, trained
from chingolo.train.data.corpus import Corpus
from chingolo.train.run.trained_encoder import TrainedEncoder, apply_encoder
from chingolo.train.settings.change import change
from chingolo.train.settings.registry import PRESETS

KEPT = 5
"""Songs of the rare theme."""


@dataclass(frozen=True)
class RareConfig:
    """Macro-F1 over all themes, and F1 of the rare one, with synthetic songs against without."""

    steps: int = 250
    """Steps of each run."""

    seeds: int = 5
    """Runs; another theme is rare in each."""

    set: tuple[str, ...] = ("batch=32",)
    """Settings changed, as in `chingolo train --set`."""


def cut(songs: Songs, theme: int, seed: int) -> Songs:
    """The songs, of which those of one theme are cut to `KEPT`, of as many birds as there are."""
    of_theme = np.random.default_rng((seed, 31)).permutation(np.flatnonzero(songs.theme == theme))
    _, first = np.unique(songs.bird[of_theme], return_index=True)
    order = np.concatenate([np.sort(first), np.setdiff1d(np.arange(len(of_theme)), first)])
    kept = np.concatenate([np.flatnonzero(songs.theme != theme), of_theme[order[:KEPT]]])
    return Songs(songs.clips[kept], songs.theme[kept], songs.bird[kept])


def named(encoder: TrainedEncoder, clips: np.ndarray) -> np.ndarray:
    """Index of the most probable class of each clip."""
    forward = jax.jit(lambda x: apply_encoder(encoder, x)[1])
    parts = [np.asarray(forward(clips[i : i + 80])) for i in range(0, len(clips), 80)]
    return np.concatenate(parts).argmax(axis=1)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    config = tyro.cli(RareConfig, args=arguments, prog="bench-rare")
    settings = change(PRESETS["dialect-classifier"], config.set)
    settings = replace(settings, steps=config.steps)
    songs = sing(settings.front_end, birds=range(24), count=800, seed=1)
    test = sing(settings.front_end, birds=range(100, 112), count=320, seed=2)
    source, themes = hard_pairs(settings.front_end)
    print(
        f"{'rare theme':18}{'synthetic':>11}{'macro-F1':>10}{'its F1':>8}{'CPU s':>7}", flush=True
    )
    for seed in range(config.seeds):
        rare = (2 * seed) % len(themes)
        few = cut(songs, rare, seed)
        corpus = Corpus(list(few.clips), few.theme)
        for kind, pairs in (("without", None), ("with", source)):
            encoder, seconds = trained(Task(settings, corpus, pairs, themes), seed)
            found = named(encoder, test.clips)
            f1 = np.asarray(f1_score(test.theme, found, average=None))  # type: ignore[arg-type]
            print(
                f"{themes[rare]:18}{kind:>11}{f1.mean():10.3f}{f1[rare]:8.3f}{seconds:7.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
