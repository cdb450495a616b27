"""Shares of the themes: whether one came, went, or became more or less common."""

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.theme_counts import ThemeCounts, theme_counts
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
    values = share_differences(theme_counts(evidence.theme, design), design, eras)
    return values.max(axis=1, initial=0.0)


def share_differences(themes: ThemeCounts, design: Design, eras: np.ndarray) -> np.ndarray:
    """[draws, themes] squared differences in share over their variance; 0 where all sing alike.

    Args:
        themes: of `theme_counts`.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1.
    """
    shares = unit_shares(themes, design)[:, themes.sung]
    variance = shares.var(axis=0)
    difference = contrasts(eras, design.block[design.testable]) @ shares
    return np.where(variance > 1e-12, difference**2 / np.maximum(variance, 1e-12), 0.0)


def unit_shares(themes: ThemeCounts, design: Design) -> np.ndarray:
    """[testable units, themes] shares among each unit's songs of some theme; "" has 0.

    Songs of no theme are left out: how many there are depends on the songs sampled of each bird. A
    unit without any song of a theme has the mean of the others.
    """
    sung = np.where(themes.sung, themes.counts[design.testable], 0.0)
    totals = sung.sum(axis=1, keepdims=True)
    shares = sung / np.maximum(totals, 1)
    heard = totals[:, 0] > 0
    return np.where(heard[:, None], shares, shares[heard].mean(axis=0) if heard.any() else 0.0)


COMPOSITION = Statistic(
    name="composition",
    title="Shares of the themes",
    values=composition_values,
    needs=("themes",),
    words="theme shares",
    claim="repertoire",
)
