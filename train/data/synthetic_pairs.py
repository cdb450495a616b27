"""Fresh synthetic pairs of a repertoire, as training draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.surrogates.lost_notes import refuse_lost_notes
from chingolo.synth.surrogates.pairs import draw_pairs


@dataclass(frozen=True)
class SyntheticPairs:
    """A source of pairs; plain data, that other processes can be sent."""

    repertoire: Repertoire
    recorders: tuple[Recorder, ...]
    front_end: FrontEnd

    def __call__(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `PairSource`."""
        pairs = draw_pairs(
            self.repertoire,
            seed=seed,
            count=count,
            sample_rate=self.front_end.sample_rate,
            clip_s=self.front_end.clip_s,
            recorders=self.recorders,
        )
        return pairs.first, pairs.second, pairs.theme


def pair_source(
    repertoire: Repertoire, recorders: Sequence[Recorder], front_end: FrontEnd
) -> SyntheticPairs:
    """The source of pairs of a repertoire's themes, whose names are its `theme_names`.

    Args:
        repertoire: themes.
        recorders: to draw from; their order matters.
        front_end: gives rate and length of the clips.

    Raises:
        InputError: if the rate would lose notes.
    """
    refuse_lost_notes(repertoire, front_end.sample_rate)
    return SyntheticPairs(repertoire, tuple(recorders), front_end)
