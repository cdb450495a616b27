"""`chingolo fit`: recordings -> gestures, re-synthesised audio, surrogates, repertoire."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from chingolo.command_line.command import Command, told_progress
from chingolo.command_line.recorders_option import RecordersOption
from chingolo.synth.recorder.recorders import RECORDERS
from chingolo.synth.tables.bounds import SUNG_RATE, Bounds
from chingolo.synth.voice.birds import BIRDS


@dataclass(frozen=True)
class FitConfig:
    """Fit recorded songs and sing them back."""

    songs: Annotated[Path, tyro.conf.Positional]
    """Song table (CSV or Parquet)."""

    out: Path
    """Folder for songs.csv, fit.csv, repertoire.yaml, contact_sheet.png, audio/ and gestures/; an
    interrupted fit continues there."""

    copies: Annotated[int, Bounds(0, 10_000)] = 0
    """Varied surrogates of each song, besides its faithful re-synthesis (default 0)."""

    spread: Literal["rendition", "individual", "dialect"] = "rendition"
    """Surrogates vary like renditions of one bird, like birds of one site, or like birds of one
    dialect over several sites (default rendition)."""

    bird: Annotated[
        str,
        tyro.conf.arg(
            help=f"Whose syrinx sings: {BIRDS.names()}, the one of a repertoire, a YAML file of a "
            "repertoire or of 'bird:' alone, or auto: a rufous_collared_sparrow, made larger where "
            "the songs are low (default auto). The bands that are listened to follow its gamma."
        ),
    ] = "auto"

    channel: Annotated[
        str,
        tyro.conf.arg(
            help="Recorder that the surrogates are heard through: none, random, wide (of random "
            "parts), own (over the background of the recording that was fitted), "
            f"{RECORDERS.names()} (default none)."
        ),
    ] = "none"

    recorders: RecordersOption = None

    sample_rate: Annotated[int, SUNG_RATE] = 22_050
    """Of the audio, Hz (default 22050)."""

    refine_steps: Annotated[int, Bounds(0, 10_000)] = 20
    """Steps of gradient descent through the synthesiser that refine amplitude, pressure and pitch
    after tracking; 0 for none (default 20)."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Of every draw (default 0)."""


def fit(config: FitConfig) -> None:
    """Fits the songs; see `FitConfig`."""
    from chingolo.synth.fit.fit_table import fit_songs
    from chingolo.synth.tables.files import InputError, counted

    for option in () if config.copies else ("spread", "channel"):
        if getattr(config, option) != getattr(FitConfig, option):
            given = getattr(config, option)
            raise InputError(f"--{option} {given}: for surrogates alone; add --copies")
    fitted = fit_songs(
        config.songs,
        config.out,
        copies=config.copies,
        spread=config.spread,
        bird_name=config.bird,
        channel=config.channel,
        recorders=config.recorders,
        sample_rate=config.sample_rate,
        refine_steps=config.refine_steps,
        seed=config.seed,
        progress=told_progress,
        tell=lambda line: print(f"\n{line}", file=sys.stderr, flush=True),
    )
    verdicts = fitted.quality["verdict"].value_counts()
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    made = counted(len(fitted.songs), "resynthesised song")
    print(f"{config.out / 'songs.csv'}: {made}; fits: {told}")
    median = fitted.quality["log_mel_correlation"].median()
    error = 100 * fitted.quality["f0_error"].median()
    print(f"  median log-mel correlation {median:.2f}, f0 off an independent ridge {error:.2f} %")
    if fitted.realism.auc is None:
        print(f"  realism: not measured ({fitted.realism.method})")
    else:
        print(
            f"  realism: a classifier tells recording from re-synthesis with AUC "
            f"{fitted.realism.auc:.2f} (0.5 is indistinguishable)"
        )
    for _, row in fitted.quality[fitted.quality["verdict"].isin(["poor", "failed"])].iterrows():
        named = f"row {row['song'] + 1}"  # as all messages on tables count
        print(f"  {named} {row['verdict']}: {str(row['reason']).removeprefix(f'{named}: ')}")
    for line in fitted.remarks:
        print(f"  {line}")


COMMAND = Command("fit", "recordings -> gestures, re-synthesised songs, surrogates", FitConfig, fit)
main = COMMAND.main


if __name__ == "__main__":
    raise SystemExit(main())
