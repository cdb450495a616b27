"""`chingolo compare`: a latent table with two eras -> report, results and assignments."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tyro

from analysis.settings import CompareSettings
from scripts.command_line import run


@dataclass(frozen=True)
class CompareConfig:
    """Compares the songs of two eras in one latent space and writes a report."""

    latents: tyro.conf.Positional[Path]
    """Latent table that `chingolo embed` wrote."""

    out: Path
    """Folder for report.html, results.json and songs.csv; an existing one is replaced."""

    settings: CompareSettings = field(default_factory=CompareSettings)


def compare_eras(config: CompareConfig) -> None:
    """Reads the latent table, compares, and writes the folder whole."""
    from analysis.compare import compare
    from analysis.latent_table import read_latent_table
    from analysis.report import headline, write_report

    latents = read_latent_table(config.latents)
    print(f"comparing {len(latents.songs)} songs ...", file=sys.stderr, flush=True)
    comparison = compare(latents, config.settings)
    print("drawing the report ...", file=sys.stderr, flush=True)
    write_report(comparison, config.out)
    print(headline(comparison))
    print(f"report: {config.out / 'report.html'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; see `scripts.command_line.run`."""
    return run(CompareConfig, compare_eras, name="chingolo compare", arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())
