"""Two syllable types known from three examples each: do re-synthesised surrogates help?

Syllables of one Bengalese finch (a song table with `label` and `individual`). Of every six
recordings two, drawn anew for each seed, are held out; in the others two types, drawn too, are cut
to three examples. The same small network is trained with their labels, classes balanced (and, in a
class that has surrogates, half of the draws recorded), for equal steps: on the examples as they
are, with time and frequency masks (SpecAugment, Park et al. 2019), with surrogates of the rare
examples (`chingolo fit --channel own`), and with both.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import tyro
from sklearn.metrics import f1_score

from benchmarks.syllables import SYLLABLES
from chingolo.synth.fit.fit_table import fit_songs
from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.data.corpus import balanced_weight
from chingolo.train.data.read_songs import load_corpus
from chingolo.train.run.train_encoder import train_corpus
from chingolo.train.run.trained_encoder import apply_encoder
from chingolo.train.settings.change import change
from chingolo.train.settings.training import TrainingSettings, Views

KEPT, RARE = 3, 2
WIDER = 0.02
"""s around each rare example, so that the fit hears the background beside it."""

LEAD = 0.02
"""s of silence before and after a surrogate."""

PLAIN = Views(
    shift_s=0.01,
    crop_scale=(1.0, 1.0),
    gain_db=6.0,
    fader_db=0.0,
    filter_db=0.0,
    noise_share=0.0,
    mixup=0.0,
    tape_share=0.0,
    time_mask_s=0.0,
    frequency_mask=0,
)
MASKED = replace(PLAIN, time_mask_s=0.02, frequency_mask=8)


@dataclass(frozen=True)
class RareSyllablesConfig:
    """Prints macro-F1 over held-out recordings, and that of the rare types alone."""

    table: Path = Path("../shared/recordings/bengalese_syllables.csv")
    """Song table of syllables, with `label` and `individual`."""

    individual: str = "gy6or6"
    """Whose syllables."""

    copies: int = 30
    """Surrogates of each rare example."""

    steps: int = 120
    """Steps of each run."""

    seeds: int = 5
    """Runs; recordings held out and rare types differ between them."""


def split(table: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Training rows with two types cut, rows held out, and the rare types."""
    random = np.random.default_rng([seed, 43])
    held = random.choice(np.unique(table["path"]), 2, replace=False)
    rest, test = table[~table["path"].isin(held)], table[table["path"].isin(held)]
    often = [
        name
        for name, count in test["label"].value_counts().sort_index().items()
        if count >= KEPT and (rest["label"] == name).sum() > KEPT
    ]
    rare = sorted(random.choice(often, RARE, replace=False))
    parts = [rest[~rest["label"].isin(rare)]]
    parts += [rest[rest["label"] == name].sample(KEPT, random_state=random) for name in rare]
    return pd.concat(parts, ignore_index=True), test.reset_index(drop=True), rare


def surrogates(table: pd.DataFrame, folder: Path, *, copies: int, rate: int, seed: int):
    """The fitted examples' surrogates as a song table, and how many examples were fitted poorly."""
    wider = table.assign(
        start_s=(table["start_s"] - WIDER).clip(lower=0), end_s=table["end_s"] + WIDER
    )
    folder.mkdir(parents=True)
    wider.to_csv(folder / "rare.csv", index=False)
    made = fit_songs(
        folder / "rare.csv",
        folder / "fit",
        copies=copies,
        spread="rendition",
        bird_name="zebra_finch",
        channel="own",
        sample_rate=rate,
        seed=seed,
    )
    songs = made.songs[made.songs["fit_copy"] > 0].reset_index(drop=True)
    songs = songs.assign(start_s=LEAD, end_s=songs["end_s"] - LEAD)
    # of a syllable that a fit missed but for a moment, nothing can be learned
    songs = songs[songs["end_s"] - songs["start_s"] >= LEAD].reset_index(drop=True)
    return songs, int(made.quality["verdict"].isin(["poor", "failed"]).sum())


def balanced(known: pd.DataFrame) -> np.ndarray:
    """[rows] weight: every label alike, and within it recordings and surrogates."""
    kind = known["origin"].fillna("recorded") if "origin" in known else "recorded"
    parts = known["label"] + " " + kind
    shared = parts.groupby(known["label"]).transform("nunique")
    return balanced_weight(parts.tolist()) / shared.to_numpy()


def macro_f1(
    settings: TrainingSettings, known: pd.DataFrame, test: pd.DataFrame, names: list[str], seed: int
) -> np.ndarray:
    """[types] F1 of a network trained on `known`, over `test`."""
    front_end = settings.front_end
    corpus = load_corpus(
        known,
        front_end,
        label_column="label",
        classes=names,
        weight=balanced(known),
    )
    heard = load_corpus(test, front_end, label_column="label", classes=names)
    clips = np.stack([clip_of(song, clip_samples(front_end), 0.5)[0] for song in heard.songs])
    encoder = train_corpus(settings, corpus=corpus, source=None, classes=tuple(names), seed=seed)
    logits = np.asarray(jax.jit(lambda x: apply_encoder(encoder, x)[1])(clips))
    scores = f1_score(
        heard.label, logits.argmax(axis=1), average=None, labels=range(len(names)), zero_division=0
    )
    return np.asarray(scores)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    config = tyro.cli(RareSyllablesConfig, args=arguments, prog="bench-rare-syllables")
    settings = change(replace(SYLLABLES, steps=config.steps), ("method.name=supervised",))
    table = read_song_table(config.table)
    table = table[table["individual"] == config.individual].reset_index(drop=True)
    names = sorted(table["label"].unique())
    found = []
    for seed in range(config.seeds):
        known, test, rare = split(table, seed)
        with tempfile.TemporaryDirectory() as folder:
            few = known[known["label"].isin(rare)].reset_index(drop=True)
            made, poor = surrogates(
                few,
                Path(folder) / "surrogates",
                copies=config.copies,
                rate=settings.front_end.sample_rate,
                seed=seed,
            )
            more = pd.concat([known, made], ignore_index=True)
            for way, views, rows in (
                ("plain", PLAIN, known),
                ("masks", MASKED, known),
                ("surrogates", PLAIN, more),
                ("surrogates and masks", MASKED, more),
            ):
                scores = macro_f1(replace(settings, views=views), rows, test, names, seed)
                row = {"seed": seed, "rare": "+".join(rare), "poor fits": poor, "trained": way}
                row |= {"macro-F1": scores[np.isin(names, test["label"].unique())].mean()}
                row |= {"rare F1": scores[np.isin(names, rare)].mean()}
                found.append(row)
                print(" ".join(f"{value}" for value in row.values()), flush=True)
    told = pd.DataFrame(found)
    print(
        told.groupby("trained", sort=False)[["macro-F1", "rare F1"]].agg(["mean", "std"]).round(3)
    )


if __name__ == "__main__":
    main()
