"""PERMDISP: whether the eras differ in spread."""

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.unit_means import unit_means, within_blocks
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Figure, Statistic


def permdisp_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """PERMDISP (Anderson 2006): F of the dispersions, which stay with their unit in every draw."""
    block = design.block[design.testable]
    values = within_blocks(dispersions(evidence.z, design)[:, None], block)[:, 0]
    contrast = within_blocks(eras.T.astype(np.float64), block).T
    between = (contrast @ values) ** 2 / (contrast**2).sum(axis=1)
    within = np.maximum((values**2).sum() - between, 1e-12 * max(1.0, (values**2).sum()))
    return between / within * max(len(values) - len(np.unique(block)) - 1, 1)


def dispersions(z: np.ndarray, design: Design) -> np.ndarray:
    """Distance of each testable unit's songs from the centre of its era and block.

    The mean over the unit's songs, times sqrt(n / (n - 1)) for n units about a centre, which frees
    small groups from the bias towards their own centre (Stier et al. 2013).

    Returns:
        [testable units] distances in the units of z; 0 for a unit alone in its era and block.
    """
    era, block = design.era[design.testable], design.block[design.testable]
    mean_of = unit_means(design)
    result = np.zeros(len(era))
    for value in np.unique(block):
        for side in (0, 1):
            members = np.flatnonzero((block == value) & (era == side))
            centre = (mean_of[members] @ z).mean(axis=0)
            distance = np.linalg.norm(z - centre, axis=1)
            leverage = len(members) / max(len(members) - 1, 1)
            result[members] = np.sqrt(leverage) * (mean_of[members] @ distance)
    return result


PERMDISP = Statistic(
    name="permdisp",
    title="PERMDISP, difference in spread (F)",
    values=permdisp_values,
    needs=("vectors",),
    source="Anderson 2006",
    remark="PERMDISP tells whether a difference may be one of spread and not of place.",
    figure=Figure("f"),
)
