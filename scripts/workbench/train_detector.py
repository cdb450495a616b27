"""chingolo train-detector: scenes of synthetic songs, marked recordings -> a finder of songs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from chingolo.command_line.command import Command
from chingolo.synth.recorder.recorders import RECORDER_SETS
from chingolo.synth.score.shipped_repertoires import REPERTOIRE_SETS, REPERTOIRES
from chingolo.synth.tables.bounds import Bounds
from chingolo.synth.voice.birds import BIRD_SETS

SETS = {"recorders": "field-1", "birds": "songbirds-1", "repertoires": "shipped-1"}
"""What scenes are drawn from unless told otherwise."""

FAMILY = "wide-2"
"""Of random recorders that half of the --invented scenes go through besides."""


@dataclass(frozen=True)
class TrainDetectorConfig:
    """Trains a finder of one species' songs, or of any songbird's units, for `chingolo find`."""

    songs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Song tables (CSV or Parquet) with start_s and end_s of every song of their recordings (with
    --invented, of every vocal unit or bout). May be none if --synthetic or --invented is given."""

    out: Path = Path("runs/detector")
    """Folder of the run: config.json, metrics.jsonl, checkpoints, detector.npz."""

    steps: Annotated[int | None, Bounds(1)] = None
    """Optimiser steps (default 2000)."""

    synthetic: Annotated[
        str | None,
        tyro.conf.arg(
            help=f"Repertoire ({REPERTOIRES.names()}, or a YAML file) of the species to be found, "
            "whose songs are laid into fresh scenes while training."
        ),
    ] = None

    invented: bool = False
    """Find the vocal units of any songbird: fresh scenes of bouts that no bird sings are made while
    training, in place of a species' songs."""

    recorders: Annotated[
        str | None,
        tyro.conf.arg(
            help="Set of recorders that --synthetic and --invented scenes are heard by: "
            f"{RECORDER_SETS.names()} (default field-1)."
        ),
    ] = None

    birds: Annotated[
        str | None,
        tyro.conf.arg(
            help="Set of voices of invented strangers in --synthetic scenes: "
            f"{BIRD_SETS.names()} (default songbirds-1)."
        ),
    ] = None

    repertoires: Annotated[
        str | None,
        tyro.conf.arg(
            help="Set of repertoires, of which other species sing in --synthetic scenes: "
            f"{REPERTOIRE_SETS.names()} (default shipped-1)."
        ),
    ] = None

    set: tuple[str, ...] = ()
    """Single settings to change, such as batch=12; see train/detector/settings.py."""

    strict: bool = False
    """Stop at the first recording that cannot be read or ends before one of its songs; default: it
    is left out with its songs, and told."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Decides everything random."""

    resume: bool = False
    """Go on from the last checkpoint of --out."""


def command(config: TrainDetectorConfig) -> None:
    """Loads the data and trains."""
    import pandas as pd

    from chingolo.synth.recorder.families import WIDE_FAMILIES
    from chingolo.synth.recorder.recorders import recorder_set
    from chingolo.synth.score.repertoire_file import load_repertoire
    from chingolo.synth.surrogates.invented_units import BIRDS
    from chingolo.synth.surrogates.surroundings import content_of_scenes, named_surroundings
    from chingolo.synth.tables.content import content_hash, told_copies
    from chingolo.synth.tables.files import InputError, told_faults
    from chingolo.synth.tables.song_table import read_song_table
    from chingolo.train.data.read_songs import content_of_tables
    from chingolo.train.detector.examples import (
        invented_source,
        recorded_source,
        synthetic_source,
    )
    from chingolo.train.detector.settings import DetectorSettings
    from chingolo.train.detector.train_detector import train_detector
    from chingolo.train.run.config import refuse_folder
    from chingolo.train.settings.change import change, with_steps

    settings = change(DetectorSettings(), with_steps(config.set, config.steps))
    if config.invented and config.synthetic is not None:
        raise InputError("--invented is for any songbird, --synthetic for one species; give one")
    both = config.songs and (config.synthetic is not None or config.invented)
    if not both and any(one.startswith("synthetic_share=") for one in config.set):
        raise InputError(
            "--set synthetic_share: read where songs and --synthetic or --invented are given"
        )
    refuse_folder(config.out, resume=config.resume)
    sources, species, contents, faults = [], set(), (None, None), {}
    given: dict[str, str] = {
        name: getattr(config, name) for name in SETS if getattr(config, name) is not None
    }
    if given and config.synthetic is None and not (config.invented and set(given) == {"recorders"}):
        only = "--synthetic scenes draw from a set"
        raise InputError(f"--{next(name for name in reversed(given))}: only {only}")
    sets = {**SETS, **given}
    if config.invented:
        recorders = recorder_set(sets["recorders"])
        sources.append(invented_source(recorders, FAMILY, settings))
        contents = None, content_hash(recorders, WIDE_FAMILIES[FAMILY], BIRDS)
    if config.synthetic is not None:
        repertoire, surroundings = load_repertoire(config.synthetic), named_surroundings(**sets)
        species.add(repertoire.species)
        strict = not config.resume
        sources.append(synthetic_source(repertoire, surroundings, settings, strict=strict))
        contents = content_hash(repertoire), content_of_scenes(repertoire, surroundings)
    if config.songs:
        table = pd.concat([read_song_table(path) for path in config.songs], ignore_index=True)
        for line in told_copies(table["path"]):
            tell(line)
        source, faults = recorded_source(table, settings, strict=config.strict, tell=tell)
        for line in told_faults(faults, len(table)):
            tell(line)
        sources.append(source)
        species |= set(table.get("species", pd.Series(dtype=str))) - {""}
    if len(species) > 1 and not config.invented:
        raise InputError(f"a detector finds one species; given are {', '.join(sorted(species))}")
    drawn = SETS if config.synthetic is not None else ("recorders",) if config.invented else ()
    tell("making the first scenes")
    file = train_detector(
        config.out,
        settings,
        sources,
        species=species.pop() if species and not config.invented else "",
        units=config.invented,
        seed=config.seed,
        resume=config.resume,
        inputs={
            "songs": [str(path) for path in config.songs],
            "song_tables": content_of_tables(config.songs),
            "skipped_rows": [row + 1 for row in sorted(faults)] if config.songs else None,
            "synthetic": config.synthetic,
            **({"invented": FAMILY} if config.invented else {}),
            "repertoire": contents[0],
            "synthetic_content": contents[1],
            **{name: sets[name] if name in drawn else None for name in SETS},
        },
        tell=tell,
    )
    print(file)


def tell(line: str) -> None:
    """Prints a line of progress at once."""
    print(line, flush=True)


COMMAND = Command(
    "train-detector",
    "song tables and scenes -> a detector for `chingolo find`",
    TrainDetectorConfig,
    command,
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
