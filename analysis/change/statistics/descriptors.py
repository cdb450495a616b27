"""Acoustic descriptors within themes: the largest of their standardised differences."""

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence, within_themes
from chingolo.analysis.change.design.unit_means import contrasts, unit_means, within_blocks
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Statistic


def descriptor_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """[draws] largest squared standardised difference among the descriptors."""
    assert evidence.descriptors is not None
    assert evidence.theme is not None
    residuals = within_themes(evidence.descriptors, evidence.theme)
    return (standardised_difference(residuals, design, eras) ** 2).max(axis=1)


def standardised_difference(residuals: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """Difference of the eras in residuals within themes, over the spread among units.

    Args:
        residuals: [songs, quantities] of `within_themes`.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1.

    Returns:
        [draws, quantities] modern less historical in standard deviations of units within blocks.
    """
    block = design.block[design.testable]
    units = unit_means(design) @ residuals
    spread = within_blocks(units, block).std(axis=0)
    spread = np.where(spread > 1e-12, spread, np.inf)
    return contrasts(eras, block) @ units / spread


DESCRIPTORS = Statistic(
    name="descriptors",
    title="Acoustic descriptors within themes",
    values=descriptor_values,
    needs=("themes", "descriptors"),
    words="acoustic descriptors within themes",
)
