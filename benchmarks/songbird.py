"""`python -m benchmarks.songbird`: the shipped encoder on real recordings, beside plain log-mel.

Of labelled syllables (a song table with `label` and `individual`): recall where five of each label
are known from half of a bird's recordings and the others are asked, clean and through outside
chains; and agreement of HDBSCAN clusters with the labels. Of songs of several birds: whether the
nearest other song is of the same bird. What was tuned on what is in docs/songbird.md.

`--teach OUT` teaches the encoder anew in place of all that.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import hdbscan
import numpy as np
import pandas as pd
import soxr
import tyro
from scipy.ndimage import map_coordinates
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score, recall_score

from benchmarks.outside_recorders import CHAINS, KEPT, NAMED, UNSEEN, missing
from chingolo.analysis.space.embed import embed_waves
from chingolo.analysis.space.embedder import Embedder, load_embedder
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import song_mel_power
from chingolo.synth.tables.audio import load_excerpt
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.run.teach_songbird import Lessons, teach
from chingolo.train.run.trained_encoder import write_encoder

RATE, FRAMES, CONTEXT_S = 22_050, 32, 1.0
LOG_MEL = FrontEnd(sample_rate=RATE, n_fft=256, hop=64, noise="none")
SHOTS, DRAWS, FEWEST = 5, 30, 3
Embed = Callable[[list[Excerpt]], np.ndarray]


@dataclass(frozen=True)
class Options:
    """Which figures."""

    recordings: Path = Path("../shared/recordings")
    """Folder of real recordings."""

    encoders: tuple[str, ...] = ("songbird",)
    """Shipped encoders, those that installed packages bring (`birdnet`), or training runs."""

    groups: tuple[str, ...] = (NAMED, UNSEEN, KEPT)
    """Groups of outside chains."""

    chains: tuple[str, ...] = ()
    """Only these chains, by name."""

    seed: int = 100
    """Of the chains."""

    teach: Path | None = None
    """Folder to write an encoder to that is taught anew."""

    lessons: Lessons = field(default_factory=Lessons)
    """What it is taught with."""


def log_mel_vectors(songs: list[Excerpt]) -> np.ndarray:
    """[songs, frames * bands] log-mel above 40 dB below the loudest, resized, of length 1."""
    vectors = []
    for song in songs:
        power = song_mel_power(song.song, LOG_MEL)
        level = 10 * np.log10(np.maximum(power, 1e-12))
        level = np.maximum(level - level.max(), -40) + 40
        time = np.linspace(0, len(level) - 1, FRAMES)
        grid = np.meshgrid(time, np.arange(level.shape[1]), indexing="ij")
        vectors.append(map_coordinates(level, grid, order=1).ravel())
    return unit(np.array(vectors))


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def vectors_of(embedder: Embedder) -> Embed:
    """Vectors of sounds at `RATE`, which an encoder of another rate hears resampled."""
    rate = embedder.sample_rate

    def vectors(songs: list[Excerpt]) -> np.ndarray:
        heard = [
            Excerpt(
                song.wave if rate == RATE else soxr.resample(song.wave, RATE, rate),
                round(song.start * rate / RATE),
                round(song.stop * rate / RATE),
            )
            for song in songs
        ]
        return embed_waves(heard, embedder)[0]

    return vectors


def few_shots(table: pd.DataFrame, known: np.ndarray, asked: np.ndarray) -> float:
    """Macro recall by the nearest mean of five known of each label, over draws of recordings."""
    label, path = table["label"].to_numpy(str), table["path"].to_numpy(str)
    known, asked, scores = unit(known), unit(asked), []
    for draw in range(DRAWS):
        random = np.random.default_rng(draw)
        paths = random.permutation(np.unique(path))
        first = np.isin(path, paths[: len(paths) // 2])
        means = {}
        for name in np.unique(label):
            rows = np.flatnonzero(first & (label == name))
            if len(rows) >= SHOTS and (~first & (label == name)).sum() >= FEWEST:
                means[name] = known[random.permutation(rows)[:SHOTS]].mean(axis=0)
        names = np.array(list(means))
        rows = np.flatnonzero(~first & np.isin(label, names))
        told = names[(asked[rows] @ unit(np.array(list(means.values()))).T).argmax(axis=1)]
        scores.append(recall_score(label[rows], told, average="macro", labels=names))
    return float(np.mean(scores))


def agreement(table: pd.DataFrame, x: np.ndarray) -> float:
    """AMI of HDBSCAN on 16 principal components with the labels, mean over three sizes."""
    z = PCA(16, random_state=0).fit_transform(unit(x))
    told = [
        hdbscan.HDBSCAN(min_cluster_size=size, approx_min_span_tree=False).fit_predict(z)
        for size in (5, 8, 12)
    ]
    return float(np.mean([adjusted_mutual_info_score(table["label"], one) for one in told]))


def same_bird(bird: np.ndarray, known: np.ndarray, asked: np.ndarray) -> float:
    """Share of songs whose nearest other song is of the same bird, of birds with two at least."""
    near = unit(asked) @ unit(known).T
    np.fill_diagonal(near, -np.inf)
    _, number, songs = np.unique(bird, return_inverse=True, return_counts=True)
    return float((bird[near.argmax(axis=1)] == bird)[songs[number] > 1].mean())


@dataclass(frozen=True)
class Set:
    """Marked sounds of recordings."""

    name: str
    table: pd.DataFrame
    recordings: dict[str, np.ndarray]
    """Path -> [samples] at `RATE`."""

    def heard(self, apply: Callable[[np.ndarray], np.ndarray]) -> list[Excerpt]:
        """The sounds, with a second on each side, of the recordings heard through something."""
        waves = {path: apply(wave) for path, wave in self.recordings.items()}
        songs, context = [], round(CONTEXT_S * RATE)
        for row in self.table.itertuples():
            wave = waves[str(row.path)]
            start, stop = round(float(row.start_s) * RATE), round(float(row.end_s) * RATE)  # type: ignore[arg-type]
            first = max(start - context, 0)
            songs.append(Excerpt(wave[first : stop + context], start - first, stop - first))
        return songs


def marked(name: str, table: pd.DataFrame) -> Set:
    """Reads the recordings of a table."""
    whole = {path: pd.Series({"path": path}) for path in table["path"].unique()}
    return Set(
        name,
        table.reset_index(drop=True),
        {
            path: load_excerpt(row, sample_rate=RATE, context_s=0).wave
            for path, row in whole.items()
        },
    )


def songs_of_birds(folder: Path) -> Set:
    """Great tits of two males, and the sparrows of each recording; unmarked edges by level."""
    sparrows = read_song_table(folder / "zonotrichia_songs.csv")
    sparrows = sparrows.assign(bird=sparrows["path"])
    tits = []
    for file in sorted((folder / "great_tit").glob("*.wav")):
        row = pd.Series({"path": str(file)})
        wave = load_excerpt(row, sample_rate=RATE, context_s=0).wave
        level = song_mel_power(wave, LOG_MEL).sum(axis=1)
        loud = np.flatnonzero(level > level.max() * 10**-2.5) * LOG_MEL.hop / RATE
        bird = file.name.split("-")[1]
        end = loud[-1] + LOG_MEL.hop / RATE
        tits.append({"path": str(file), "start_s": loud[0], "end_s": end, "bird": bird})
    return marked("songs", pd.concat([sparrows, pd.DataFrame(tits)], ignore_index=True))


def main() -> None:
    """Prints the figures."""
    options = tyro.cli(Options, description=__doc__)
    if options.teach is not None:
        write_encoder(options.teach, teach(options.lessons))
        return
    ways: dict[str, Embed] = {
        **{name: vectors_of(load_embedder(name)) for name in options.encoders},
        "log-mel": log_mel_vectors,
    }
    chains = [
        chain
        for chain in CHAINS
        if (chain.name in options.chains if options.chains else chain.group in options.groups)
        and chain.speed == 1
        and not missing(chain)
    ]
    table = read_song_table(options.recordings / "bengalese_syllables.csv")
    sets = [
        marked(str(bird), table[table["individual"] == bird])
        for bird in table["individual"].unique()
    ] + [songs_of_birds(options.recordings)]
    print(f"{'':12}{'':22}" + "".join(f"{way:>12}" for way in [*ways, "32 of PCA"]))
    for these in sets:
        clean = {way: embed(these.heard(lambda wave: wave)) for way, embed in ways.items()}
        components = PCA(min(32, len(these.table) - 1), random_state=0).fit(clean["log-mel"])
        clean["32 of PCA"] = components.transform(clean["log-mel"])

        def score(asked: dict[str, np.ndarray], these: Set = these, clean=clean) -> list[float]:
            if these.name == "songs":
                bird = these.table["bird"].to_numpy(str)
                return [same_bird(bird, clean[way], asked[way]) for way in clean]
            return [few_shots(these.table, clean[way], asked[way]) for way in clean]

        def show(what: str, scores: list[float], name: str = these.name) -> None:
            print(f"{name:12}{what[:21]:22}" + "".join(f"{x:12.3f}" for x in scores), flush=True)

        if these.name != "songs":
            show("AMI", [agreement(these.table, x) for x in clean.values()])
        show("clean", score(clean))
        through = []
        for chain in chains:
            songs = these.heard(lambda wave, chain=chain: chain.apply(wave, RATE, options.seed))
            heard = {way: embed(songs) for way, embed in ways.items()}
            heard["32 of PCA"] = components.transform(heard["log-mel"])
            through.append(score(heard))
            print(f"{these.name} {chain.name} {np.round(through[-1], 3)}", file=sys.stderr)
        if through:
            show(f"{len(through)} outside chains", np.mean(through, axis=0).tolist())


if __name__ == "__main__":
    main()
