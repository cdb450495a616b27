"""Equal effort: songs drawn so that units of both eras have alike numbers of them."""

import numpy as np

from chingolo.analysis.change.design.units import Design


def equal_effort(design: Design) -> np.ndarray:
    """Draws the songs that the tests go by.

    A unit's mean scatters more the fewer songs it is of, so where one era has 2 songs of each bird
    and the other 16, birds are not exchangeable between the eras even with no change, and a
    permutation test is not exact (the Behrens-Fisher problem; Romano 1990). Within each block the
    units of an era are ranked by their numbers of songs, and each keeps at random no more songs
    than the unit of the same rank (quantile) in the other era has.

    Args:
        design: units, eras and blocks, and the seed of the draw.

    Returns:
        [songs] bool: songs kept; every unit keeps at least one, units in blocks of one era all.
    """
    generator = np.random.default_rng(design.seed)
    counts = np.bincount(design.unit_of_song[design.unit_of_song >= 0], minlength=len(design.era))
    wanted = np.array(counts)
    for block in np.unique(design.block[design.testable]):
        old, young = (
            np.flatnonzero((design.block == block) & (design.era == era)) for era in (0, 1)
        )
        for own, other in ((old, young), (young, old)):
            # ties in random order, so that no unit is favoured by its name
            ranked = own[np.lexsort((generator.random(len(own)), counts[own]))]
            quantile = (np.arange(len(own)) + 0.5) / len(own)
            theirs = np.sort(counts[other])[(quantile * len(other)).astype(int)]
            wanted[ranked] = np.minimum(counts[ranked], theirs)
    order = generator.permutation(len(design.unit_of_song))
    order = order[np.argsort(design.unit_of_song[order], kind="stable")]
    unit = design.unit_of_song[order]
    first = np.searchsorted(unit, unit)
    kept = np.zeros(len(unit), dtype=bool)
    inside = unit >= 0
    kept[order] = inside & (np.arange(len(unit)) - first < wanted[unit])
    return kept
