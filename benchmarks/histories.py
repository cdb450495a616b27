"""Histories with a known truth for `make bench-truth`: sung by the command line, or real.

A history is a folder with `songs.csv`, whole recordings, and `truth.json`. Songs of one bird stand
in one recording, in a background of its own, since echoes and gain control reach from song to song.
The column `truth` holds the theme that was sung (or the label by ear); no command reads it.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
import yaml

from chingolo.__main__ import COMMANDS
from chingolo.synth.score.shipped_repertoires import REPERTOIRES

BASE = "zonotrichia_capensis"
OLD, YOUNG = "1966", "2020"
SITES = ("north", "south")
RATE = 22_050
BIRDS = 48
"""Of each era, half of them in each site."""

SONGS = 4
"""Of each bird."""

FEWEST = 15
"""Examples that a syllable type must have in all for its loss to be a test."""

FINCHES = ("bl26lb16", "gy6or6")

SYLLABLES = (
    *("front_end.sample_rate=32000", "front_end.n_fft=512", "front_end.hop=64"),
    *("front_end.f_min=500", "front_end.f_max=12000", "front_end.clip_s=0.128"),
    *("views.shift_s=0.01", "views.time_mask_s=0.02", "views.tape_share=0"),
)
"""`train --set` for syllables: their frames are finer than those of songs (`syllables.py`)."""


@dataclass(frozen=True)
class Truth:
    """What became of the themes, by their names in the column `truth`."""

    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether shares changed."""
        return bool(self.lost or self.new or self.declined)


@dataclass(frozen=True)
class History:
    """One kind of history; a seed makes it one."""

    name: str
    write: Callable[[int, Path, Path | None], Truth]
    """(seed, empty folder, folder of real recordings) -> truth; writes songs.csv and audio."""

    training: tuple[str, ...] = ()
    """`train --set` of an encoder trained on its songs alone."""

    real: bool = False
    """Whether it needs the folder of real recordings."""


def make(history: History, seed: int, folder: Path, recordings: Path | None) -> Truth:
    """The truth of a history; what a finished call wrote is not made anew.

    Args:
        history: which.
        seed: of every draw.
        folder: receives songs.csv, audio and truth.json.
        recordings: folder of real recordings.
    """
    told = folder / "truth.json"
    if not told.is_file():
        with whole_folder(folder) as made:
            truth = history.write(seed, made, recordings)
            (made / told.name).write_text(json.dumps(asdict(truth)))
    return Truth(**{key: tuple(names) for key, names in json.loads(told.read_text()).items()})


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write in, which takes this name, in place of another, once all is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".made-", dir=folder.parent))
    try:
        yield made
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def call(*words: str) -> None:
    """Runs `chingolo WORDS...` in this process.

    Raises:
        RuntimeError: where its status is not 0.
    """
    status = COMMANDS[words[0]].main(words[1:])
    if status:
        raise RuntimeError(f"chingolo {' '.join(words)}: status {status}")


def _shipped() -> dict[str, Any]:
    return yaml.safe_load(REPERTOIRES[BASE].read_text())


def _drawn_themes(seed: int) -> list[str]:
    """The themes of the base in an order drawn by the seed."""
    names = sorted(_shipped()["themes"])
    return [str(name) for name in np.random.default_rng([seed, 101]).permutation(names)]


def _populations(shares: dict[str, dict[str, float]], birds: int) -> list[dict[str, Any]]:
    return [
        {"era": era, "site": site, "individuals": birds // len(SITES), "shares": shares[era]}
        for era in shares
        for site in SITES
    ]


def _sung(content: dict[str, Any], seed: int, folder: Path) -> pd.DataFrame:
    """Songs of a repertoire through no channel, by `chingolo generate`, paths made absolute."""
    folder.mkdir(parents=True, exist_ok=True)
    repertoire, out = folder / "repertoire.yaml", folder / "sung"
    repertoire.write_text(yaml.safe_dump(content, sort_keys=False))
    birds = sum(population["individuals"] for population in content["populations"])
    call(
        *("generate", str(repertoire), "--out", str(out), "--songs", str(birds * SONGS)),
        *("--channel", "none", "--sample-rate", str(RATE), "--seed", str(seed)),
        *("--engine", "wavetable"),
    )
    songs = pd.read_csv(out / "songs.csv", dtype={"era": str})
    return songs.assign(path=[str((out / path).resolve()) for path in songs["path"]])


def background(random: np.random.Generator, samples: int) -> np.ndarray:
    """[samples] of level 1: noise above 150 Hz that falls by 0 to 5 dB an octave."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    slope = random.uniform(0, 5) / 20 / np.log10(2)
    shape = np.where(frequency > 150, (np.maximum(frequency, 150) / 150) ** -slope, 0)
    noise = np.fft.irfft(spectrum * shape, samples)
    return noise / noise.std()


def record(songs: pd.DataFrame, seed: int, folder: Path) -> None:
    """Writes one recording a bird, its songs 1.2 to 3 s apart, and songs.csv.

    Songs are 15 to 30 dB over the background of their recording; the level of a recording varies by
    6 dB either way, as distance does.

    Args:
        songs: of `generate`, one file each, with `label`, `era`, `individual`, `site`.
        seed: of gaps, levels and noise.
        folder: receives audio/ and songs.csv.
    """
    (folder / "audio").mkdir(exist_ok=True)
    rows = []
    birds = songs.groupby(["era", "site", "individual"], sort=True)
    for number, ((era, site, _), own) in enumerate(birds):
        random = np.random.default_rng([seed, 103, number])
        pieces, end = [], int(random.uniform(0.8, 1.6) * RATE)
        name = f"audio/{number:03d}.flac"
        for path, theme in zip(own["path"], own["label"], strict=True):
            wave, _ = soundfile.read(path, dtype="float64")
            sounding = np.flatnonzero(np.abs(wave) > 0.01 * np.abs(wave).max())
            wave = wave[sounding[0] : sounding[-1] + 1]
            margin = 0.1 * RATE
            rows.append(
                {
                    "path": name,
                    "start_s": round((end - margin) / RATE, 4),
                    "end_s": round((end + len(wave) + margin) / RATE, 4),
                    "era": era,
                    "individual": f"b{number:03d}",
                    "site": site,
                    "date": f"{era}-10-{1 + number % 28:02d}",
                    "origin": "synthetic",
                    "truth": theme,
                }
            )
            pieces.append((end, wave))
            end += len(wave) + int(random.uniform(1.2, 3.0) * RATE)
        sung = np.zeros(end)
        for start, wave in pieces:
            sung[start : start + len(wave)] = wave
        loud = np.sqrt(np.mean(np.concatenate([wave for _, wave in pieces]) ** 2))
        noise = background(random, end) * loud * 10 ** (-random.uniform(15, 30) / 20)
        recording = (sung + noise) / np.abs(sung).max()
        recording *= 0.35 * 10 ** (random.uniform(-6, 6) / 20)
        soundfile.write(folder / name, np.clip(recording, -1, 1), RATE)
    pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    for sung in folder.rglob("sung"):
        shutil.rmtree(sung)


def _shares(seed: int, themes: list[str]) -> dict[str, float]:
    random = np.random.default_rng([seed, 107])
    return {theme: float(random.integers(2, 4)) for theme in themes}


def _no_change(seed: int, folder: Path, recordings: Path | None) -> Truth:
    """One population of twice the birds; by lot, half of a site's birds are the young era."""
    shares = _shares(seed, _drawn_themes(seed)[:6])
    content = {"base": BASE, "populations": _populations({OLD: shares}, 2 * BIRDS)}
    songs = _sung(content, seed, folder)
    random = np.random.default_rng([seed, 109])
    for _, own in songs.groupby("site"):
        birds = random.permutation(own["individual"].unique())
        young = songs["individual"].isin(birds[: len(birds) // 2])
        songs.loc[young, "era"] = YOUNG
    record(songs, seed, folder)
    return Truth()


def _lost_and_new(seed: int, folder: Path, recordings: Path | None) -> Truth:
    lost, new, *kept = _drawn_themes(seed)[:6]
    shares = _shares(seed, kept)
    eras = {OLD: {**shares, lost: 2.5}, YOUNG: {**shares, new: 2.5}}
    record(
        _sung({"base": BASE, "populations": _populations(eras, BIRDS)}, seed, folder), seed, folder
    )
    return Truth(lost=(lost,), new=(new,))


def _thinned(seed: int, folder: Path, recordings: Path | None) -> Truth:
    thinned, *kept = _drawn_themes(seed)[:6]
    shares = _shares(seed, kept)
    others = sum(shares.values())
    eras = {
        era: {**shares, thinned: share / (1 - share) * others}
        for era, share in ((OLD, 0.30), (YOUNG, 0.08))
    }
    record(
        _sung({"base": BASE, "populations": _populations(eras, BIRDS)}, seed, folder), seed, folder
    )
    return Truth(declined=(thinned,))


def drifted_repertoire(lower: str, slower: str) -> dict[str, Any]:
    """The shipped repertoire with one theme 8 % lower and the trills of another 15 % slower."""
    content = _shipped()

    def low(name: str) -> str:
        note = dict(content["notes"][name])
        for voice in {"points", "second"} & note.keys():
            note[voice] = [[time, round(0.92 * pitch, 4)] for time, pitch in note[voice]]
        content["notes"][f"{name}_low"] = note
        return f"{name}_low"

    for item in content["themes"][slower]["song"]:
        if isinstance(item, dict) and "trill" in item:
            item["rate"] = round(0.85 * item["rate"], 4)
    song = content["themes"][lower]["song"]
    for index, item in enumerate(song):
        if isinstance(item, str):
            song[index] = low(item)
        elif "trill" in item:
            item["trill"] = low(item["trill"])
    return content


def _drift(seed: int, folder: Path, recordings: Path | None) -> Truth:
    themes = _drawn_themes(seed)[:6]
    lower, slower = themes[:2]
    shares = _shares(seed, themes)
    parts = []
    for era, content in ((OLD, _shipped()), (YOUNG, drifted_repertoire(lower, slower))):
        content["populations"] = _populations({era: shares}, BIRDS)
        parts.append(_sung(content, seed, folder / era))
    record(pd.concat(parts, ignore_index=True), seed, folder)
    return Truth(drifted=(lower, slower))


def _halved(songs: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Whole recordings of each site in two halves by lot, as `era`."""
    random = np.random.default_rng([seed, 113])
    era = pd.Series(OLD, index=songs.index)
    for _, own in songs.groupby("site"):
        files = random.permutation(own["original"].unique())
        era[songs["original"].isin(files[: len(files) // 2])] = YOUNG
    return songs.assign(era=era, origin="recorded")


def finch_songs(bird: str, seed: int, recordings: Path) -> pd.DataFrame:
    """The syllables of one finch, its recordings in two halves.

    Recordings are one unit too few to show anything with (5 or 6), so each is told as stretches of
    ten syllables in `individual`; a half keeps whole recordings. That overstates what is known of a
    single bird, which is the harder test for what must stay silent.
    """
    table = pd.read_csv(recordings / "bengalese_syllables.csv")
    table = table[table["individual"] == bird].sort_values(["path", "start_s"], ignore_index=True)
    number = table.groupby("path").cumcount() // 10
    names = [Path(path).stem for path in table["path"]]
    songs = pd.DataFrame(
        {
            "path": [str((recordings / path).resolve()) for path in table["path"]],
            "start_s": table["start_s"],
            "end_s": table["end_s"],
            "original": table["path"],
            "individual": [f"{name}-{k:02d}" for name, k in zip(names, number, strict=True)],
            "site": "cage",
            "truth": table["label"],
        }
    )
    return _halved(songs, seed)


def _finch(bird: str, dropped: str = "") -> Callable[[int, Path, Path | None], Truth]:
    def write(seed: int, folder: Path, recordings: Path | None) -> Truth:
        assert recordings is not None
        songs = finch_songs(bird, seed, recordings)
        if dropped:
            songs = songs[(songs["era"] == OLD) | (songs["truth"] != dropped)]
        songs.drop(columns="original").to_csv(folder / "songs.csv", index=False)
        return Truth(lost=(dropped,) if dropped else ())

    return write


def _great_tits(seed: int, folder: Path, recordings: Path | None) -> Truth:
    """21 songs of two males, a recording each; a male is a site, as he keeps his own."""
    assert recordings is not None
    table = pd.read_csv(recordings / "recordings.csv", dtype=str)
    table = table[table["path"].str.startswith("great_tit/")]
    songs = pd.DataFrame(
        {
            "path": [str((recordings / path).resolve()) for path in table["path"]],
            "original": table["path"],
            "site": table["individual"],
            "truth": table["individual"],
        }
    )
    _halved(songs, seed).drop(columns="original").to_csv(folder / "songs.csv", index=False)
    return Truth()


def losses(recordings: Path) -> list[History]:
    """One history for each syllable type of a finch with enough examples, dropped from one half."""
    table = pd.read_csv(recordings / "bengalese_syllables.csv")
    counts = {bird: own["label"].value_counts() for bird, own in table.groupby("individual")}
    return [
        History(f"{bird} loses {label}", _finch(bird, str(label)), SYLLABLES, real=True)
        for bird in FINCHES
        for label, count in sorted(counts[bird].items())
        if count >= FEWEST
    ]


GENERATED = (
    History("none", _no_change),
    History("lost_and_new", _lost_and_new),
    History("thinned", _thinned),
    History("drift", _drift),
)
REAL = (
    *(History(f"{bird} halved", _finch(bird), SYLLABLES, real=True) for bird in FINCHES),
    History("great tits halved", _great_tits, real=True),
)
