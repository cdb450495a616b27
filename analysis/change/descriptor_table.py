"""Acoustic descriptors by era: means, effects within themes with intervals, and p values."""

import numpy as np
import pandas as pd
from scipy import stats

from chingolo.analysis.change.describe_songs import TITLES
from chingolo.analysis.change.design.equal_effort import effort_designs
from chingolo.analysis.change.design.evidence import within_themes
from chingolo.analysis.change.design.permutation import family_wise_p, mean_p
from chingolo.analysis.change.design.unit_means import block_members, contrasts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.descriptors import standardised_difference


def descriptor_table(
    values: pd.DataFrame,
    theme: np.ndarray,
    design: Design,
    kept: np.ndarray,
    drawn_eras: np.ndarray,
) -> dict[str, dict]:
    """Each descriptor by era, with effect size and p adjusted for all of them.

    Args:
        values: [songs] rows of `describe_songs`.
        theme: [songs] themes; effects are within themes.
        design: units, eras and blocks.
        kept: [effort draws, songs] of `equal_effort`; p is averaged over them.
        drawn_eras: [draws, testable units] of `permuted_eras`, behind each p value.

    Returns:
        For each descriptor by name its `title`, the eras' means over tested units (`historical`,
        `modern`), `effect` (of `era_effect`) with `interval`, and `p` (`family_wise_p`).
    """
    names = [name for name in TITLES if name in values.columns]
    measured = values[names].to_numpy(np.float64)
    p = []
    for songs, part in effort_designs(design, kept):
        residuals = within_themes(measured[songs], theme[songs])
        p.append(family_wise_p(standardised_difference(residuals, part, drawn_eras) ** 2))
    adjusted = mean_p(np.array(p))
    tested = kept.any(axis=0)
    era = np.where(tested, design.era[design.unit_of_song], -1)
    rows = {}
    for i, name in enumerate(names):
        of_units = values[name].groupby(design.unit_of_song).mean()
        means = [
            float(of_units[of_units.index.isin(design.unit_of_song[era == code])].mean())
            for code in (0, 1)
        ]
        effect, low, high = era_effect(measured[:, i], theme, design)
        rows[name] = {
            "title": TITLES[name],
            "historical": means[0],
            "modern": means[1],
            "effect": effect,
            "interval": [low, high],
            "p": float(adjusted[i]),
        }
    return rows


def era_effect(
    values: np.ndarray, theme: np.ndarray, design: Design, *, level: float = 0.95
) -> tuple[float, float, float]:
    """How much a quantity differs between the eras within theme and site, every bird counting once.

    Modern less historical over the standard deviation of birds within theme, site and era (Cohen's
    d), that deviation pooled over all cells, so that one bird a site and era is enough. Themes'
    means are estimated together with the era's effect, so that eras of unlike repertoires are not
    drawn together. The interval is that of Student's t for the difference and of Hedges & Olkin
    (1985, Statistical Methods for Meta-Analysis, eq. 5.14) for the deviation.

    Args:
        values: [songs], NaN where not measured.
        theme: [songs] themes.
        design: units, eras and blocks.
        level: of confidence.

    Returns:
        The effect and the ends of its interval; NaN where too few birds were measured.
    """
    nothing = float("nan"), float("nan"), float("nan")
    inside = design.tested_songs & np.isfinite(values)
    unit, units = pd.factorize(design.unit_of_song[inside])
    if not len(units):
        return nothing
    era, block = design.era[units], pd.factorize(design.block[units])[0]
    both = np.array([len(np.unique(era[block == one])) == 2 for one in block])
    if not both.any():
        return nothing
    residual = _without_themes(values[inside], theme[inside].astype(str), era[unit], block[unit])
    means = np.bincount(unit, residual) / np.bincount(unit)
    means, era, block = means[both], era[both], block[both]
    weights = contrasts(era[None], block)[0]
    difference = float(weights @ means)
    freedom = len(means) - len(np.unique(block)) - 1
    if freedom < 1:
        return nothing
    left = means - np.where(era == 1, difference, 0.0)
    for members in block_members(block):
        left[members] -= left[members].mean()
    deviation = float(np.sqrt((left**2).sum() / freedom))
    if deviation < 1e-12:
        return nothing
    effect = difference / deviation
    error = np.sqrt(float((weights**2).sum()) + effect**2 / (2 * freedom))
    half = float(stats.t.ppf(0.5 + level / 2, freedom) * error)
    return effect, effect - half, effect + half


def _without_themes(
    values: np.ndarray, theme: np.ndarray, era: np.ndarray, block: np.ndarray
) -> np.ndarray:
    """[songs] less their theme's mean, fitted with an effect of the era, within blocks."""
    code, names = pd.factorize(theme)
    regressors = np.concatenate([np.eye(len(names))[code], era[:, None]], axis=1)
    centred = np.concatenate([regressors, values[:, None]], axis=1)
    for members in block_members(block):
        centred[members] -= centred[members].mean(axis=0)
    fitted = np.linalg.lstsq(centred[:, :-1], centred[:, -1], rcond=None)[0]
    return values - fitted[code]
