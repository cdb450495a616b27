"""How a song is sung does not go by the encoder: it is measured for the first one alone."""

import contextlib
import hashlib
from collections.abc import Iterator
from unittest import mock

import numpy as np

from chingolo.analysis.change.drift import measure_copies, song_measures
from chingolo.analysis.change.drift.song_measures import SongMeasures, measure_song

MOST_KEPT = 2000
"""Measured songs that are kept for the next encoder."""

Measures = dict[bytes, SongMeasures]
"""By what is heard of a song."""


@contextlib.contextmanager
def measured_once(kept: Measures) -> Iterator[None]:
    """Within it `compare` measures no song that is kept.

    Args:
        kept: grows by what is measured, up to `MOST_KEPT`.
    """

    def measure(wave: np.ndarray, sample_rate: int) -> SongMeasures:
        if len(kept) > MOST_KEPT:
            kept.clear()
        heard = np.ascontiguousarray(wave)
        key = hashlib.sha256(heard.tobytes() + str(sample_rate).encode()).digest()
        if key not in kept:
            kept[key] = measure_song(wave, sample_rate)
        return kept[key]

    with (
        mock.patch.object(song_measures, "measure_song", measure),
        mock.patch.object(measure_copies, "measure_song", measure),
    ):
        yield
