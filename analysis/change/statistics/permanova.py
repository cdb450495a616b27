"""PERMANOVA of the units' means: of the vectors, and of what is left of them within themes."""

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence, within_themes
from chingolo.analysis.change.design.unit_means import unit_means, within_blocks
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Figure, Statistic


def permanova_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """PERMANOVA (Anderson 2001) of the units' mean vectors on era, after blocks: R2 of each draw.

    Euclidean distances, so that the sum of squares due to era is that of the contrast of means;
    with blocks, of the era within blocks. Pseudo-F is (units - blocks - 1) R2 / (1 - R2 - R2 of
    the blocks).

    Returns:
        [draws] share of the total sum of squares that the era takes.
    """
    return _explained(evidence.z, design, eras)


def within_themes_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """[draws] R2 of vectors less their theme's mean: finds how themes are sung, not which."""
    assert evidence.theme is not None
    return _explained(within_themes(evidence.z, evidence.theme), design, eras)


def _explained(z: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    block = design.block[design.testable]
    means = unit_means(design) @ z.astype(np.float64)
    means = means - means.mean(axis=0)
    contrast = within_blocks(eras.T.astype(np.float64), block).T
    explained = ((contrast @ means) ** 2).sum(axis=1) / (contrast**2).sum(axis=1)
    return explained / max(float((means**2).sum()), 1e-300)


PERMANOVA = Statistic(
    name="permanova",
    title="PERMANOVA, share of variance (R²)",
    values=permanova_values,
    needs=("vectors",),
    source="Anderson 2001",
    words="PERMANOVA",
    figure=Figure("r2"),
)

WITHIN_THEMES = Statistic(
    name="within_themes",
    title="PERMANOVA within themes",
    values=within_themes_values,
    needs=("vectors", "themes"),
    source="Anderson 2001",
    words="PERMANOVA within themes",
)
