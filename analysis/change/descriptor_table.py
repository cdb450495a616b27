"""Acoustic descriptors by era: means, effects within themes with intervals, and p values."""

import numpy as np
import pandas as pd

from chingolo.analysis.change.describe_songs import TITLES
from chingolo.analysis.change.design.evidence import within_themes
from chingolo.analysis.change.design.permutation import permutation_p
from chingolo.analysis.change.design.unit_means import contrasts, unit_means
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.descriptors import standardised_difference


def descriptor_table(
    values: pd.DataFrame,
    theme: np.ndarray,
    design: Design,
    drawn_eras: np.ndarray,
    *,
    bootstraps: int = 500,
) -> dict[str, dict]:
    """Each descriptor by era, with effect size and Holm-adjusted p.

    Args:
        values: [songs] rows of `describe_songs`.
        theme: [songs] themes; effects are within themes.
        design: units, eras and blocks, and the seed of the samples.
        drawn_eras: [draws, testable units] of `permuted_eras`, behind each p value.
        bootstraps: samples of units behind each interval.

    Returns:
        For each descriptor by name its `title`, the eras' means over units (`historical`,
        `modern`), `effect` (Cohen's d among units, within themes and sites) with `interval`, and
        `p`.
    """
    names = [name for name in TITLES if name in values.columns]
    measured = values[names].to_numpy(np.float64)
    residuals = within_themes(measured, theme)
    effects, spread = standardised_difference(residuals, design, drawn_eras)
    p = holm(np.array([permutation_p(np.abs(column)) for column in effects.T]))
    units = unit_means(design) @ residuals
    drawn = _bootstrap_effects(units, design, bootstraps=bootstraps) / spread
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    rows = {}
    for i, name in enumerate(names):
        column = values[name]
        by_unit = column.groupby(design.unit_of_song).mean()
        means = [
            float(by_unit[by_unit.index.isin(np.flatnonzero(design.era == era))].mean())
            for era in (0, 1)
        ]
        rows[name] = {
            "title": TITLES[name],
            "historical": means[0],
            "modern": means[1],
            "effect": float(effects[0, i]),
            "interval": [float(low[i]), float(high[i])],
            "p": float(p[i]),
        }
    return rows


def _bootstrap_effects(units: np.ndarray, design: Design, *, bootstraps: int) -> np.ndarray:
    """[bootstraps, quantities] differences with units drawn anew within era and block."""
    generator = np.random.default_rng(design.seed)
    era, block = design.era[design.testable], design.block[design.testable]
    weights = contrasts(era[None], block)[0]
    drawn = np.zeros((bootstraps, len(units)))
    for cell in np.unique(2 * block + era):
        members = np.flatnonzero(2 * block + era == cell)
        alike = np.full(len(members), 1 / len(members))
        drawn[:, members] = generator.multinomial(len(members), alike, bootstraps)
    return drawn * weights @ units


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment of [tests] p values (Holm 1979)."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1.0)
    return result
