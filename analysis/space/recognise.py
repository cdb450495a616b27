"""Songs as they are found -> their cluster in a frozen reference, or novel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from chingolo.analysis.space.embed import cut, make_embedder
from chingolo.analysis.space.reference import assign_songs, load_reference
from chingolo.synth.spectra.clip import clip_samples
from chingolo.train.run.trained_encoder import load_encoder


def recogniser(run: Path, reference: Path) -> Callable[[np.ndarray, float], dict[str, Any]]:
    """Loads an encoder and the frozen clusters of its reference songs, once.

    Args:
        run: training run of the encoder.
        reference: what `chingolo embed --freeze` wrote with this encoder.

    Returns:
        A function of a song's audio [samples] and its rate, Hz, that gives the columns of
        `assign_songs`: `cluster`, `theme` (or `novel`) and `theme_probability`.

    Raises:
        InputError: if either is missing, or the reference is of another encoder.
    """
    embedder = make_embedder(load_encoder(run), batch=1)
    frozen = load_reference(reference)
    front_end = embedder.encoder.settings.front_end
    samples = clip_samples(front_end)

    def recognise(wave: np.ndarray, sample_rate: float) -> dict[str, Any]:
        if sample_rate != front_end.sample_rate:
            wave = soxr.resample(wave, sample_rate, front_end.sample_rate)
        if len(wave) < front_end.n_fft:
            wave = np.pad(wave, (0, front_end.n_fft - len(wave)))
        blank = np.zeros((embedder.batch - 1, samples), np.float32)
        z = np.zeros(embedder.encoder.settings.encoder.dimensions)
        for clip, edges in cut(np.asarray(wave, np.float32), samples):
            clips = np.concatenate([clip[None], blank])
            latents, _ = embedder.forward((clips, np.tile(edges, (len(clips), 1))))
            z += np.asarray(latents[0], np.float64)
        z = (z / max(float(np.linalg.norm(z)), 1e-12)).astype(np.float32)
        told = assign_songs(frozen, z[None], checkpoint=embedder.encoder.hash).iloc[0]
        return {
            "cluster": int(told["cluster"]),
            "theme": told["theme"],
            "theme_probability": round(float(told["theme_probability"]), 4),
        }

    # compiled now: the first song of a live stream must not wait for it
    recognise(np.zeros(samples, np.float32), front_end.sample_rate)
    return recognise
