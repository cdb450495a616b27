"""Of many random recorders, those through which the songs of one era sound like the other's.

Approximate Bayesian computation (Beaumont 2010, Annu. Rev. Ecol. Evol. Syst. 41, 379) with the
encoder for its summary: of recorders drawn at random, those are kept whose copies of one era's
songs lie nearest to the songs of the other. What recorders made of the eras, if anything, these
make as well; and one that destroys songs brings them near to nothing. A change of song shifts all
distances alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from chingolo.analysis.settings import DRAWN, RECORDERS
from chingolo.analysis.space.copies.embed_copies import embed_copies
from chingolo.analysis.space.embed import Embedder
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.recorder.hear_recordings import find_stretches
from chingolo.synth.recorder.wide import WideRecorder, wide_recorder

FAMILY = "wide-2"
LOOKS = (5, 16)
"""Recordings of an era that go through all recorders at first, and through the nearest then."""
SECOND_LOOK = 30
"""Recorders that are looked at twice, each way; twice as many as are kept, if those are more."""


@dataclass(frozen=True)
class ChosenRecorders:
    """Recorders, and how near they bring the eras to each other."""

    recorders: tuple[WideRecorder, ...]

    seeds: tuple[int, ...]
    """[recorders] of `wide_recorder`."""

    drawn: int
    """Of how many they were chosen."""

    apart: float
    """Energy distance of the eras' vectors as they are, of length 1."""

    nearest: tuple[float, ...]
    """[recorders] the same between the songs of one era through each, and those of the other."""

    @property
    def about(self) -> dict[str, Any]:
        """What a latent table tells of them."""
        return {
            "recorders": len(self.recorders),
            "family": FAMILY,
            "recorders_drawn": self.drawn,
            "recorder_seeds": list(self.seeds),
            "eras_apart": self.apart,
            "nearest": list(self.nearest),
        }


def choose_recorders(
    latents: LatentTable,
    era_of_song: np.ndarray,
    embedder: Embedder,
    *,
    count: int = RECORDERS,
    drawn: int = DRAWN,
    tell: Callable[[str], None] = lambda line: None,
) -> ChosenRecorders:
    """Chooses recorders, half of them by what they make of either era.

    Args:
        latents: songs and their vectors as they are, with absolute paths.
        era_of_song: [songs] 0 and 1 for the eras, else neither.
        embedder: that made the vectors.
        count: how many to keep.
        drawn: of how many, at least `count`.
        tell: takes lines of progress.

    Raises:
        InputError: if a recording cannot be read.
    """
    pool = np.arange(max(drawn, count))
    stretches = sorted(find_stretches(latents.songs), key=lambda each: (each.number, each.rows))
    one_each = np.array([stretch.rows[0] for stretch in stretches])  # a random order, and no row's
    chosen: list[int] = []
    nearest: list[float] = []
    for era, kept in ((1, count - count // 2), (0, count // 2)):
        rows = one_each[era_of_song[one_each] == era]
        others = latents.z[era_of_song == 1 - era]
        left = pool
        for look in LOOKS:
            own = latents.songs.iloc[rows[:look]].reset_index(drop=True)
            recorders = [wide_recorder(int(seed), FAMILY) for seed in left]
            copies = embed_copies(own, embedder, recorders)
            apart = np.array([energy_distance(copies[:, i], others) for i in range(len(left))])
            order = np.argsort(apart, kind="stable")
            left, apart = left[order], apart[order]
            if look == LOOKS[0]:
                left = left[: max(SECOND_LOOK, 2 * kept)]
            tell(f"{len(left)} of {len(pool)} recorders make era {era} like the other")
        new = [i for i in range(len(left)) if int(left[i]) not in chosen][:kept]
        chosen += [int(left[i]) for i in new]
        nearest += [float(apart[i]) for i in new]
    eras = (latents.z[era_of_song == era] for era in (0, 1))
    return ChosenRecorders(
        tuple(wide_recorder(seed, FAMILY) for seed in chosen),
        tuple(chosen),
        len(pool),
        energy_distance(*eras),
        tuple(nearest),
    )


def energy_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Energy distance of two samples (Szekely & Rizzo 2013, J. Stat. Plan. Inference 143, 1249).

    Args:
        one: [songs, dimensions].
        other: [songs, dimensions].
    """
    between = cdist(one, other).mean()
    return float(2 * between - cdist(one, one).mean() - cdist(other, other).mean())
