"""Real syllables without labels: does self-distillation beat the spectrogram itself?

Labelled syllables of Bengalese finches (a song table with `label` and `individual`). One recording
of every bird is left out at a time, and an encoder is trained on all others, labels unread. Each
syllable of a recording left out then takes the label of its nearest neighbour among its bird's
other recordings; balanced accuracy (mean recall of the labels) is over all syllables of the bird.
Beside it stand the flattened log-mel clip and its first 16 principal components, neighbours taken
in the same way. With all labels known there is little left to gain on clean recordings, so the same
is told where one syllable of each label is known (mean over draws).
"""

from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
import tyro
from sklearn.decomposition import PCA
from sklearn.metrics import balanced_accuracy_score

from benchmarks.methods import embedding, in_batches
from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.data.read_songs import load_corpus
from chingolo.train.encoders.cnn import CNNSettings
from chingolo.train.methods.dino import DINOSettings
from chingolo.train.run.train_encoder import train_corpus
from chingolo.train.settings.change import change
from chingolo.train.settings.training import TrainingSettings, Views

SYLLABLES = TrainingSettings(
    front_end=FrontEnd(
        sample_rate=32000,
        n_fft=512,
        hop=64,
        n_mels=64,
        f_min=500.0,
        f_max=12000.0,
        noise="none",
        clip_s=0.128,
    ),
    views=Views(
        shift_s=0.01,
        crop_scale=(1.0, 1.0),
        gain_db=6.0,
        fader_db=3.0,
        filter_db=4.0,
        noise_share=0.5,
        noise_db=(-30.0, -10.0),
        mixup=0.1,
        tape_share=0.0,
        time_mask_s=0.02,
        frequency_mask=8,
    ),
    encoder=CNNSettings(dimensions=64),
    method=DINOSettings(projection=64, prototypes=64),
    steps=500,
)
"""Clips of 0.13 s around one syllable: no noise floor is taken off, the syllable fills the clip."""


DRAWS = 20
"""Draws of one known syllable of each label."""


@dataclass(frozen=True)
class SyllablesConfig:
    """Leaves one recording of each bird out at a time; prints balanced accuracies."""

    table: Path = Path("../shared/recordings/bengalese_syllables.csv")
    """Song table of syllables, with `label` and `individual`."""

    steps: int = SYLLABLES.steps
    """Steps of each run."""

    seeds: int = 3
    """Runs of each fold."""

    set: tuple[str, ...] = ()
    """Settings changed, as in `chingolo train --set`."""


def nearest(reference: np.ndarray, label: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Label of the nearest reference vector (cosine) of each query."""

    def unit(x: np.ndarray) -> np.ndarray:
        return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)

    return label[(unit(query) @ unit(reference).T).argmax(axis=1)]


def spectrograms(clips: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Flattened log-mel clips, with silence 60 dB below each clip's loudest point."""
    power = in_batches(jax.jit(lambda x: log_mel(x, front_end)), clips)
    power = np.maximum(power, power.max(axis=1, keepdims=True) - 6 * np.log(10))
    return power - power.min(axis=1, keepdims=True)


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmark."""
    config = tyro.cli(SyllablesConfig, args=arguments, prog="bench-syllables")
    settings = change(replace(SYLLABLES, steps=config.steps), config.set)
    table = read_song_table(config.table)
    corpus = load_corpus(table, settings.front_end)
    samples = clip_samples(settings.front_end)
    clips = np.stack([clip_of(song, samples, 0.5)[0] for song in corpus.songs])
    flat = spectrograms(clips, settings.front_end)
    label = table["label"].to_numpy(str)
    bird = table["individual"].to_numpy(str)
    fold = np.zeros(len(table), int)
    for name in np.unique(bird):
        _, fold[bird == name] = np.unique(table["path"][bird == name], return_inverse=True)
    ways = ("log-mel", "PCA 16", settings.method.name)
    print(f"{'bird':12}{'known':>7}{'seed':>5}" + "".join(f"{way:>9}" for way in ways), flush=True)
    for seed in range(config.seeds):
        # the first row: all labels known; then one of each, drawn anew
        told = {way: np.tile(label.astype(object), (1 + DRAWS, 1)) for way in ways}
        for held in range(fold.max() + 1):
            others = corpus.choose(np.flatnonzero(fold != held))
            encoder = train_corpus(settings, corpus=others, source=None, seed=seed)
            z = embedding(encoder, clips)
            for name in np.unique(bird[fold == held]):
                test = np.flatnonzero((bird == name) & (fold == held))
                rest = np.flatnonzero((bird == name) & (fold != held))
                pca = PCA(16, random_state=0).fit(flat[rest])
                vectors = dict(zip(ways, (flat, pca.transform(flat), z), strict=True))
                for draw in range(1 + DRAWS):
                    known = rest if draw == 0 else one_of_each(rest, label, seed, draw)
                    for way, x in vectors.items():
                        told[way][draw, test] = nearest(x[known], label[known], x[test])
        for name in np.unique(bird):
            rows = bird == name
            scores = np.array(
                [
                    [balanced_accuracy_score(label[rows], x[rows].astype(str)) for x in told[way]]
                    for way in ways
                ]
            )
            for kind, mean in (("all", scores[:, 0]), ("one", scores[:, 1:].mean(axis=1))):
                line = f"{name:12}{kind:>7}{seed:5}" + "".join(f"{score:9.3f}" for score in mean)
                print(line, flush=True)


def one_of_each(rows: np.ndarray, label: np.ndarray, seed: int, draw: int) -> np.ndarray:
    """One of `rows`, at random, for every label that occurs there."""
    mixed = np.random.default_rng((seed, draw, 41)).permutation(rows)
    return mixed[np.unique(label[mixed], return_index=True)[1]]


if __name__ == "__main__":
    main()
