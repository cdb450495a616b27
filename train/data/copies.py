"""Recorded songs as other recorders would have heard them, to train on beside the songs."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from chingolo.synth.recorder.families import WIDE_FAMILIES
from chingolo.synth.recorder.hear_recordings import hear_recordings
from chingolo.synth.recorder.wide import wide_recorder
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.content import content_hash
from chingolo.synth.tables.excerpt import Excerpt, as_excerpt
from chingolo.synth.tables.files import counted
from chingolo.train.data.corpus import Corpus

MOST_BYTES = 4 * 2**30
"""Of all copies in memory."""


FAMILY = "wide-1"
"""That recorders are drawn from; key in `WIDE_FAMILIES`."""


def content_of_copies() -> str:
    """The family that `copies_of` draws from, and a short hash of all that it is made of."""
    return f"{FAMILY} {content_hash(WIDE_FAMILIES[FAMILY])}"


def copies_of(
    table: pd.DataFrame,
    corpus: Corpus,
    front_end: FrontEnd,
    count: int,
    *,
    seed: int,
    tell: Callable[[str], None],
) -> list[list[Excerpt]]:
    """The songs of a corpus heard through random recorders, every recording through its own.

    Args:
        table: rows of the corpus's songs.
        corpus: theirs; as many copies are made as stay within `MOST_BYTES`.
        front_end: gives rate, context and the shortest song.
        count: of recorders.
        seed: of the recorders.
        tell: takes lines of progress.

    Returns:
        [recorders][songs].
    """
    size = sum(4 * len(as_excerpt(song).wave) for song in corpus.songs)
    fitting = max(min(count, MOST_BYTES // max(size, 1)), 1)
    if fitting < count:
        tell(f"songs are heard through {counted(fitting, 'recorder')}, not {count}, to fit memory")
    tell(
        f"hearing {counted(len(table), 'song')} through {counted(fitting, 'random recorder')} each"
    )
    copies = [[as_excerpt(song) for song in corpus.songs] for _ in range(fitting)]
    for hearing in hear_recordings(
        table,
        lambda stretch: [
            wide_recorder(np.random.default_rng([seed, 7, number, stretch.number]), FAMILY)
            for number in range(fitting)
        ],
        sample_rate=front_end.sample_rate,
        context_s=front_end.context_s,
        shortest=front_end.n_fft,
    ):
        copies[hearing.recorder][hearing.row] = hearing.song
    return copies
