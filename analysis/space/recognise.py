"""Songs as they are found -> their cluster in a frozen reference, or novel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.space.embed import Embedder, cut, make_embedder
from chingolo.analysis.space.reference import Reference, assign_songs, load_reference
from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.tables.excerpt import Excerpt, as_excerpt, song_in_memory
from chingolo.train.run.trained_encoder import load_encoder


@dataclass(frozen=True)
class Recogniser:
    """An encoder and the frozen clusters of its reference songs; a function of a song."""

    embedder: Embedder
    reference: Reference

    @property
    def context_s(self) -> float:
        """How much of the recording before a song is of use, s."""
        return self.embedder.encoder.settings.front_end.context_s

    def __call__(self, song: np.ndarray | Excerpt, sample_rate: float) -> dict[str, Any]:
        """What `assign_songs` says: `cluster`, `theme` (or `novel`) and `theme_probability`.

        Args:
            song: [samples] audio, or an excerpt of a recording.
            sample_rate: its own, Hz.
        """
        encoder = self.embedder.encoder
        front_end = encoder.settings.front_end
        wanted = front_end.sample_rate
        heard = song_in_memory(song, sample_rate=sample_rate, wanted=wanted)
        if len(heard) < front_end.n_fft:
            more = front_end.n_fft - len(heard)
            heard = as_excerpt(np.pad(heard.song, (0, more)))
        blank = np.zeros((self.embedder.batch - 1, clip_samples(front_end)), np.float32)
        z = np.zeros(encoder.settings.encoder.dimensions)
        for clip, edges in cut(heard, clip_samples(front_end)):
            clips = np.concatenate([clip[None], blank])
            latents, _ = self.embedder.forward((clips, np.tile(edges, (len(clips), 1))))
            z += np.asarray(latents[0], np.float64)
        z = (z / max(float(np.linalg.norm(z)), 1e-12)).astype(np.float32)
        told = assign_songs(self.reference, z[None], checkpoint=encoder.hash).iloc[0]
        return {
            "cluster": int(told["cluster"]),
            "theme": told["theme"],
            "theme_probability": round(float(told["theme_probability"]), 4),
        }


def recogniser(run: Path, reference: Path) -> Recogniser:
    """Loads an encoder and the frozen clusters of its reference songs, once.

    Args:
        run: training run of the encoder.
        reference: what `chingolo embed --freeze` wrote with this encoder.

    Raises:
        InputError: if either is missing, or the reference is of another encoder.
    """
    recognise = Recogniser(make_embedder(load_encoder(run), batch=1), load_reference(reference))
    front_end = recognise.embedder.encoder.settings.front_end
    # compiled now: the first song of a live stream must not wait for it
    recognise(np.zeros(clip_samples(front_end), np.float32), front_end.sample_rate)
    return recognise
