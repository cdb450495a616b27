"""chingolo embed: a trained encoder and song tables -> latent table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from scripts.command_line import run


@dataclass(frozen=True)
class EmbedConfig:
    """Turns every song of the tables into a vector with a trained encoder."""

    run: Annotated[Path, tyro.conf.Positional]
    """Training run, or its encoder folder."""

    songs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Song tables (CSV or Parquet)."""

    out: Path = Path("latent.parquet")
    """Latent table to write (Parquet)."""


def command(config: EmbedConfig) -> None:
    """Embeds and writes."""
    import pandas as pd

    from synth.files import InputError
    from synth.songs import read_song_table

    if config.out.suffix != ".parquet":
        raise InputError(f"{config.out}: a latent table ends in .parquet")
    if not config.songs:
        raise InputError("no song table given")
    table = pd.concat([read_song_table(path) for path in config.songs], ignore_index=True)

    from analysis.embed import embed
    from analysis.latent_table import write_latent_table

    latents = embed(table, config.run, report=lambda line: print(line, flush=True))
    write_latent_table(latents, config.out)
    songs, dimensions = latents.z.shape
    print(f"{config.out}: {songs} songs, {dimensions} dimensions")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    return run(EmbedConfig, command, name="chingolo embed", arguments=arguments)


if __name__ == "__main__":
    raise SystemExit(main())
