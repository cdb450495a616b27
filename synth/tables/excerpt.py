"""A song with what is heard around it in its recording."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chingolo.synth.tables.audio import length_s, load_song


@dataclass(frozen=True)
class Excerpt:
    """A stretch of recording, and where the song stands in it; its length is the song's."""

    wave: np.ndarray
    """[samples] float32."""

    start: int
    """First sample of the song."""

    stop: int
    """The sample behind its last."""

    def __len__(self) -> int:
        """Samples of the song."""
        return self.stop - self.start

    @property
    def song(self) -> np.ndarray:
        """[samples] the song alone."""
        return self.wave[self.start : self.stop]


def as_excerpt(song: np.ndarray | Excerpt) -> Excerpt:
    """A song of which nothing is known around it is its own excerpt."""
    return song if isinstance(song, Excerpt) else Excerpt(song, 0, len(song))


def load_excerpt(song: pd.Series, *, sample_rate: int, context_s: float) -> Excerpt:
    """Loads one row of a song table with up to `context_s` of its recording on each side.

    Args:
        song: row of a song table.
        sample_rate: wanted, Hz.
        context_s: s; 0 gives the song alone, as `load_song`.

    Raises:
        InputError: as `load_audio`.
    """
    start, end = (float(song.get(name, np.nan)) for name in ("start_s", "end_s"))
    alone = load_song(song, sample_rate=sample_rate)
    if context_s <= 0 or (np.isnan(start) and np.isnan(end)):
        return as_excerpt(alone)
    length = length_s(song["path"])
    start = 0.0 if np.isnan(start) else start
    end = length if np.isnan(end) else end
    first, last = max(0.0, start - context_s), max(end, min(length, end + context_s))
    wider = song.astype(object)
    wider["start_s"], wider["end_s"] = first, last
    wave = load_song(wider, sample_rate=sample_rate)
    at = min(round((start - first) * sample_rate), len(wave) - 1)
    return Excerpt(wave, at, min(at + len(alone), len(wave)))
