"""`chingolo demo`: the whole story on a generated example with a known truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from chingolo.command_line.command import Command
from chingolo.synth.tables.bounds import Bounds

REPERTOIRE = "zonotrichia_two_eras"
KNOWN_THEMES = "zonotrichia_capensis"
RECORDERS = {"1966": "reel-tape-1966", "2020": "digital-2020"}


@dataclass(frozen=True)
class DemoConfig:
    """Generate two eras, train, embed, compare, and check what was found against the truth."""

    out: Path = Path("runs/demo")
    """Folder for everything (default runs/demo)."""

    songs: Annotated[int, Bounds(1, 10_000_000)] = 192
    """Songs of each era (default 192)."""

    steps: Annotated[int | None, Bounds(1)] = None
    """Training steps (default: those of the preset `cpu`)."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Of every draw (default 0)."""


def demo(config: DemoConfig) -> None:
    """Runs the commands one after the other; see `DemoConfig`."""
    import json
    import shutil

    import pandas as pd

    from chingolo.scripts import compare_eras, embed_songs, generate_songs, train_encoder
    from chingolo.synth.tables.files import InputError
    from chingolo.synth.tables.song_table import read_song_table, write_song_table

    made_here = (config.out / next(iter(RECORDERS)) / "generate.json").is_file()
    for name in () if made_here else ("recordings.csv", "latent.parquet", "report.html"):
        if (config.out / name).exists():
            raise InputError(f"{config.out / name}: is there already; choose another --out")
    tables = []
    for era, recorder in RECORDERS.items():
        folder = config.out / era
        _announce(f"generate {REPERTOIRE} --era {era} --channel {recorder} --out {folder}")
        generate_songs.generate(
            generate_songs.GenerateConfig(
                REPERTOIRE,
                out=folder,
                songs=config.songs,
                era=era,
                channel=recorder,
                sample_rate=22_050,
                seed=config.seed,
            )
        )
        tables.append(read_song_table(folder / "songs.csv"))
    # What follows gets the songs as a field worker would have them: without their themes.
    recordings = config.out / "recordings.csv"
    write_song_table(pd.concat(tables).drop(columns=["label", "habitat"]), recordings)

    encoder, latents = config.out / "encoder", config.out / "latent.parquet"
    _announce(f"train {recordings} --synthetic {KNOWN_THEMES} --out {encoder}")
    if (encoder / "config.json").is_file():  # of the demonstration before
        shutil.rmtree(encoder)
    train_encoder.command(
        train_encoder.TrainConfig(
            songs=(recordings,),
            out=encoder,
            steps=config.steps,
            synthetic=KNOWN_THEMES,
            seed=config.seed,
        )
    )
    _announce(f"embed {encoder} {recordings} --out {latents}")
    embed_songs.command(embed_songs.EmbedConfig(encoder, (recordings,), out=latents, force=True))
    report = config.out / "comparison"
    _announce(f"compare {latents} --run {encoder} --out {report}")
    compare_eras.compare_eras(
        compare_eras.CompareConfig(latents, out=report, run=encoder, force=True)
    )
    shutil.copyfile(report / "report.html", config.out / "report.html")
    results = json.loads((report / "results.json").read_text())
    print(f"\nreport: {config.out / 'report.html'}")
    print("\n".join(against_truth(results["themes"], planted_truth())))


def _announce(command: str) -> None:
    print(f"\n$ chingolo {command}", flush=True)


def planted_truth() -> dict[str, str]:
    """Status of each theme as the demonstration's repertoire plants it."""
    from chingolo.synth.score.repertoire_file import load_repertoire

    sung: dict[str, set[str]] = {era: set() for era in RECORDERS}
    for population in load_repertoire(REPERTOIRE).populations:
        sung[population.era] |= {theme for theme, share in population.shares if share > 0}
    before, after = (sung[era] for era in RECORDERS)
    status = {(True, True): "persists", (True, False): "lost", (False, True): "new"}
    return {theme: status[theme in before, theme in after] for theme in sorted(before | after)}


def against_truth(themes: list[dict[str, Any]], truth: dict[str, str]) -> list[str]:
    """The closing lines: what was found beside what was planted.

    Args:
        themes: the theme table of `results.json`.
        truth: planted status of each theme.
    """
    lines = []
    for status in ("lost", "new", "persists"):
        found = sorted(theme["name"] for theme in themes if theme["status"] == status)
        planted = sorted(name for name, planted in truth.items() if planted == status)
        verdict = "as planted" if found == planted else "NOT as planted"
        lines.append(
            f"{status:>8}: found {', '.join(found) or 'none'} | "
            f"truth {', '.join(planted) or 'none'} | {verdict}"
        )
    return lines


COMMAND = Command(
    "demo",
    "the whole story on a generated example -> runs/demo/report.html",
    DemoConfig,
    demo,
    large_pages=True,
)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
