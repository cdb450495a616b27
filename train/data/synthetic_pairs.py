"""Fresh synthetic pairs of a repertoire, as training draws them."""

from collections.abc import Sequence

import numpy as np

from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.surrogates.pairs import draw_pairs
from chingolo.train.data.batches import PairSource


def pair_source(
    repertoire: Repertoire, recorders: Sequence[Recorder], front_end: FrontEnd
) -> PairSource:
    """The source of pairs of a repertoire's themes, whose names are its `theme_names`.

    Args:
        repertoire: themes.
        recorders: to draw from; their order matters.
        front_end: gives rate and length of the clips.
    """

    def source(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pairs = draw_pairs(
            repertoire,
            seed=seed,
            count=count,
            sample_rate=front_end.sample_rate,
            clip_s=front_end.clip_s,
            recorders=recorders,
        )
        return pairs.first, pairs.second, pairs.theme

    return source
