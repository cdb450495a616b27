"""Songs as they are found -> their cluster in a frozen reference, or novel."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import soxr

from analysis.cluster import NOISE, assign, fit_clusters
from analysis.embed import cut, encode
from analysis.latent_table import read_latent_table
from synth.files import InputError
from train.checkpoint import load_encoder
from train.data import clip_samples

NOVEL = "novel"


def recogniser(
    run: Path, reference: Path | None = None
) -> Callable[[np.ndarray, float], dict[str, Any]]:
    """Loads an encoder and clusters its reference songs, once.

    Args:
        run: training run of the encoder.
        reference: latent table of the reference songs that this run embedded; default:
            RUN/latent.parquet.

    Returns:
        A function of a song's audio [samples] and its rate, Hz, that gives `cluster` (its number,
        the largest being 0, or `novel`), `cluster_probability`, and the nearest reference song's
        `nearest_label` where the reference has labels.

    Raises:
        InputError: if either is missing, or the reference was embedded by another run.
    """
    encoder = load_encoder(run)
    path = run / "latent.parquet" if reference is None else reference
    if reference is None and not path.is_file():
        raise InputError(
            f"{path}: no reference songs; make them with `chingolo embed {run} SONGS --out "
            f"{path}`, or give --reference"
        )
    latents = read_latent_table(path)
    if latents.run.get("checkpoint") != encoder.hash:
        raise InputError(f"{path}: was embedded by another run than {run}")
    clusters = fit_clusters(latents.z)
    labels = latents.songs["label"].to_list() if "label" in latents.songs.columns else None
    front_end = encoder.preset.front_end
    samples = clip_samples(front_end)
    forward = jax.jit(partial(encode, encoder))
    # compiled now: the first song of a live stream must not wait for it
    jax.block_until_ready(forward(np.zeros((1, samples), np.float32)))

    def recognise(wave: np.ndarray, sample_rate: float) -> dict[str, Any]:
        if sample_rate != front_end.sample_rate:
            wave = soxr.resample(wave, sample_rate, front_end.sample_rate)
        clips = cut(np.asarray(wave, np.float32), samples)
        z = np.mean([np.asarray(forward(clip[None])[0][0], np.float64) for clip in clips], axis=0)
        z = (z / max(float(np.linalg.norm(z)), 1e-12)).astype(np.float32)
        cluster, probability = assign(clusters, z[None])
        row: dict[str, Any] = {
            "cluster": NOVEL if cluster[0] == NOISE else int(cluster[0]),
            "cluster_probability": round(float(probability[0]), 4),
        }
        if labels is not None:
            row["nearest_label"] = labels[int(np.argmax(latents.z @ z))]
        return row

    return recognise
