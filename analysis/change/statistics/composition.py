"""Shares of the themes: whether one came, went, or became more or less common."""

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.unit_means import contrasts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Statistic


def composition_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """Largest squared difference in a theme's share, over the variance of shares among units.

    Args:
        evidence: themes of the songs, "" for none.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1, as `permuted_eras` draws them.

    Returns:
        [draws] statistic, large where a theme came, went, or became more or less common.
    """
    assert evidence.theme is not None
    themes = theme_counts(evidence.theme, design)
    sung = themes.counts[design.testable][:, themes.sung]
    totals = sung.sum(axis=1, keepdims=True)
    # songs of no theme are left out: how many there are depends on the songs sampled of each bird
    shares = np.where(totals > 0, sung / np.maximum(totals, 1), np.nan)
    if not (totals > 0).any():
        return np.zeros(len(eras))
    shares = np.where(np.isnan(shares), np.nanmean(shares, axis=0), shares)
    variance = shares.var(axis=0)
    kept = variance > 0
    if not kept.any():
        return np.zeros(len(eras))
    difference = contrasts(eras, design.block[design.testable]) @ shares[:, kept]
    return (difference**2 / variance[kept]).max(axis=1)


COMPOSITION = Statistic(
    name="composition",
    title="Shares of the themes",
    values=composition_values,
    needs=("themes",),
    placebo=True,
    words="theme shares",
)
