"""Songs -> latent vectors with a trained encoder."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.spectra.clip import clip_samples, fit_clip
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError
from chingolo.train.parallel import local_devices, parallel_apply
from chingolo.train.run.trained_encoder import TrainedEncoder, apply_encoder, load_encoder


@dataclass(frozen=True)
class Embedder:
    """A trained encoder, compiled for this host's devices."""

    encoder: TrainedEncoder
    batch: int
    """Clips at a time, over all devices."""

    forward: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    """[batch, samples] -> z [batch, dimensions] and probabilities [batch, classes]."""

    @property
    def about(self) -> dict[str, Any]:
        """What a latent table tells of the run that made it."""
        front_end, method = self.encoder.preset.front_end, self.encoder.preset.method.name
        classes = self.encoder.classes
        return {
            "checkpoint": self.encoder.hash,
            "sample_rate": front_end.sample_rate,
            "clip_s": front_end.clip_s,
            "front_end": f"{front_end.n_mels} mels, {front_end.f_min:g}-{front_end.f_max:g} Hz",
            "method": method + (f" with the labels of {len(classes)} classes" if classes else ""),
            "classes": list(classes),
        }


def make_embedder(run: Path, *, batch: int = 64) -> Embedder:
    """Loads an encoder and lays it out on this host's devices.

    Args:
        run: a training run, or an exported encoder.
        batch: clips at a time over all devices, rounded up to a multiple of their number.

    Raises:
        InputError: if the run cannot be read.
    """
    encoder = load_encoder(run)
    batch = -(-batch // local_devices()) * local_devices()

    def forward(params: dict[str, Any], clips: Array) -> tuple[Array, Array]:
        return encode(dataclasses.replace(encoder, params=params), clips)

    return Embedder(encoder, batch, parallel_apply(forward, encoder.params))


def embed(
    table: pd.DataFrame,
    run: Path,
    *,
    batch: int = 64,
    tell: Callable[[str], None] = lambda line: None,
) -> LatentTable:
    """Turns every song into a latent vector, all in memory; `space.embed_table` streams.

    Args:
        table: song table with absolute paths.
        run: a training run, or an exported encoder.
        batch: clips at a time.
        tell: takes lines of progress.

    Returns:
        The rows with z [songs, dimensions], and the columns of `predictions`.

    Raises:
        InputError: if the run or audio cannot be read, or a vector is not finite.
    """
    embedder = make_embedder(run, batch=batch)
    z, probability = embed_songs(table, embedder, tell=tell)
    columns = predictions(embedder.encoder.classes, probability)
    songs = table.copy()
    for name in columns.columns:
        songs[name] = columns[name].to_numpy()
    return LatentTable(songs=songs, z=z, made_by=embedder.about)


def predictions(classes: tuple[str, ...], probability: np.ndarray) -> pd.DataFrame:
    """What a run with a classifier says of [songs, classes] probabilities.

    `predicted_label` and `predicted_probability` are the best class and that class's probability:
    low for a song unlike all classes, so it is no evidence for a class by itself. No columns
    without a classifier.
    """
    if not classes:
        return pd.DataFrame()
    best = [classes[i] for i in probability.argmax(axis=1)]
    return pd.DataFrame({"predicted_label": best, "predicted_probability": probability.max(axis=1)})


def embed_songs(
    table: pd.DataFrame,
    embedder: Embedder,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and class probabilities of the rows of a song table.

    A song shorter than the preset's clip stands in the middle of one clip; a longer one is cut into
    clips that overlap by half, and its vector is the mean over them. Vectors have length 1.

    Args:
        table: song table with absolute paths; its index counts rows in messages.
        embedder: of `make_embedder`.
        tell: takes lines of progress.

    Returns:
        z [songs, dimensions] float32 and probabilities [songs, classes].

    Raises:
        InputError: if audio cannot be read, or a vector is not finite.
    """
    front_end = embedder.encoder.preset.front_end
    samples, batch = clip_samples(front_end), embedder.batch
    z = np.zeros((len(table), embedder.encoder.preset.encoder.dimensions), np.float64)
    probability = np.zeros((len(table), len(embedder.encoder.classes)), np.float64)
    count = np.zeros(len(table))
    waiting: list[tuple[int, np.ndarray]] = []

    def flush() -> None:
        # one shape for all batches: one compilation
        clips = np.zeros((batch, samples), np.float32)
        for place, (_, clip) in enumerate(waiting):
            clips[place] = clip
        latents, probabilities = embedder.forward(clips)
        for place, (row, _) in enumerate(waiting):
            z[row] += latents[place]
            probability[row] += probabilities[place]
            count[row] += 1
        waiting.clear()

    def load(row: int) -> np.ndarray:
        return load_song(table.iloc[row], sample_rate=front_end.sample_rate)

    with ThreadPoolExecutor(4) as readers:
        for start in range(0, len(table), batch):
            rows = range(start, min(start + batch, len(table)))
            for row, song in zip(rows, readers.map(load, rows), strict=True):
                if len(song) < front_end.n_fft:
                    raise InputError(
                        f"row {table.index[row] + 1} ({table['path'].iloc[row]}): a song of "
                        f"{len(song)} samples is shorter than one window of {front_end.n_fft} "
                        "samples"
                    )
                for clip in cut(song, samples):
                    waiting.append((row, clip))
                    if len(waiting) == batch:
                        flush()
                if (row + 1) % 500 == 0:
                    tell(f"{row + 1} of {len(table)} songs")
    if waiting:
        flush()
    z = z / np.maximum(count, 1)[:, None]
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    bad = ~np.isfinite(z).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"row {table.index[row] + 1} ({table['path'].iloc[row]}): its vector is not finite"
        )
    return z.astype(np.float32), probability / np.maximum(count, 1)[:, None]


def cut(song: np.ndarray, samples: int) -> list[np.ndarray]:
    """Clips [samples] of a song: one if it is not longer, else overlapping by at least half."""
    clips = 1 if len(song) <= samples else 1 + int(np.ceil((len(song) - samples) / (samples / 2)))
    positions = [0.5] if clips == 1 else np.linspace(0, 1, clips).tolist()
    return [fit_clip(song, samples, position) for position in positions]


def encode(encoder: TrainedEncoder, clips: Array) -> tuple[Array, Array]:
    """Latent vectors of length 1 and class probabilities of waveforms [batch, samples]."""
    z, probability = apply_encoder(encoder, clips)
    return z / (jnp.linalg.norm(z, axis=1, keepdims=True) + 1e-12), probability
