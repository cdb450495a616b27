"""`chingolo generate`: a repertoire becomes synthetic songs and their song table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from chingolo.command_line.command import Command, told_progress
from chingolo.command_line.recorders_option import RecordersOption
from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.score.shipped_repertoires import REPERTOIRES
from chingolo.synth.tables.bounds import SUNG_RATE, Bounds
from chingolo.synth.voice.engines import ENGINES


@dataclass(frozen=True)
class GenerateConfig:
    """Generate synthetic songs from a repertoire."""

    repertoire: Annotated[
        str,
        tyro.conf.Positional,
        tyro.conf.arg(help=f"A shipped repertoire ({REPERTOIRES.names()}), or a YAML file."),
    ]

    out: Path
    """Folder for songs.csv, audio/ and contact_sheet.png; what was interrupted continues there."""

    songs: Annotated[int, Bounds(1, 10_000_000)] = 100
    """How many songs (default 100)."""

    theme: tuple[str, ...] = ()
    """Only these themes (default: all)."""

    note: tuple[str, ...] = ()
    """Single notes, each by itself, as a theme of its name."""

    era: str | None = None
    """Only the populations of this era (default: all)."""

    individuals: Annotated[int | None, Bounds(1, 1_000_000)] = None
    """Birds per population (default: the repertoire's)."""

    rare_to: Annotated[int, Bounds(0, 10_000_000)] = 0
    """Bring every theme below this many songs up to it (default 0: leave them rare)."""

    engine: Annotated[
        str,
        tyro.conf.arg(
            help=f"One of {ENGINES.names()}: `ode` integrates the labia, `wavetable` is cheaper "
            "and nearly the same."
        ),
    ] = "ode"

    channel: Annotated[
        str,
        tyro.conf.arg(
            help="Recorder: none, random (one of a set, with distance and echoes), wide (of random "
            f"parts: rooms, gain, clipping, noises, codecs and more), {RECORDERS.names()}."
        ),
    ] = "digital-2020"

    recorders: RecordersOption = None

    snr: Annotated[float | None, Bounds(-60, 120)] = None
    """Signal-to-noise ratio, dB (default: 20, or 3-25 for a random channel, 15-40 before a wide
    recorder)."""

    other_singers: Annotated[int, Bounds(0, 100)] = 0
    """Other birds heard behind each song, 15 dB fainter (default 0)."""

    sample_rate: Annotated[int, SUNG_RATE] = 44_100
    """Hz (default 44100)."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Of every draw (default 0)."""


def generate(config: GenerateConfig) -> None:
    """Writes the songs; see `GenerateConfig`."""
    from chingolo.synth.surrogates.generate_songs import generate_songs
    from chingolo.synth.surrogates.sing_songs import SongRequest
    from chingolo.synth.tables.files import counted

    counts = generate_songs(
        config.repertoire,
        config.out,
        SongRequest(
            songs=config.songs,
            era=config.era,
            individuals=config.individuals,
            rare_to=config.rare_to,
            engine=config.engine,
            channel=config.channel,
            recorders=config.recorders,
            snr=config.snr,
            other_singers=config.other_singers,
            sample_rate=config.sample_rate,
            seed=config.seed,
        ),
        themes=config.theme,
        notes=config.note,
        progress=told_progress,
    )
    print(f"{config.out / 'songs.csv'}: {counted(counts.total(), 'synthetic song')}")
    for theme, count in sorted(counts.items()):
        print(f"  {theme:<24} {count}")


COMMAND = Command(
    "generate", "a repertoire -> synthetic songs and their song table", GenerateConfig, generate
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
