"""Of many random recorders, those through which the songs of one era sound like the other's.

Approximate Bayesian computation (Beaumont 2010, Annu. Rev. Ecol. Evol. Syst. 41, 379) with the
encoder for its summary: of recorders drawn at random, and then of such as are put together from the
parts of the best, those are kept whose copies of one era's songs lie nearest to the songs of the
other. What recorders made of the eras, if anything, these make as well; and one that destroys songs
brings them near to nothing. A change of song shifts all distances alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from chingolo.analysis.settings import DRAWN, RECORDERS
from chingolo.analysis.space.copies.embed_copies import embed_copies
from chingolo.analysis.space.embedder import Embedder
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.recorder.families import WIDE_FAMILIES
from chingolo.synth.recorder.wide import WideRecorder, wide_recorder
from chingolo.synth.tables.files import counted

FAMILY = "wide-2"
LOOKS = (6, 18)
"""Songs of an era that go through all recorders at first, and through the nearest then."""
SECOND_LOOK = 24
"""Recorders that are looked at twice, each way; twice as many as are kept, if those are more."""
MOST_OTHERS = 1000
"""Songs of the other era that distances are taken to."""
ROUNDS = 2
"""Of recorders put together from the parts of the nearest."""
PARENTS = 12
CHILDREN = 0.3
"""In each round, of those drawn."""


@dataclass(frozen=True)
class ChosenRecorders:
    """Recorders, and how near they bring the eras to each other."""

    recorders: tuple[WideRecorder, ...]

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
            "recorder_parts": [", ".join(name for name, _ in one.parts) for one in self.recorders],
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
    pool = [wide_recorder(seed, FAMILY) for seed in range(max(drawn, count))]
    chosen: list[tuple[float, WideRecorder]] = []
    for era, kept in ((1, count - count // 2), (0, count // 2)):
        own = np.flatnonzero(era_of_song == era)
        first, second = (_representatives(latents, own, look) for look in LOOKS)
        others = _some(latents.z[era_of_song == 1 - era])
        tried = _nearest(pool, first, others, embedder)
        for number in range(ROUNDS):
            random = np.random.default_rng([era, number])
            best = [recorder for _, recorder in tried[:PARENTS]]
            children = [put_together(best, random) for _ in range(round(CHILDREN * len(pool)))]
            tried = sorted([*tried, *_nearest(children, first, others, embedder)], key=_distance)
        tell(f"{counted(len(pool), 'recorder')} tried on songs of era {era}")
        left = [recorder for _, recorder in tried[: max(SECOND_LOOK, 2 * kept)]]
        known = [recorder.parts for _, recorder in chosen]
        near = _nearest(left, second, others, embedder)
        chosen += [one for one in near if one[1].parts not in known][:kept]
    return ChosenRecorders(
        tuple(recorder for _, recorder in chosen),
        len(pool),
        energy_distance(*(_some(latents.z[era_of_song == era]) for era in (0, 1))),
        tuple(distance for distance, _ in chosen),
    )


@dataclass(frozen=True)
class _Few:
    """Few songs that stand for all of an era."""

    songs: pd.DataFrame

    weight: np.ndarray
    """[songs] share of the era's songs that each stands for."""


def _representatives(latents: LatentTable, rows: np.ndarray, count: int) -> _Few:
    """The songs nearest to the centres of k-means, whatever the order of the rows."""
    z = latents.z[rows]
    ordered = np.lexsort(z.T)
    count = min(count, len(np.unique(z, axis=0)))
    found = KMeans(count, random_state=0).fit(z[ordered])
    near = cdist(found.cluster_centers_, z[ordered]).argmin(axis=1)
    sizes = np.bincount(np.asarray(found.labels_), minlength=count)
    few = latents.songs.iloc[rows[ordered[near]]].reset_index(drop=True)
    return _Few(few, sizes / sizes.sum())


def _nearest(
    recorders: Sequence[WideRecorder], few: _Few, others: np.ndarray, embedder: Embedder
) -> list[tuple[float, WideRecorder]]:
    """Recorders, with how far the songs through them lie from the `others`, the nearest first."""
    copies = embed_copies(few.songs, embedder, recorders)
    within = float(cdist(others, others).mean())
    found = [
        energy_distance(copies[:, i], others, few.weight, within_other=within)
        for i in range(len(recorders))
    ]
    return sorted(zip(found, recorders, strict=True), key=_distance)


def _distance(found: tuple[float, WideRecorder]) -> float:
    return found[0]


def put_together(recorders: Sequence[WideRecorder], random: np.random.Generator) -> WideRecorder:
    """A recorder of half the parts, by lot, of two others; a part that both have is one's."""
    one, other = random.choice(len(recorders), 2, replace=len(recorders) < 2)
    parts = dict(recorders[one].parts)
    parts |= {
        name: settings
        for name, settings in recorders[other].parts
        if name not in parts or random.random() < 0.5
    }
    kept = {name: settings for name, settings in parts.items() if random.random() < 0.5}
    order = [chance.part for chance in WIDE_FAMILIES[FAMILY].chances]
    return replace(
        recorders[one],
        parts=tuple((name, kept[name]) for name in order if name in kept),
        seed=int(random.integers(2**32)),
    )


def _some(z: np.ndarray) -> np.ndarray:
    """At most `MOST_OTHERS` of the vectors, whatever their order."""
    if len(z) <= MOST_OTHERS:
        return z
    return z[np.lexsort(z.T)[np.linspace(0, len(z) - 1, MOST_OTHERS).round().astype(int)]]


def energy_distance(
    one: np.ndarray,
    other: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    within_other: float | None = None,
) -> float:
    """Energy distance of two samples (Szekely & Rizzo 2013, J. Stat. Plan. Inference 143, 1249).

    Args:
        one: [songs, dimensions].
        other: [songs, dimensions].
        weight: [songs] of `one`, with the sum 1; None: all alike.
        within_other: mean distance within `other`, where it is known.
    """
    weight = np.full(len(one), 1 / len(one)) if weight is None else weight
    within_other = cdist(other, other).mean() if within_other is None else within_other
    between = weight @ cdist(one, other).mean(axis=1)
    return float(2 * between - weight @ cdist(one, one) @ weight - within_other)
