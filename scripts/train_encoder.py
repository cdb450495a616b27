"""chingolo train: song tables and a repertoire -> a trained encoder."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from scripts.command_line import run


@dataclass(frozen=True)
class TrainConfig:
    """Trains an encoder on song tables, on fresh synthetic songs, or on both."""

    songs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Song tables (CSV or Parquet). May be none if --synthetic is given."""

    out: Path = Path("runs/train")
    """Folder of the run: config.json, metrics.jsonl, checkpoints, encoder."""

    preset: str = "cpu"
    """Named settings; see train/presets.py."""

    steps: int | None = None
    """Optimiser steps; default: the preset's."""

    synthetic: str | None = None
    """Repertoire (name or YAML file) whose songs are generated fresh while training; two renditions
    by two birds through two recorders are a pair, and their themes serve as labels."""

    label_column: str | None = None
    """Column of the song tables to use as labels; default: labels of songs are not read."""

    seed: int = 0
    """Decides everything random."""

    resume: bool = False
    """Go on from the last checkpoint of --out."""


def command(config: TrainConfig) -> None:
    """Loads the data and trains."""
    import pandas as pd

    from synth.songs import read_song_table
    from train.data import labels, load_corpus
    from train.presets import preset as named_preset

    preset = named_preset(config.preset)
    if config.steps is not None:
        preset = dataclasses.replace(preset, steps=config.steps)
    tables = [read_song_table(path) for path in config.songs]
    source, classes = None, ()
    if config.synthetic is not None:
        source, classes = synthetic_source(config.synthetic, preset.front_end)
    corpus = None
    if tables:
        table = pd.concat(tables, ignore_index=True)
        if config.label_column is not None:
            found = {name for name in labels(table, config.label_column) if name}
            classes = (*classes, *sorted(found - set(classes)))
        print(f"reading {len(table)} songs")
        corpus = load_corpus(
            table, preset.front_end, label_column=config.label_column, classes=classes
        )

    from train.loop import train

    inputs = {
        "songs": [str(path) for path in config.songs],
        "synthetic": config.synthetic,
        "label_column": config.label_column,
        "preset": config.preset,
    }
    train(
        config.out,
        preset,
        corpus=corpus,
        source=source,
        classes=classes,
        seed=config.seed,
        resume=config.resume,
        inputs=inputs,
        report=lambda line: print(line, flush=True),
    )
    print(f"{config.out}/encoder")


def synthetic_source(name: str, front_end):
    """The pair source of a repertoire, and its themes' names.

    Raises:
        InputError: if there is no such repertoire.
    """
    from synth.notation import load_repertoire
    from synth.pairs import draw_pairs

    repertoire = load_repertoire(name)

    def source(seed: int, count: int):
        pairs = draw_pairs(
            repertoire,
            seed=seed,
            count=count,
            sample_rate=front_end.sample_rate,
            clip_s=front_end.clip_s,
        )
        return pairs.first, pairs.second, pairs.theme

    return source, tuple(repertoire.theme_names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    return run(TrainConfig, command, name="chingolo train", arguments=arguments)


if __name__ == "__main__":
    raise SystemExit(main())
