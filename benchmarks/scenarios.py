"""Five generated histories with a known truth: is the verdict right, and the theme table?

`python -m benchmarks.scenarios --run RUN` generates each history, embeds it with a trained encoder
and compares its eras. The truth is used for the last comparison alone.
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from chingolo.analysis.recorder.equalised_songs import equalise_songs

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.compare import compare
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.score.shipped_repertoires import REPERTOIRES

BASE = "zonotrichia_capensis"
TAPE, DIGITAL = "reel-tape-1966", "digital-2020"
PERSIST: tuple[str, ...] = (
    "level-fall-fast",
    "arch-fall-quick",
    "rise-fall-broad",
    "dip-falls-slow",
)


@dataclass(frozen=True)
class History:
    """One invented history."""

    name: str
    verdicts: tuple[str, ...]
    """Verdicts that are right."""

    recorders: tuple[str, str] = (TAPE, DIGITAL)
    lost: str = ""
    new: str = ""
    new_sites: tuple[str, ...] = ("north", "south")
    trill_rate: float = 1.0
    """Factor on the trill rates of the modern era."""


HISTORIES = (
    History("nothing changed", ("no change shown",), recorders=(DIGITAL, DIGITAL)),
    History("one theme lost", ("changed",), lost="high-dip-slow"),
    History("trills 20 % faster", ("changed",), trill_rate=1.2),
    History("only the recorder changed", ("no change shown", "refused")),
    History(
        "new dialect in one site", ("changed",), new="doublet-falls-fast", new_sites=("north",)
    ),
)


def write_repertoire(history: History, era: int, birds: int, path: Path) -> None:
    """Writes the repertoire of one era as YAML on top of the shipped one."""
    shipped = REPERTOIRES[BASE]
    content: dict[str, Any] = yaml.safe_load(shipped.read_text())
    if era:
        for theme in content["themes"].values():
            for item in theme["song"]:
                if isinstance(item, dict) and "trill" in item:
                    item["rate"] = round(item["rate"] * history.trill_rate, 3)
    content["populations"] = []
    for site in ("north", "south"):
        themes = list(PERSIST)
        if history.lost and not era:
            themes.append(history.lost)
        if history.new and era and site in history.new_sites:
            themes.append(history.new)
        content["populations"].append(
            {
                "era": ("1966", "2020")[era],
                "site": site,
                "individuals": birds,
                "shares": {theme: 3 if theme == history.new else 1 for theme in themes},
            }
        )
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def generate(history: History, seed: int, folder: Path, *, birds: int, songs: int) -> pd.DataFrame:
    """Generates both eras; returns the song table with the truth in `label`."""
    from chingolo.synth.surrogates.generate_songs import generate_songs
    from chingolo.synth.surrogates.sing_songs import SongRequest
    from chingolo.synth.tables.song_table import read_song_table

    tables = []
    for era in (0, 1):
        repertoire = folder / f"{era}.yaml"
        write_repertoire(history, era, birds, repertoire)
        generate_songs(
            str(repertoire),
            folder / str(era),
            SongRequest(
                songs=2 * birds * songs,
                seed=1000 * seed + era,
                engine="wavetable",
                channel=history.recorders[era],
                sample_rate=22_050,
            ),
        )
        tables.append(read_song_table(folder / str(era) / "songs.csv"))
    return pd.concat(tables, ignore_index=True)


def truth_of(history: History) -> dict[str, str]:
    """Status of each theme."""
    truth = dict.fromkeys(PERSIST, "persists")
    if history.lost:
        truth[history.lost] = "lost"
    if history.new:
        truth[history.new] = "new"
    return truth


def trial(history: History, seed: int, run: Path, *, birds: int, songs: int) -> dict[str, Any]:
    """One history, once: verdict, whether it is right, and the theme table against the truth."""
    with tempfile.TemporaryDirectory() as folder:
        table = generate(history, seed, Path(folder), birds=birds, songs=songs)
        eras = find_eras(table, settings := CompareSettings(seed=seed))
        assert eras is not None
        unlabelled = LatentTable(table.drop(columns=["label", "habitat"]), table[[]].to_numpy())
        equalised = equalise_songs(unlabelled, eras, run, seed=seed)
    found = compare(
        equalised.latents,
        settings,
        rerecorded=equalised.rerecorded,
        descriptors=equalised.descriptors,
        rerecorded_descriptors=equalised.rerecorded_descriptors,
        remarks=equalised.remarks,
    )
    results = found.results
    statuses = {row["name"]: row["status"] for row in results["themes"] if row["name"]}
    return {
        "history": history.name,
        "seed": seed,
        "verdict": results["verdict"],
        "right": results["verdict"] in history.verdicts,
        "themes_right": statuses == truth_of(history),
        "statuses": statuses,
        "p": {
            name: round(test["p"], 3)
            for name, test in results.items()
            if isinstance(test, dict) and "expected" in test
        }
        | {"combined": results["combined"]["p"]},
        "placebo": results["placebo"]["p"],
        "share": results["placebo"].get("share"),
        "matched": results["placebo"].get("matched_p"),
        "worst": results["placebo"].get("worst_p"),
        "reason": results["reasons"][0],
    }


def main() -> None:
    """Prints every trial and the confusion table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="training run or exported encoder")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--birds", type=int, default=30, help="birds of each site and era")
    parser.add_argument("--songs", type=int, default=2, help="songs of each bird")
    options = parser.parse_args()
    trials = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for history in HISTORIES:
            outcome = trial(history, seed, options.run, birds=options.birds, songs=options.songs)
            trials.append(outcome)
            print(outcome, flush=True)
    print(f"\n{'history':<28}{'changed':>10}{'none':>8}{'refused':>9}{'right':>8}{'themes':>8}")
    for history in HISTORIES:
        own = [outcome for outcome in trials if outcome["history"] == history.name]
        counts = Counter(outcome["verdict"] for outcome in own)
        right = sum(outcome["right"] for outcome in own)
        themes = sum(outcome["themes_right"] for outcome in own)
        print(
            f"{history.name:<28}{counts['changed']:>10}{counts['no change shown']:>8}"
            f"{counts['refused']:>9}{right:>8}{themes:>8}"
        )


if __name__ == "__main__":
    main()
