"""`chingolo convert`: song table <-> Raven selection table <-> Audacity label track."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from chingolo.command_line.command import Command


@dataclass(frozen=True)
class ConvertConfig:
    """Convert annotations; the endings of the files say from what to what.

    `.csv` and `.parquet` are song tables, `.selections.txt` is Raven's, other `.txt` Audacity's.
    Raven's tables are known by their first line too.
    """

    source: Annotated[Path, tyro.conf.Positional]
    """File to read."""

    out: Annotated[Path, tyro.conf.Positional]
    """File to write."""

    audio: Path | None = None
    """The recording, for a table that does not name it or names it elsewhere (default: the table
    names it)."""

    force: bool = False
    """Write over the file where there is such a file (default: it is refused)."""


def convert(config: ConvertConfig) -> None:
    """Reads one form and writes the other."""
    from chingolo.synth.tables.annotations import read_annotations, write_annotations
    from chingolo.synth.tables.files import refuse_existing

    refuse_existing(config.out, force=config.force)
    table = read_annotations(config.source, audio=config.audio, tell=_tell)
    write_annotations(table, config.out, tell=_tell)
    print(f"{config.out}: {len(table)} songs")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


COMMAND = Command(
    "convert", "song table <-> Raven selections <-> Audacity labels", ConvertConfig, convert
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
