"""One song of each of five recordings, sung 200 times, trains a network that names the others.

`python -m benchmarks.one_shot [FOLDER]` needs the recordings beside the project. For each of five
seeds it prints the share of the other marked songs whose recording is named, and the confusion
matrix; then the same for the nearest neighbour on log-mel among the same five recorded songs.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.space.embed_table import embed_table
from chingolo.synth.fit.fit_table import fit_songs
from chingolo.synth.fit.quality import song_mel_power
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.data.read_songs import load_corpus
from chingolo.train.run.train_encoder import train_in_folder
from chingolo.train.settings.registry import PRESETS
from chingolo.train.settings.training import Views

RECORDINGS = Path(__file__).parents[2] / "shared" / "recordings"
NAMES = ("XC11293", "XC465157", "XC506362", "XC53516", "XC89322")
COPIES = 200
SEEDS = 5

SETTINGS = replace(
    PRESETS["cpu"],
    front_end=FrontEnd(hop=128),
    views=Views(
        shift_s=0.3,
        crop_scale=(0.8, 1.0),
        filter_db=8.0,
        noise_share=0.5,
        mixup=0.2,
        tape_share=0.25,
        time_mask_s=0.2,
        frequency_mask=8,
    ),
    steps=200,
)
"""Frames of 6 ms, for trills of 10 and of 16 notes a second must be told apart; strong views, for
the surrogates know no field's echoes, wind and neighbours."""


def main(folder: Path) -> None:
    """Fits, trains, names, prints."""
    table = read_song_table(RECORDINGS / "zonotrichia_songs.csv")
    table["label"] = [Path(path).stem for path in table["path"]]
    table = table[table["label"].isin(NAMES)].reset_index(drop=True)
    first = ~table["label"].duplicated()
    folder.mkdir(parents=True, exist_ok=True)
    table[first].to_csv(folder / "first.csv", index=False)
    made = fit_songs(
        folder / "first.csv", folder / "fit", copies=COPIES, spread="individual", channel="random"
    ).songs
    copies = made[made["fit_copy"] > 0].reset_index(drop=True)
    corpus = load_corpus(copies, SETTINGS.front_end, label_column="label", classes=NAMES)
    others = table[~first].reset_index(drop=True)
    for seed in range(SEEDS):
        run = folder / f"run{seed}"
        if not (run / "encoder").is_dir():
            train_in_folder(
                run,
                SETTINGS,
                corpus=corpus,
                source=None,
                classes=NAMES,
                seed=seed,
                tell=lambda line: None,
            )
        named = embed_table(others, run).songs["predicted_label"].to_numpy()
        tell(f"network trained on surrogates alone, seed {seed}", others["label"].to_numpy(), named)
    tell("nearest neighbour on log-mel", others["label"].to_numpy(), _nearest(table[first], others))


def _nearest(known: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """The label of the recorded song with the highest log-mel correlation at the best shift."""

    def picture(song: pd.Series) -> np.ndarray:
        level = np.log(song_mel_power(load_song(song, sample_rate=RATE))[::2] + 1e-6)
        return np.maximum(level - np.median(level, axis=0), 0)

    stored = [picture(song) for _, song in known.iterrows()]
    named = []
    for _, song in others.iterrows():
        heard = picture(song)
        scores = [_best_correlation(heard, other) for other in stored]
        named.append(known["label"].iloc[int(np.argmax(scores))])
    return np.array(named)


def _best_correlation(first: np.ndarray, second: np.ndarray) -> float:
    size = 2 * max(len(first), len(second))
    spectra = np.fft.rfft(first, size, axis=0) * np.conj(np.fft.rfft(second, size, axis=0))
    overlap = np.fft.irfft(spectra.sum(axis=1), size)
    return float(overlap.max() / np.sqrt((first**2).sum() * (second**2).sum()))


def tell(title: str, truth: np.ndarray, named: np.ndarray) -> None:
    """Prints the share that is right and the confusion matrix."""
    right = int((truth == named).sum())
    print(f"\n{title}: {right} of {len(truth)} right ({100 * right / len(truth):.0f} %)")
    print(pd.crosstab(pd.Series(truth, name="recording"), pd.Series(named, name="named")))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()))
