"""A song with what is heard around it in its recording."""

from dataclasses import dataclass

import numpy as np


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
