"""Real syllables without labels: does self-distillation beat the spectrogram itself?

Labelled syllables of Bengalese finches (a song table with `label` and `individual`). For every bird
and every recording of it, an encoder is trained on the bird's other recordings, labels unread. Each
syllable of the recording left out then takes the label of its nearest neighbour among the others;
balanced accuracy (mean recall of the labels) is over all syllables of the bird. Beside it stand the
flattened log-mel clip and its first 16 principal components, neighbours taken in the same way.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
import tyro
from sklearn.decomposition import PCA
from sklearn.metrics import balanced_accuracy_score

from benchmarks.methods import embedding, in_batches
from synth.songs import read_song_table
from train.checkpoint import load_encoder
from train.data import Corpus, clip_samples, fit_clip, load_corpus
from train.frontend import log_mel
from train.loop import train
from train.presets import Encoder, FrontEnd, Method, Preset, Views, change

SYLLABLES = Preset(
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
    encoder=Encoder(dimensions=64),
    method=Method(
        name="dino",
        projection=64,
        prototypes=64,
        koleo=0.1,
        teacher_temperature=(0.02, 0.02),
        label_weight=0.0,
    ),
    steps=300,
)
"""Clips of 0.13 s around one syllable: no noise floor is taken off, the syllable fills the clip."""


@dataclass(frozen=True)
class SyllablesConfig:
    """Leaves one recording out at a time; prints balanced accuracies by bird and seed."""

    table: Path = Path("../shared/recordings/bengalese_syllables.csv")
    """Song table of syllables, with `label` and `individual`."""

    steps: int = 300
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
    preset = change(replace(SYLLABLES, steps=config.steps), config.set)
    table = read_song_table(config.table)
    corpus = load_corpus(table, preset.front_end)
    samples = clip_samples(preset.front_end)
    clips = np.stack([fit_clip(song, samples, 0.5) for song in corpus.songs])
    flat = spectrograms(clips, preset.front_end)
    label = table["label"].to_numpy(str)
    bird = table["individual"].to_numpy(str)
    recording = table["path"].to_numpy(str)
    print(f"{'bird':12}{'seed':>5}{'log-mel':>9}{'PCA 16':>9}{preset.method.name:>9}", flush=True)
    for name in np.unique(bird):
        of_bird = bird == name
        for seed in range(config.seeds):
            told = {kind: label.astype(object) for kind in ("log-mel", "PCA 16", "learned")}
            for held in np.unique(recording[of_bird]):
                test = np.flatnonzero(recording == held)
                rest = np.flatnonzero(of_bird & (recording != held))
                pca = PCA(16, random_state=0).fit(flat[rest])
                z = learn(preset, corpus.choose(rest), clips, seed)
                for kind, x in (("log-mel", flat), ("PCA 16", pca.transform(flat)), ("learned", z)):
                    told[kind][test] = nearest(x[rest], label[rest], x[test])
            truth = label[of_bird]
            scores = [
                balanced_accuracy_score(truth, found[of_bird].astype(str))
                for found in told.values()
            ]
            print(f"{name:12}{seed:5}" + "".join(f"{score:9.3f}" for score in scores), flush=True)


def learn(preset: Preset, corpus: Corpus, clips: np.ndarray, seed: int) -> np.ndarray:
    """Trains on a corpus, labels unread, and embeds all clips."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        quiet = replace(preset, checkpoint_every=10**9)
        train(run, quiet, corpus=corpus, source=None, seed=seed, report=lambda line: None)
        return embedding(load_encoder(run), clips)


if __name__ == "__main__":
    main()
