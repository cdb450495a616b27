"""Songs -> latent vectors with a trained encoder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from analysis.latent_table import LatentTable
from synth.files import InputError
from synth.songs import load_song
from train.checkpoint import TrainedEncoder, apply_encoder, load_encoder
from train.data import clip_samples, fit_clip


def embed(
    table: pd.DataFrame,
    run: Path,
    *,
    batch: int = 64,
    report: Callable[[str], None] = lambda line: None,
) -> LatentTable:
    """Turns every song into a latent vector.

    A song shorter than the preset's clip stands in the middle of one clip; a longer one is cut into
    clips that overlap by half, and its vector is the mean over them. Vectors have length 1.

    Args:
        table: song table with absolute paths.
        run: a training run, or an exported encoder.
        batch: clips at a time.
        report: takes lines of progress.

    Returns:
        The rows with z [songs, dimensions]. If the run has a classifier, `predicted_label` and
        `predicted_probability` are its best class and that class's probability: low for a song
        unlike all classes, so it is no evidence for a class by itself.

    Raises:
        InputError: if the run or audio cannot be read, or a vector is not finite.
    """
    encoder = load_encoder(run)
    front_end = encoder.preset.front_end
    samples = clip_samples(front_end)
    forward = jax.jit(partial(encode, encoder))
    z = np.zeros((len(table), encoder.preset.encoder.dimensions), np.float64)
    probability = np.zeros((len(table), len(encoder.classes)), np.float64)
    count = np.zeros(len(table))
    waiting: list[tuple[int, np.ndarray]] = []

    def flush() -> None:
        # one shape for all batches: one compilation
        clips = np.zeros((batch, samples), np.float32)
        for place, (_, clip) in enumerate(waiting):
            clips[place] = clip
        latents, probabilities = map(np.asarray, forward(clips))
        for place, (row, _) in enumerate(waiting):
            z[row] += latents[place]
            probability[row] += probabilities[place]
            count[row] += 1
        waiting.clear()

    for row in range(len(table)):
        song = load_song(table.iloc[row], sample_rate=front_end.sample_rate)
        if len(song) < front_end.n_fft:
            raise InputError(
                f"row {row + 1} ({table['path'].iloc[row]}): a song of {len(song)} samples is "
                f"shorter than one window of {front_end.n_fft} samples"
            )
        for clip in cut(song, samples):
            waiting.append((row, clip))
            if len(waiting) == batch:
                flush()
        if (row + 1) % 500 == 0:
            report(f"{row + 1} of {len(table)} songs")
    if waiting:
        flush()
    z = z / count[:, None]
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    bad = ~np.isfinite(z).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(f"row {row + 1} ({table['path'].iloc[row]}): its vector is not finite")
    songs = table.copy()
    if encoder.classes:
        probability /= count[:, None]
        songs["predicted_label"] = [encoder.classes[i] for i in probability.argmax(axis=1)]
        songs["predicted_probability"] = probability.max(axis=1)
    about = {
        "checkpoint": encoder.hash,
        "sample_rate": front_end.sample_rate,
        "clip_s": front_end.clip_s,
        "front_end": f"{front_end.n_mels} mels, {front_end.f_min:g}-{front_end.f_max:g} Hz",
        "method": encoder.preset.method.name
        + (f" with the labels of {len(encoder.classes)} classes" if encoder.classes else ""),
        "classes": list(encoder.classes),
    }
    return LatentTable(songs=songs, z=z.astype(np.float32), run=about)


def cut(song: np.ndarray, samples: int) -> list[np.ndarray]:
    """Clips [samples] of a song: one if it is not longer, else overlapping by at least half."""
    clips = 1 if len(song) <= samples else 1 + int(np.ceil((len(song) - samples) / (samples / 2)))
    positions = [0.5] if clips == 1 else np.linspace(0, 1, clips).tolist()
    return [fit_clip(song, samples, position) for position in positions]


def encode(encoder: TrainedEncoder, clips: Array) -> tuple[Array, Array]:
    """Latent vectors of length 1 and class probabilities of waveforms [batch, samples]."""
    z, probability = apply_encoder(encoder, clips)
    return z / (jnp.linalg.norm(z, axis=1, keepdims=True) + 1e-12), probability
