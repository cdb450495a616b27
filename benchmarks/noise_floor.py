"""Syllables cut at their edges, by what is taken for noise: does the ear still hear them?

Labelled syllables of Bengalese finches as log-mel clips less a noise floor, without any encoder.
Five examples of each type give its mean; the others go to the nearest mean (cosine). Mean recall
over types with at least ten examples, over 20 draws of the five.
"""

import dataclasses
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
from sklearn.metrics import recall_score

from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.spectra.noise_floor import above_noise, heard_frames
from chingolo.synth.tables.audio import load_excerpt
from chingolo.synth.tables.excerpt import as_excerpt
from chingolo.synth.tables.song_table import read_song_table

TABLE = Path(__file__).parents[2] / "shared" / "recordings" / "bengalese_syllables.csv"
EAR = FrontEnd(clip_s=0.46)
SHOTS, FEWEST, DRAWS = 5, 10, 20


def heard(table: pd.DataFrame, noise: str, *, context: bool) -> np.ndarray:
    """[syllables, features] of length 1."""
    ear = dataclasses.replace(EAR, noise=noise)
    rows = []
    for place in range(len(table)):
        cut = load_excerpt(table.iloc[place], sample_rate=ear.sample_rate, context_s=1.0)
        clip, edges = clip_of(cut if context else as_excerpt(cut.song), clip_samples(ear), 0.5)
        power = log_mel(jnp.asarray(clip[None]), ear)
        told = heard_frames(power, ear, jnp.asarray([edges]))
        rows.append(np.asarray(above_noise(power, ear, told)).reshape(-1))
    return np.array([row / max(float(np.linalg.norm(row)), 1e-9) for row in rows])


def few_shot(features: np.ndarray, label: np.ndarray) -> float:
    """Mean recall over the types, by the nearest mean of five examples."""
    names, counts = np.unique(label, return_counts=True)
    names = names[counts >= FEWEST]
    recalls = []
    for draw in range(DRAWS):
        random = np.random.default_rng(draw)
        order = [random.permutation(np.flatnonzero(label == name)) for name in names]
        means = np.array([features[rows[:SHOTS]].mean(axis=0) for rows in order])
        means = means / np.linalg.norm(means, axis=1, keepdims=True)
        rest = np.concatenate([rows[SHOTS:] for rows in order])
        found = names[(features[rest] @ means.T).argmax(axis=1)]
        recalls.append(recall_score(label[rest], found, average="macro", labels=names))
    return float(np.mean(recalls))


def main() -> None:
    """Prints the table."""
    table = read_song_table(TABLE)
    print("| noise floor | " + " | ".join(sorted(set(table["individual"]))) + " |")
    print("| --- | --- | --- |")
    for told, noise, context in (
        ("the song's own median (version 0.1)", "median", False),
        ("what the quiet neighbouring bands allow", "floor", False),
        ("background around the song, else the same", "floor", True),
    ):
        features = heard(table, noise, context=context)
        figures = []
        for bird in sorted(set(table["individual"])):
            own = (table["individual"] == bird).to_numpy()
            figures.append(f"{few_shot(features[own], table['label'].to_numpy()[own]):.3f}")
        print(f"| {told} | " + " | ".join(figures) + " |")


if __name__ == "__main__":
    main()
