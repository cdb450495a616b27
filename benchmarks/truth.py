"""`make bench-truth`: does a recorder of other people pass for a change, is a change still heard?

Histories with a known truth (`histories.py`); one era of each goes through an outside chain
(`outside_recorders.py`), the young one for even seeds, the old one for odd; then `chingolo embed`
and `chingolo compare --run`, and what `results.json` says stands beside the truth. Each run is a
line of OUT/NAME/runs.jsonl; a further call makes what is missing there, so that a name stands for
one state of the method. Recordings are kept in OUT/histories and OUT/heard for all names.

What is tuned on what is told in docs/methods.md. By default the chains and seeds of tuning are run;
what is reported is `--groups unseen --seeds 100 101 102`, and nothing of `unseen` before the method
is fixed.
"""

import contextlib
import itertools
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import soundfile
import tyro

from benchmarks.histories import (
    GENERATED,
    OLD,
    REAL,
    YOUNG,
    History,
    Truth,
    call,
    losses,
    make,
    whole_folder,
)
from benchmarks.measure_once import Measures, measured_once
from benchmarks.outside_recorders import CHAINS, NAMED, NO_CHAIN, TUNING, Chain, missing
from benchmarks.truth_tables import print_tables

DEMO, OWN, LOSSES = "demo", "own", "losses"
DEVICES = ("Sony TC-D5", "Zoom H5")
"""What `device` says of what came through a chain, and of what did not."""


@dataclass(frozen=True)
class Options:
    """Which runs to make; the tables are of all runs under the name."""

    name: str = "now"
    """Of the state of the method that is measured."""

    out: Path = Path("runs/truth")
    """Folder of everything."""

    groups: tuple[str, ...] = (NAMED, TUNING)
    """Groups of chains: named, tuning, unseen, kept."""

    chains: tuple[str, ...] = ()
    """Only these chains, by name; `none` among them."""

    histories: tuple[str, ...] = ()
    """Only these histories, by name, `losses` for all real losses; default: the generated ones, and
    real ones without a change where there is a folder of recordings."""

    seeds: tuple[int, ...] = (0, 1, 2)
    """Of the histories and of the chains."""

    encoders: tuple[str, ...] = (DEMO, OWN)
    """`demo`: what `chingolo demo` trains; `own`: trained on the songs of the two eras alone; else
    a training run or an encoder's folder."""

    recordings: Path = Path("../shared/recordings")
    """Folder of real recordings."""

    own_steps: int = 300
    """Steps of an own encoder's training."""


@dataclass(frozen=True)
class Run:
    """One comparison."""

    history: History
    seed: int
    chain: Chain
    encoder: str

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What tells it from the others."""
        return self.history.name, self.seed, self.chain.name, self.encoder


def planned(options: Options) -> Iterator[Run]:
    """All runs that the options ask for, without those that cannot be made here."""
    histories, lost = list(GENERATED), []
    if options.recordings.is_dir():
        histories += REAL
        lost = losses(options.recordings)
    else:
        _tell(f"{options.recordings} is no folder: the real recordings are left out")
    every = [history.name for history in (*histories, *lost)]
    _known("history", options.histories, [*every, LOSSES])
    wanted = set(options.histories or [history.name for history in histories])
    if LOSSES in wanted:
        wanted |= {history.name for history in lost}
    histories = [history for history in (*histories, *lost) if history.name in wanted]
    _known("chain", options.chains, [chain.name for chain in (NO_CHAIN, *CHAINS)])
    _known("group", options.groups, [chain.group for chain in CHAINS])
    for chain in (NO_CHAIN, *CHAINS):
        if options.chains and chain.name not in options.chains:
            continue
        if not options.chains and chain is not NO_CHAIN and chain.group not in options.groups:
            continue
        if lacking := missing(chain):
            _tell(f"{chain.name} is left out: {lacking}")
            continue
        for history, seed in itertools.product(histories, options.seeds):
            for encoder in options.encoders:
                yield Run(history, seed, chain, encoder)


def _known(kind: str, asked: tuple[str, ...], there: list[str]) -> None:
    for name in asked:
        if name not in there:
            raise SystemExit(f"no {kind} '{name}'; there are: {', '.join(dict.fromkeys(there))}")


def hear(songs_file: Path, chain: Chain, seed: int, folder: Path) -> Path:
    """One era through the chain, whole recordings at a time.

    Args:
        songs_file: song table of a history.
        chain: what its young era (seed even) or old era (odd) goes through.
        seed: draws the machine.
        folder: receives audio/ and songs.csv; a finished one is kept.

    Returns:
        The song table of both eras, with `device`, times moved where the chain runs faster.
    """
    table = folder / "songs.csv"
    if table.is_file():
        return table
    songs = pd.read_csv(songs_file, dtype={"era": str})
    songs["path"] = [str((songs_file.parent / path).resolve()) for path in songs["path"]]
    through = (songs["era"] == (OLD if seed % 2 else YOUNG)) & (chain is not NO_CHAIN)
    with whole_folder(folder) as made:
        (made / "audio").mkdir()
        heard = {}
        for number, path in enumerate(songs["path"][through].unique()):
            wave, rate = soundfile.read(path, dtype="float32")
            heard[path] = f"audio/{number:03d}.flac"
            soundfile.write(made / heard[path], chain.apply(wave, rate, seed), rate)
        songs.loc[through, "path"] = songs["path"][through].map(heard)
        for column in {"start_s", "end_s"} & set(songs.columns):
            songs.loc[through, column] = (songs[column][through] / chain.speed).round(4)
        songs["device"] = through.map({True: DEVICES[0], False: DEVICES[1]})
        songs.to_csv(made / "songs.csv", index=False)
    return table


def encoder_of(run: Run, songs: Path, options: Options) -> Path:
    """The training run behind a comparison; trained where it is not there yet."""
    if run.encoder == DEMO:
        folder = options.out / options.name / "demo"
        if not (folder / "report.html").is_file():
            call("demo", "--out", str(folder))
        return folder / "encoder"
    if run.encoder != OWN:
        return Path(run.encoder)
    folder = options.out / options.name / "own" / _folder(run)
    if not (folder / "encoder").is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        words = ["train", str(songs), "--out", str(folder), "--steps", str(options.own_steps)]
        settings = ["--set", *run.history.training] if run.history.training else []
        call(*words, "--seed", str(run.seed), *settings)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return folder


def _folder(run: Run) -> str:
    """A folder's name for a history, its seed and its chain."""
    words = f"{run.history.name} {run.seed} {run.chain.name}"
    return "-".join("".join(c if c.isalnum() else " " for c in words).split())


def theme_truths(songs: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What each theme of a comparison is made of.

    Args:
        songs: `songs.csv` of a report, with `theme` and `truth`.

    Returns:
        For each theme the most frequent `truth` of its songs, their share, and how many songs.
    """
    told = {}
    for theme, own in songs.groupby("theme"):
        counts = own["truth"].value_counts()
        told[str(theme)] = {
            "truth": str(counts.index[0]),
            "share": round(float(counts.iloc[0] / len(own)), 3),
            "songs": len(own),
        }
    return told


def outcome(results: dict[str, Any], songs: pd.DataFrame) -> dict[str, Any]:
    """What a comparison said, with what its themes are made of.

    Args:
        results: of `results.json`; keys that a state of the method lacks are left out.
        songs: `songs.csv` beside it.
    """
    claims = results.get("claims", {})
    tests = results.get("tests") or {
        key: value
        for key, value in results.items()
        if isinstance(value, dict) and "p" in value and "expected" in value
    }
    made_of = theme_truths(songs)
    themes = [
        {"name": theme["name"], "status": theme["status"], **made_of.get(str(theme["name"]), {})}
        for theme in results.get("themes", [])
        if theme["name"]
    ]
    placebo = results.get("placebo") or {}
    return {
        "verdict": results["verdict"],
        "reasons": results.get("reasons", []),
        "claims": {
            name: {key: claim.get(key) for key in ("verdict", "p", "effect", "reasons")}
            for name, claim in claims.items()
        },
        "tests": {name: test["p"] for name, test in tests.items() if test.get("p") is not None},
        "placebo_p": placebo.get("p"),
        "themes": themes,
    }


def make_run(run: Run, options: Options) -> dict[str, Any]:
    """Makes one run; a line of runs.jsonl."""
    folder = options.out / "histories" / f"{run.history.name.replace(' ', '-')}-{run.seed}"
    truth: Truth = make(run.history, run.seed, folder, options.recordings)
    songs = hear(folder / "songs.csv", run.chain, run.seed, options.out / "heard" / _folder(run))
    line: dict[str, Any] = dict(zip(("history", "seed", "chain", "encoder"), run.key, strict=True))
    line |= {"group": run.chain.group, "real": run.history.real, "truth": vars(truth)}
    encoder = encoder_of(run, songs, options)
    with tempfile.TemporaryDirectory() as scratch:
        latents, report = Path(scratch) / "latent.parquet", Path(scratch) / "report"
        began = time.process_time()
        call("embed", str(encoder), str(songs), "--out", str(latents))
        embedded = time.process_time()
        call("compare", str(latents), "--run", str(encoder), "--out", str(report))
        line["embed_cpu_s"] = round(embedded - began, 1)
        line["compare_cpu_s"] = round(time.process_time() - embedded, 1)
        results = json.loads((report / "results.json").read_text())
        table = pd.read_csv(report / "songs.csv", keep_default_na=False, dtype=str)
        kept = options.out / options.name / "results" / f"{_folder(run)}-{Path(run.encoder).name}"
        kept.mkdir(parents=True, exist_ok=True)
        for name in ("results.json", "songs.csv"):
            shutil.copyfile(report / name, kept / name)
    return line | outcome(results, table)


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The runs of a file; a line that an interruption left unfinished is left out."""
    lines = []
    for text in file.read_text().splitlines() if file.is_file() else []:
        with contextlib.suppress(json.JSONDecodeError):
            lines.append(json.loads(text))
    return lines


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Makes the missing runs and prints the tables."""
    options = tyro.cli(Options, description=__doc__)
    runs, file = list(planned(options)), options.out / options.name / "runs.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = read_lines(file)
    if lines and not file.read_text().endswith("\n"):
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    kept: Measures = {}
    done = {(line["history"], line["seed"], line["chain"], line["encoder"]) for line in lines}
    failed = 0
    for number, run in enumerate(runs, start=1):
        if run.key in done:
            continue
        _tell(f"run {number} of {len(runs)}: {', '.join(map(str, run.key))}")
        try:
            with contextlib.redirect_stdout(sys.stderr), measured_once(kept):
                line = make_run(run, options)
        except Exception:  # the next run may do; a further call tries this one again
            _tell(traceback.format_exc())
            failed += 1
            continue
        with file.open("a") as journal:
            journal.write(json.dumps(line) + "\n")
        lines.append(line)
    print_tables(lines)
    if failed:
        raise SystemExit(f"{failed} runs failed; they are in no table")


if __name__ == "__main__":
    main()
