"""Energy distance between the eras, over all sites and within each."""

from weakref import WeakKeyDictionary

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.unit_means import (
    block_quadratic,
    contrasts,
    quadratic,
    unit_matrix,
)
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Figure, Statistic

# both statistics read one matrix, which takes most of the time; it goes with its evidence
_DISTANCES: WeakKeyDictionary[Evidence, tuple[Design, np.ndarray]] = WeakKeyDictionary()


def _distances(evidence: Evidence, design: Design) -> np.ndarray:
    known = _DISTANCES.get(evidence)
    if known is None or known[0] is not design:
        known = design, unit_matrix(evidence.z, design)
        _DISTANCES[evidence] = known
    return known[1]


def energy_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """Energy distance between the eras (Szekely & Rizzo 2013) for every draw of eras.

    2 E|X-Y| - E|X-X'| - E|Y-Y'|, as a V-statistic, where every unit counts as one random song of
    its own (see `unit_matrix`); with several blocks it is the distance after both eras are weighted
    to the same mixture of blocks.

    Args:
        evidence: vectors of the songs.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1, as `permuted_eras` draws them.

    Returns:
        [draws] distances in the units of z.
    """
    weights = contrasts(eras, design.block[design.testable])
    return quadratic(-_distances(evidence, design), weights)


def within_blocks_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """[draws] energy distances within blocks, summed by the blocks' precision."""
    return block_quadratic(-_distances(evidence, design), eras, design.block[design.testable])


ENERGY = Statistic(
    name="energy",
    title="Energy distance",
    values=energy_values,
    needs=("vectors",),
    source="Székely & Rizzo 2013",
    words="energy distance",
    figure=Figure("distance"),
)

WITHIN_BLOCKS = Statistic(
    name="within_blocks",
    title="Energy distance within sites, summed",
    values=within_blocks_values,
    needs=("vectors", "blocks"),
    source="Székely & Rizzo 2013",
    words="energy distance within sites",
)
