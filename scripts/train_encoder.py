"""chingolo train: song tables and a repertoire -> a trained encoder."""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from chingolo.scripts.command_line.run_command import run

if TYPE_CHECKING:
    from chingolo.train.settings.training import FrontEnd, Preset


@dataclass(frozen=True)
class TrainConfig:
    """Trains an encoder on song tables, on fresh synthetic songs, or on both."""

    songs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Song tables (CSV or Parquet). May be none if --synthetic is given."""

    out: Path = Path("runs/train")
    """Folder of the run: config.json, metrics.jsonl, checkpoints, encoder."""

    preset: str = "cpu"
    """Named settings; see train/settings/presets.py. `detector` trains a finder of songs for
    `chingolo find` on tables with start_s and end_s, on --synthetic scenes, or on both."""

    steps: int | None = None
    """Optimiser steps; default: the preset's."""

    synthetic: str | None = None
    """Repertoire (name or YAML file) whose songs are generated fresh while training; two renditions
    by two birds through two recorders are a pair, and their themes serve as labels."""

    label_column: str | None = None
    """Column of the song tables to use as labels; default: labels of songs are not read."""

    balance: bool = False
    """Draw songs so that every label is as frequent (needs --label-column)."""

    pair_column: str | None = None
    """Column that names what is sung; songs of one name pair up as renditions of one song, a row
    without a name is itself: `fitted_from` pairs recordings with their varied re-syntheses by
    `chingolo fit --copies`."""

    weights: tuple[float, ...] = ()
    """Share of the draws of each song table; default: every song as often."""

    hold_out: float = 0.0
    """Share of the songs to keep from training, whole groups at a time, for a nearest-neighbour
    probe in metrics.jsonl; the probe, and it alone, then reads --probe-column."""

    group_column: str = "individual"
    """What is held out whole; `path` for recordings."""

    probe_column: str = "label"
    """What neighbours of the probe should share."""

    teacher: Path | None = None
    """Trained run whose vectors a smaller student learns (with --set method.name=distill)."""

    set: tuple[str, ...] = ()
    """Single settings to change in the preset, such as method.name=simclr encoder.size=small."""

    coordinator: str | None = None
    """Address host:port of the first of several hosts (jax.distributed); default: one host."""

    hosts: int = 1
    """Number of hosts."""

    host: int = 0
    """Number of this host."""

    seed: int = 0
    """Decides everything random."""

    resume: bool = False
    """Go on from the last checkpoint of --out."""


def command(config: TrainConfig) -> None:
    """Loads the data and trains."""
    from chingolo.train.detector.settings import DETECTOR_PRESETS
    from chingolo.train.settings.presets import preset as named_preset
    from chingolo.train.settings.training import change

    if config.preset in DETECTOR_PRESETS:
        train_detector(config)
        return
    preset = change(named_preset(config.preset), config.set)
    if config.steps is not None:
        preset = dataclasses.replace(preset, steps=config.steps)
    if config.coordinator is not None:
        from chingolo.train.parallel import join_hosts

        join_hosts(config.coordinator, config.hosts, config.host)
    source, classes, synthetic = None, (), None
    if config.synthetic is not None:
        from chingolo.synth.score.repertoire_file import load_repertoire

        synthetic = fingerprint(repr(load_repertoire(config.synthetic)).encode())
        source, classes = synthetic_source(config.synthetic, preset.front_end)
    corpus, probe, classes = recorded(config, preset, classes)
    distilled = None
    if config.teacher is not None:
        from chingolo.train.run.trained_encoder import load_encoder

        distilled = load_encoder(config.teacher)

    from chingolo.train.run.loop import train

    train(
        config.out,
        preset,
        corpus=corpus,
        source=source,
        classes=classes,
        probe=probe,
        distilled=distilled,
        seed=config.seed,
        resume=config.resume,
        inputs={
            "songs": [str(path) for path in config.songs],
            # a run is resumed on the same songs alone
            "song_tables": [fingerprint(path.read_bytes()) for path in config.songs],
            "repertoire": synthetic,
            **{
                name: getattr(config, name)
                for name in ("synthetic", "label_column", "balance", "pair_column", "preset")
            },
            "weights": list(config.weights),
            "hold_out": config.hold_out,
        },
        tell=lambda line: print(line, flush=True),
    )
    print(f"{config.out}/encoder")


def fingerprint(content: bytes) -> str:
    """A short text that differs for different contents."""
    return hashlib.sha256(content).hexdigest()[:16]


def train_detector(config: TrainConfig) -> None:
    """Trains a detector in place of an encoder.

    Raises:
        InputError: for data that cannot be used, or options that only an encoder has.
    """
    from chingolo.synth.tables.files import InputError
    from chingolo.train.detector.settings import DETECTOR_PRESETS
    from chingolo.train.settings.training import change

    detectors = {"songs", "out", "preset", "steps", "synthetic", "set", "seed", "resume"}
    for field in dataclasses.fields(config):
        if field.name not in detectors and getattr(config, field.name) != field.default:
            option = "--" + field.name.replace("_", "-")
            raise InputError(
                f"{option} is for encoders; the preset {config.preset} has no use of it"
            )
    preset = change(DETECTOR_PRESETS[config.preset], config.set)
    if config.steps is not None:
        preset = dataclasses.replace(preset, steps=config.steps)

    import pandas as pd

    from chingolo.synth.score.repertoire_file import load_repertoire
    from chingolo.synth.tables.song_table import read_song_table
    from chingolo.train.detector.examples import recorded_source, synthetic_source
    from chingolo.train.detector.train_detector import train_detector

    sources, species = [], set()
    if config.synthetic is not None:
        repertoire = load_repertoire(config.synthetic)
        species.add(repertoire.species)
        sources.append(synthetic_source(repertoire, preset))
    if config.songs:
        table = pd.concat([read_song_table(path) for path in config.songs], ignore_index=True)
        sources.append(recorded_source(table, preset))
        species |= set(table.get("species", pd.Series(dtype=str))) - {""}
    if len(species) > 1:
        raise InputError(f"a detector finds one species; given are {', '.join(sorted(species))}")
    print("making the first scenes", flush=True)
    file = train_detector(
        config.out,
        preset,
        sources,
        species=species.pop() if species else "",
        seed=config.seed,
        resume=config.resume,
        inputs={"songs": [str(path) for path in config.songs], "synthetic": config.synthetic},
        tell=lambda line: print(line, flush=True),
    )
    print(file)


def recorded(config: TrainConfig, preset: "Preset", classes: tuple[str, ...]):
    """The song tables' corpus, a probe of the songs held out, and the classes with their labels.

    Raises:
        InputError: for tables or columns that cannot be used.
    """
    import numpy as np
    import pandas as pd

    from chingolo.synth.tables.files import InputError
    from chingolo.synth.tables.song_table import read_song_table
    from chingolo.train.data.corpus import balanced_weight, labels, load_corpus, split_by_group
    from chingolo.train.run.probe import make_probe

    if not config.songs:
        return None, None, classes
    if config.weights and len(config.weights) != len(config.songs):
        raise InputError(
            f"--weights: {len(config.weights)} given for {len(config.songs)} song tables"
        )
    tables = [read_song_table(path) for path in config.songs]
    table = pd.concat(tables, ignore_index=True)
    weight = None
    if config.weights:
        shares = zip(config.weights, tables, strict=True)
        weight = np.concatenate([np.full(len(rows), share / len(rows)) for share, rows in shares])
    if config.label_column is not None:
        found = labels(table, config.label_column)
        parts = {part for name in found for part in name.split("+")}
        known = parts if preset.method.multilabel else set(found)
        classes = (*classes, *sorted(known - {"", *classes}))
        if config.balance:
            weight = balanced_weight(found) * (1.0 if weight is None else weight)
    elif config.balance:
        raise InputError("--balance needs --label-column")
    held, groups, shown = np.zeros(len(table), bool), [], []
    if config.hold_out > 0:
        groups = labels(table, config.group_column)
        shown = labels(table, config.probe_column)
        held = split_by_group(groups, config.hold_out, config.seed)
    print(f"reading {len(table)} songs", flush=True)
    whole = load_corpus(
        table,
        preset.front_end,
        label_column=config.label_column,
        classes=classes,
        multilabel=preset.method.multilabel,
        pair_column=config.pair_column,
        weight=weight,
    )
    probe = None
    if held.any():
        rows = np.flatnonzero(held)
        probe = make_probe(
            [whole.songs[i] for i in rows],
            [shown[i] for i in rows],
            [groups[i] for i in rows],
            preset.front_end,
            seed=config.seed,
        )
        print(f"holding out {len(rows)} songs of {len({groups[i] for i in rows})} groups")
    return whole.choose(np.flatnonzero(~held)), probe, classes


def synthetic_source(name: str, front_end: "FrontEnd"):
    """The pair source of a repertoire, and its themes' names.

    Raises:
        InputError: if there is no such repertoire.
    """
    from chingolo.synth.recorder.recorders import recorder_set
    from chingolo.synth.score.repertoire_file import load_repertoire
    from chingolo.synth.surrogates.pairs import draw_pairs

    repertoire = load_repertoire(name)

    def source(seed: int, count: int):
        pairs = draw_pairs(
            repertoire,
            seed=seed,
            count=count,
            sample_rate=front_end.sample_rate,
            clip_s=front_end.clip_s,
            recorders=recorder_set("field-1"),
        )
        return pairs.first, pairs.second, pairs.theme

    return source, tuple(repertoire.theme_names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    return run(TrainConfig, command, name="chingolo train", arguments=arguments)


if __name__ == "__main__":
    raise SystemExit(main())
