"""Songs as they are found -> their cluster in a frozen reference, or novel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.space.embed import embed_waves
from chingolo.analysis.space.embedder import Embedder, load_embedder
from chingolo.analysis.space.references.reference import Reference, assign_songs, load_reference
from chingolo.synth.tables.excerpt import Excerpt, as_excerpt, song_in_memory


@dataclass(frozen=True)
class Recogniser:
    """An encoder and the frozen clusters of its reference songs; a function of a song."""

    embedder: Embedder
    reference: Reference

    @property
    def context_s(self) -> float:
        """How much of the recording before a song is of use, s."""
        return self.embedder.context_s

    def __call__(self, song: np.ndarray | Excerpt, sample_rate: float) -> dict[str, Any]:
        """What `assign_songs` says: `cluster`, `theme` (or `novel`) and `theme_probability`.

        Args:
            song: [samples] audio, or an excerpt of a recording.
            sample_rate: its own, Hz.
        """
        wanted, least = self.embedder.sample_rate, self.embedder.least
        heard = song_in_memory(song, sample_rate=sample_rate, wanted=wanted)
        if len(heard) < least:
            heard = as_excerpt(np.pad(heard.song, (0, least - len(heard))))
        z, _ = embed_waves([heard], self.embedder)
        told = assign_songs(self.reference, z, checkpoint=self.embedder.hash).iloc[0]
        return {
            "cluster": int(told["cluster"]),
            "theme": told["theme"],
            "theme_probability": round(float(told["theme_probability"]), 4),
        }


def recogniser(run: Path, reference: Path) -> Recogniser:
    """Loads an encoder and the frozen clusters of its reference songs, once.

    Args:
        run: of the encoder; see `load_embedder`.
        reference: what `chingolo embed --freeze` wrote with this encoder.

    Raises:
        InputError: if either is missing, or the reference is of another encoder.
    """
    recognise = Recogniser(load_embedder(run, batch=1), load_reference(reference))
    # compiled now: the first song of a live stream must not wait for it
    for samples in recognise.embedder.lengths:
        recognise(np.zeros(samples, np.float32), recognise.embedder.sample_rate)
    return recognise
