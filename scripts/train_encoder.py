"""chingolo train: song tables and a repertoire -> a trained encoder."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from chingolo.command_line.command import Command
from chingolo.synth.recorder.recorders import RECORDER_SETS
from chingolo.synth.score.shipped_repertoires import REPERTOIRES
from chingolo.synth.tables.bounds import Bounds, option
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.settings.registry import HEARD_THROUGH, PRESETS, UNMEASURED


@dataclass(frozen=True)
class TrainConfig:
    """Trains an encoder on song tables, on fresh synthetic songs, or on both."""

    songs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Song tables (CSV or Parquet). May be none if --synthetic is given."""

    out: Path = Path("runs/train")
    """Folder of the run: config.json, metrics.jsonl, checkpoints, encoder."""

    preset: Annotated[
        str,
        tyro.conf.arg(
            help=f"Named settings: {PRESETS.names()}. Neither time nor score of "
            f"{' and '.join(UNMEASURED)} was ever measured."
        ),
    ] = "cpu"

    steps: Annotated[int | None, Bounds(1)] = None
    """Optimiser steps; default: the preset's."""

    synthetic: Annotated[
        str | None,
        tyro.conf.arg(
            help=f"Repertoire ({REPERTOIRES.names()}, or a YAML file) whose songs are generated "
            "fresh while training; two renditions by two birds through two recorders are a pair, "
            "and their themes serve as labels."
        ),
    ] = None

    recorders: Annotated[
        str | None,
        tyro.conf.arg(
            help="Set of recorders that --synthetic songs are heard through: "
            f"{RECORDER_SETS.names()} (default field-1)."
        ),
    ] = None

    heard_through: Annotated[int, Bounds(0)] = HEARD_THROUGH
    """Random recorders that each recorded song is also heard through, so that the encoder learns
    to overlook recorders; 0 for none."""

    label_column: str | None = None
    """Column of the song tables to use as labels; default: labels of songs are not read."""

    balance: bool = False
    """Draw songs so that every label is as frequent (needs --label-column)."""

    pair_column: str | None = None
    """Column that names what is sung; songs of one name pair up as renditions of one song, a row
    without a name is itself: `fitted_from` pairs recordings with their varied re-syntheses by
    `chingolo fit --copies`."""

    weights: Annotated[tuple[float, ...], Bounds(0)] = ()
    """Share of the draws of each song table; default: every song as often."""

    hold_out: Annotated[float, Bounds(0, 1)] = 0.0
    """Share of the songs to keep from training, whole groups at a time, for a nearest-neighbour
    probe in metrics.jsonl; the probe, and it alone, then reads --probe-column."""

    group_column: str = "individual"
    """What is held out whole, with its re-syntheses (`fitted_from`); `path` for recordings. A song
    without a value goes with its recording."""

    probe_column: str = "label"
    """What neighbours of the probe should share."""

    strict: bool = False
    """Stop at the first song that cannot be read or is shorter than one window of the front end;
    default: such songs are left out, and told."""

    begin_with: Annotated[
        str | None,
        tyro.conf.arg(
            name="from",
            help="Encoder whose weights, architecture and front end the training begins with: "
            "songbird, or a run. Whether it gained anything on it is told at the end, where songs "
            "are held out.",
        ),
    ] = None

    frozen: bool = False
    """Keep the encoder of --from as it is: a classifier of the labels alone is trained on it."""

    distill_from: Annotated[Path | None, tyro.conf.arg(aliases=["--teacher"])] = None
    """Trained run whose vectors a smaller student learns (with --set method.name=distill)."""

    set: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            help="Single settings to change in the preset, such as encoder.size=small; method.name "
            f"is one of {METHODS.names()}, encoder.kind one of {ENCODERS.names()}."
        ),
    ] = ()

    workers: Annotated[int | None, Bounds(0, 256)] = None
    """Processes that sing --synthetic songs beside the training; their number changes nothing of
    what is trained. Default: none on CPU, which the training needs itself, else all cores but one,
    at most 8."""

    coordinator: str | None = None
    """Address host:port of the first of several hosts (jax.distributed); default: one host."""

    hosts: Annotated[int, Bounds(1, 65_536)] = 1
    """Number of hosts."""

    host: Annotated[int, Bounds(0)] = 0
    """Number of this host."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Decides everything random."""

    resume: bool = False
    """Go on from the last checkpoint of --out."""


def command(config: TrainConfig) -> None:
    """Loads the data and trains."""
    from chingolo.synth.recorder.recorders import recorder_set
    from chingolo.synth.score.repertoire_file import load_repertoire
    from chingolo.synth.surrogates.pairs import content_of_pairs
    from chingolo.synth.tables.content import content_hash
    from chingolo.synth.tables.files import InputError
    from chingolo.train.data.copies import content_of_copies
    from chingolo.train.data.read_songs import TableOptions, content_of_tables, read_songs
    from chingolo.train.data.synthetic_pairs import pair_source
    from chingolo.train.run.config import refuse_folder
    from chingolo.train.settings.change import change, with_steps

    if config.preset == "detector":
        raise InputError("a detector is trained by `chingolo train-detector`")
    _refuse_idle(config)
    refuse_folder(config.out, resume=config.resume)
    if config.coordinator is not None:  # before an encoder is loaded, which begins jax
        from chingolo.train.parallel import join_hosts

        join_hosts(config.coordinator, config.hosts, config.host)
    settings, begin_with = PRESETS.named(config.preset), None
    if config.begin_with is not None:
        from chingolo.train.run.begin_with import settings_with
        from chingolo.train.run.trained_encoder import load_encoder

        begin_with = load_encoder(config.begin_with)
        settings = settings_with(settings, begin_with)
    settings = change(settings, with_steps(config.set, config.steps))
    settings = dataclasses.replace(settings, frozen_encoder=config.frozen)
    source, classes, recorders, contents = None, (), config.recorders, (None, None)
    if config.synthetic is not None:
        recorders = recorders or "field-1"
        repertoire, machines = load_repertoire(config.synthetic), recorder_set(recorders)
        source = pair_source(repertoire, machines, settings.front_end, strict=not config.resume)
        classes = tuple(repertoire.theme_names)
        contents = content_hash(repertoire), content_of_pairs(repertoire, machines)
    elif config.workers is not None:
        raise InputError(f"--workers {config.workers}: they sing --synthetic songs alone")
    elif recorders is not None:
        raise InputError(f"--recorders {recorders}: only --synthetic songs draw from a set")
    options = TableOptions(
        **{field.name: getattr(config, field.name) for field in dataclasses.fields(TableOptions)}
    )
    if not config.songs and options != TableOptions():
        unused = next(
            field.name
            for field in dataclasses.fields(options)
            if getattr(options, field.name) != field.default
        )
        raise InputError(f"--{unused.replace('_', '-')} is for song tables, and none is given")

    from chingolo.train.parallel import spare_cores
    from chingolo.train.run.probe import make_probe
    from chingolo.train.run.train_encoder import train_in_folder
    from chingolo.train.run.trained_encoder import load_encoder

    method = METHODS[settings.method.name]
    if method.learns_from_labels and config.label_column is None and config.synthetic is None:
        raise InputError(
            f"{method.name} training needs two classes: give --label-column, or --synthetic"
        )
    tell(f"{method.name}: {method.title} ({method.source})")
    if config.preset in UNMEASURED:
        tell(f"preset {config.preset}: neither its time nor its score was ever measured")
    corpus, probe, skipped = None, None, None
    if config.songs:
        read = read_songs(
            config.songs,
            settings.front_end,
            options,
            classes=classes,
            multilabel=settings.method.multilabel,
            seed=config.seed,
            tell=tell,
        )
        corpus, classes, skipped = read.corpus, read.classes, [row + 1 for row in read.faults]
        if read.held_out is not None:
            probe = make_probe(
                read.held_out.songs,
                read.held_out.label,
                read.held_out.group,
                settings.front_end,
                seed=config.seed,
            )
    distill_from = None if config.distill_from is None else load_encoder(config.distill_from)
    train_in_folder(
        config.out,
        settings,
        corpus=corpus,
        source=source,
        classes=classes,
        probe=probe,
        distill_from=distill_from,
        begin_with=begin_with,
        seed=config.seed,
        resume=config.resume,
        workers=spare_cores() if config.workers is None else config.workers,
        # a run is resumed on the same songs alone
        inputs={
            "songs": [str(path) for path in config.songs],
            "song_tables": content_of_tables(config.songs),
            "recorders": recorders,
            "repertoire": contents[0],
            "synthetic_content": contents[1],
            "distill_from": None if distill_from is None else distill_from.hash,
            "from": None if begin_with is None else begin_with.hash,
            **{
                name: getattr(config, name)
                for name in (
                    "synthetic",
                    "label_column",
                    "balance",
                    "pair_column",
                    "heard_through",
                    "group_column",
                    "probe_column",
                    "preset",
                )
            },
            "weights": list(config.weights),
            "hold_out": config.hold_out,
            "skipped_rows": skipped,
            "heard_through_family": content_of_copies()
            if config.songs and config.heard_through
            else None,
        },
        tell=tell,
    )
    print(f"{config.out}/encoder")


def _refuse_idle(config: TrainConfig) -> None:
    """Refuses options that were given and that nothing would read."""
    from chingolo.synth.tables.files import InputError

    both = config.songs and config.synthetic is not None
    if not both and any(one.startswith("synthetic_share=") for one in config.set):
        raise InputError("--set synthetic_share: read where songs and --synthetic are given")
    # a run of before may hold them
    fresh = config.resume or config.synthetic is not None
    for name in () if fresh else ("pool", "renew_every"):
        if any(one.startswith(f"{name}=") for one in config.set):
            raise InputError(f"--set {name}: of fresh songs, read with --synthetic alone")
    for name in () if config.hold_out else ("group_column", "probe_column"):
        if getattr(config, name) != getattr(TrainConfig, name):
            raise InputError(f"{option(name)}: read with --hold-out alone")
    if config.frozen and config.begin_with is None:
        raise InputError("--frozen: keeps the encoder of --from, and none is given")
    if any(one.startswith("frozen_encoder=") for one in config.set):
        raise InputError("--set frozen_encoder: give --frozen")
    if config.coordinator is None and (config.hosts, config.host) != (1, 0):
        raise InputError("--hosts and --host: read with --coordinator alone")
    if config.host >= config.hosts:
        raise InputError(f"--host {config.host}: expected below --hosts {config.hosts}")


def tell(line: str) -> None:
    """Prints a line of progress at once."""
    print(line, flush=True)


COMMAND = Command(
    "train", "song tables -> a trained encoder", TrainConfig, command, large_pages=True
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
