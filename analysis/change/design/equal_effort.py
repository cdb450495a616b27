"""Equal effort: songs drawn so that units of both eras have alike numbers of them."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from chingolo.analysis.change.design.unit_means import block_members
from chingolo.analysis.change.design.units import Design

DRAWS = 20
"""Draws of songs that each test is averaged over."""

MOST_SONGS = 4000
"""Of one draw, in the mean; what distances between all pairs of songs take grows by its square."""


def equal_effort(design: Design, *, draws: int = DRAWS, most: int = MOST_SONGS) -> np.ndarray:
    """Draws the songs that the tests go by, many times over.

    A unit's mean scatters more the fewer songs it is of, so where one era has 2 songs of each bird
    and the other 16, birds are not exchangeable between the eras even with no change, and a
    permutation test is not exact (the Behrens-Fisher problem; Romano 1990). Within each block the
    units of an era are ranked by their numbers of songs, and each keeps at random no more songs
    than the unit of the same rank (quantile) in the other era has.

    Args:
        design: units, eras and blocks, and the seed of the draws.
        draws: how many; one where each would keep all songs.
        most: songs of a draw beyond which units of many songs keep fewer.

    Returns:
        [draws, songs] bool: songs kept, of testable units alone; each of them keeps at least one.
    """
    generator = np.random.default_rng(design.seed)
    tested = design.testable
    inside = design.tested_songs
    counts = np.bincount(design.unit_of_song[inside], minlength=len(design.era))
    cap = _cap(counts[tested], most)
    kept = np.stack([_draw(design, inside, counts, cap, generator) for _ in range(draws)])
    return kept[:1] if (kept == inside).all() else kept


def effort_designs(design: Design, kept: np.ndarray) -> Iterator[tuple[np.ndarray, Design]]:
    """For each of [draws, songs] the songs kept and their design; units stay those of all songs."""
    for songs in kept:
        yield songs, dataclasses.replace(design, unit_of_song=design.unit_of_song[songs])


def _draw(
    design: Design, inside: np.ndarray, counts: np.ndarray, cap: int, generator: np.random.Generator
) -> np.ndarray:
    wanted = np.array(counts)
    for members in block_members(np.where(design.testable, design.block, -1)):
        if not design.testable[members[0]]:
            continue
        old, young = (members[design.era[members] == era] for era in (0, 1))
        for own, other in ((old, young), (young, old)):
            # ties in random order, so that no unit is favoured by its place
            ranked = own[np.lexsort((generator.random(len(own)), counts[own]))]
            quantile = (np.arange(len(own)) + 0.5) / len(own)
            theirs = np.sort(counts[other])[(quantile * len(other)).astype(int)]
            wanted[ranked] = np.minimum(counts[ranked], theirs)
    wanted = np.minimum(wanted, cap)
    order = generator.permutation(len(design.unit_of_song))
    order = order[np.argsort(design.unit_of_song[order], kind="stable")]
    unit = design.unit_of_song[order]
    first = np.searchsorted(unit, unit)
    kept = np.zeros(len(unit), dtype=bool)
    kept[order] = inside[order] & (np.arange(len(unit)) - first < wanted[unit])
    return kept


def _cap(counts: np.ndarray, most: int) -> int:
    """Largest number of songs a unit at which all units together have at most `most`."""
    if counts.sum() <= most:
        return int(counts.max(initial=1))
    caps = np.arange(1, counts.max() + 1)
    totals = np.array([np.minimum(counts, cap).sum() for cap in caps])
    return int(caps[max(int(np.searchsorted(totals, most, side="right")) - 1, 0)])
