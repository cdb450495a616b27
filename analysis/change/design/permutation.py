"""Permutation of units within blocks, and the p values that follow."""

import math
from collections.abc import Mapping

import numpy as np
from scipy import stats

from chingolo.analysis.change.design.unit_means import block_members
from chingolo.analysis.change.design.units import Design


def permuted_eras(design: Design, *, permutations: int) -> np.ndarray:
    """Draws eras for the testable units, shuffled within blocks.

    Args:
        design: units, eras and blocks, and the seed of the draws.
        permutations: number of draws.

    Returns:
        [1 + permutations, testable units] 0 or 1; the first row holds the true eras.
    """
    generator = np.random.default_rng(design.seed)
    era = design.era[design.testable]
    block = design.block[design.testable]
    drawn = np.tile(era, (permutations + 1, 1))
    for members in block_members(block):
        drawn[1:, members] = generator.permuted(drawn[1:, members], axis=1)
    return drawn


def resampled(cell: np.ndarray, samples: int, generator: np.random.Generator) -> np.ndarray:
    """[samples, units] how often each is drawn, with replacement within its cell of [units]."""
    drawn = np.zeros((samples, len(cell)))
    for members in block_members(cell):
        alike = np.full(len(members), 1 / len(members))
        drawn[:, members] = generator.multinomial(len(members), alike, samples)
    return drawn


def smallest_p(design: Design, permutations: int) -> float:
    """Smallest p value that the units allow: one over the number of arrangements that differ.

    Where both eras have as many units in every block, exchanging the eras changes no statistic, and
    half of the arrangements are lost.
    """
    era, block = design.era[design.testable], design.block[design.testable]
    if not len(era):
        return 1.0
    arrangements, balanced = 1, True
    for members in block_members(block):
        arrangements *= math.comb(len(members), int(era[members].sum()))
        balanced &= 2 * int(era[members].sum()) == len(members)
    return max((2 if balanced else 1) / arrangements, 1.0 / (permutations + 1))


def permutation_p(statistics: np.ndarray) -> float:
    """One-sided p value of the first entry among all, itself included (Phipson & Smyth 2010)."""
    observed = statistics[0]
    tolerance = 1e-9 + 1e-6 * abs(float(observed))
    return float((statistics >= observed - tolerance).mean())


def family_wise_p(statistics: np.ndarray) -> np.ndarray:
    """[tests] p values of [draws, tests] statistics, each against the largest of all tests.

    The single-step max-T procedure of Westfall & Young (1993, Resampling-Based Multiple Testing):
    with no change in any, the smallest of them is at most a level with that probability.
    """
    largest = statistics.max(axis=1, initial=0.0)
    observed = statistics[0]
    tolerance = 1e-9 + 1e-6 * np.abs(observed)
    return (largest[:, None] >= observed - tolerance).mean(axis=0)


def mean_p(p: np.ndarray) -> np.ndarray:
    """Mean of [draws, ...] p values of one test on several draws of songs, on Cauchy's scale.

    The Cauchy combination (Liu & Xie 2020, J. Am. Stat. Assoc. 115:393, eq. 2) holds its level
    however the draws depend on each other, where the plain mean of p values seldom gets small. Of
    draws that agree it is the p of each.
    """
    inside = np.clip(p, 1e-9, HIGHEST_P)
    combined = 0.5 - np.arctan(np.tan((0.5 - inside) * np.pi).mean(axis=0)) / np.pi
    return np.where((p >= HIGHEST_P).all(axis=0), p.max(axis=0), combined)


HIGHEST_P = 0.9
"""Beyond it a draw's weight against the others would be without bound (p = 1 is infinite)."""


def combined_p(statistics: Mapping[str, np.ndarray]) -> float:
    """P value of several tests at once: the harmonic mean of their p against its own permutations.

    The harmonic mean (Good 1958; Wilson 2019, eq. 1) follows the smallest p, yet gains where tests
    agree. Every test was permuted with the same draws, so that their dependence is kept and the
    combined level is exact, as in the min-P step of Westfall & Young (1993). Of one test it is that
    test's own p.

    Args:
        statistics: [draws] of each test, large where the eras differ, the observed one first.
    """
    if len(statistics) == 1:
        return permutation_p(*statistics.values())
    ranks = [stats.rankdata(-np.round(v / _scale(v), 6), method="max") for v in statistics.values()]
    reciprocals = np.sum(1.0 / np.array(ranks), axis=0)
    return float((reciprocals >= reciprocals[0] * (1 - 1e-9)).mean())


def _scale(values: np.ndarray) -> float:
    return max(float(np.abs(values).max()), 1e-9)
