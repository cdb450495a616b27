"""Differences of two eras in many measures at once, for every permutation, with missing values."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from chingolo.analysis.change.design.unit_means import block_members

PRIOR_UNITS = 4.0
"""Units that the other measures' spread counts for in each measure's own: with few birds a spread
is poorly known, and one that is small by chance would make a claim (Smyth, Stat. Appl. Genet. Mol.
Biol. 3, 3, 2004, equation for the moderated variance; there the number is fitted)."""


@dataclass(frozen=True)
class EraContrast:
    """Modern less historical, measure by measure."""

    difference: np.ndarray
    """[draws, measures] NaN where an era has no unit in any common block."""

    variance: np.ndarray
    """[draws, measures] of that difference."""

    freedom: np.ndarray
    """[draws, measures] degrees of freedom of the variance."""


def unit_medians(values: np.ndarray, unit_of_song: np.ndarray, units: int) -> np.ndarray:
    """Median over the songs of each unit that a measure is known of.

    Args:
        values: [songs, measures] NaN where not measured.
        unit_of_song: [songs] index, -1 for none.
        units: how many there are.

    Returns:
        [units, measures] NaN where no song of the unit was measured.
    """
    medians = np.full((units, values.shape[1]), np.nan)
    for unit in range(units):
        own = values[unit_of_song == unit]
        known = np.isfinite(own).any(axis=0)
        medians[unit, known] = np.nanmedian(own[:, known], axis=0)
    return medians


def typical_variance(values: np.ndarray, block: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Median, over the measures of a kind, of the variance within blocks, whatever the era.

    Args:
        values: [units, measures].
        block: [units].
        kind: [measures] names.

    Returns:
        [measures]; of all kinds where a kind has none that is known, 0 where nothing is.
    """
    squares, freedom = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for members in block_members(block):
        part = values[members]
        known = np.isfinite(part)
        count = known.sum(axis=0)
        total = np.where(known, part, 0.0).sum(axis=0)
        centred = np.where(known, part - total / np.maximum(count, 1), 0.0)
        squares += (centred**2).sum(axis=0)
        freedom += np.maximum(count - 1, 0)
    told = freedom > 0
    own = squares / np.maximum(freedom, 1)
    typical = np.full(values.shape[1], np.median(own[told]) if told.any() else 0.0)
    for name in np.unique(kind):
        alike = told & (kind == name)
        if alike.any():
            typical[kind == name] = np.median(own[alike])
    return typical


def era_contrast(
    values: np.ndarray, eras: np.ndarray, block: np.ndarray, prior: np.ndarray
) -> EraContrast:
    """Least squares of each measure on the era, with an effect of each block.

    A block weighs by n_h n_m / (n_h + n_m), n the units of either era in which the measure is
    known, which is the least-squares estimate. The variance is that of the residuals, joined with
    the typical one; it needs no two units in a cell, so that sites of one bird an era are pairs.

    Args:
        values: [units, measures] NaN where not known.
        eras: [draws, units] 0 or 1.
        block: [units].
        prior: [measures] typical variance of a unit; see `typical_variance`.

    Returns:
        The contrast, for each draw.
    """
    known = np.isfinite(values)
    shape = (len(eras), values.shape[1])
    numerator, weight, squares, freedom = (np.zeros(shape) for _ in range(4))
    for members in block_members(block):
        mask = known[members].astype(float)
        filled = np.where(known[members], values[members], 0.0)
        count = mask.sum(axis=0)
        filled = np.where(mask > 0, filled - filled.sum(axis=0) / np.maximum(count, 1), 0.0)
        modern = eras[:, members].astype(float)
        n_modern = modern @ mask
        n_historical = count - n_modern
        sum_modern = modern @ filled
        both = (n_modern > 0) & (n_historical > 0)
        part = np.where(both, n_modern * n_historical / np.maximum(count, 1), 0.0)
        # values are centred in the block, so the historical sum is the modern one's negative
        step = sum_modern / np.maximum(n_modern, 1) + sum_modern / np.maximum(n_historical, 1)
        numerator += part * step
        weight += part
        squares += np.where(both, (filled**2).sum(axis=0), 0.0)
        freedom += np.where(both, count - 1, 0.0)
    told = weight > 0
    weight = np.where(told, weight, 1.0)
    difference = np.where(told, numerator / weight, np.nan)
    left = np.maximum(squares - numerator**2 / weight, 0.0)
    freedom = np.maximum(freedom - 1, 0.0) + PRIOR_UNITS
    spread = (left + PRIOR_UNITS * prior) / freedom
    return EraContrast(difference, np.where(told, spread / weight, np.nan), freedom)


def as_normal(t: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """|t| of unlike degrees of freedom as the |z| of equal tail, so that a maximum is fair."""
    return stats.norm.isf(stats.t.sf(np.abs(t), freedom))
