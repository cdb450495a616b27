"""Permutation of units within blocks, for all permutations at once by matrix products."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse, stats
from sklearn.metrics import pairwise_distances_chunked

from chingolo.analysis.change.design import Design


def permuted_eras(design: Design, *, permutations: int, seed: int) -> np.ndarray:
    """Draws eras for the testable units, shuffled within blocks.

    Args:
        design: units, eras and blocks.
        permutations: number of draws.
        seed: seed of the draws.

    Returns:
        [1 + permutations, testable units] 0 or 1; the first row holds the true eras.
    """
    generator = np.random.default_rng(seed)
    era = design.era[design.testable]
    block = design.block[design.testable]
    drawn = np.tile(era, (permutations + 1, 1))
    for members in _members(block):
        drawn[1:, members] = generator.permuted(drawn[1:, members], axis=1)
    return drawn


def _members(block: np.ndarray) -> Iterator[np.ndarray]:
    for value in np.unique(block):
        yield np.flatnonzero(block == value)


def smallest_p(design: Design, permutations: int) -> float:
    """Smallest p value that the units allow: one over the number of arrangements that differ.

    Where both eras have as many units in every block, exchanging the eras changes no statistic, and
    half of the arrangements are lost.
    """
    era, block = design.era[design.testable], design.block[design.testable]
    if not len(era):
        return 1.0
    arrangements, balanced = 1, True
    for members in _members(block):
        arrangements *= math.comb(len(members), int(era[members].sum()))
        balanced &= 2 * int(era[members].sum()) == len(members)
    return max((2 if balanced else 1) / arrangements, 1.0 / (permutations + 1))


def permutation_p(statistics: np.ndarray) -> float:
    """One-sided p value of the first entry among all, itself included (Phipson & Smyth 2010)."""
    observed = statistics[0]
    tolerance = 1e-9 + 1e-6 * abs(float(observed))
    return float((statistics >= observed - tolerance).mean())


def within_blocks(values: np.ndarray, block: np.ndarray) -> np.ndarray:
    """[units, quantities] less the mean of each unit's block."""
    centred = np.array(values, dtype=np.float64)
    for members in _members(block):
        centred[members] -= centred[members].mean(axis=0)
    return centred


def combined_p(statistics: dict[str, np.ndarray]) -> float:
    """P value of several tests at once: the harmonic mean of their p against its own permutations.

    The harmonic mean (Good 1958; Wilson 2019, eq. 1) follows the smallest p, yet gains where tests
    agree. Every test was permuted with the same draws, so that their dependence is kept and the
    combined level is exact, as in the min-P step of Westfall & Young (1993).

    Args:
        statistics: [draws] of each test, large where the eras differ, the observed one first.
    """
    ranks = [stats.rankdata(-np.round(v / _scale(v), 6), method="max") for v in statistics.values()]
    reciprocals = np.sum(1.0 / np.array(ranks), axis=0)
    return float((reciprocals >= reciprocals[0] * (1 - 1e-9)).mean())


def _scale(values: np.ndarray) -> float:
    return max(float(np.abs(values).max()), 1e-9)


def unit_means(design: Design) -> sparse.csr_matrix:
    """[testable units, songs] weights that average the songs of each testable unit."""
    index = np.full(len(design.era), -1)
    index[design.testable] = np.arange(design.testable.sum())
    row = np.where(design.unit_of_song >= 0, index[design.unit_of_song], -1)
    column = np.flatnonzero(row >= 0)
    row = row[column]
    weights = 1.0 / np.bincount(row, minlength=design.testable.sum())[row]
    shape = (int(design.testable.sum()), len(design.unit_of_song))
    return sparse.csr_matrix((weights, (row, column)), shape=shape)


def unit_matrix(
    z: np.ndarray,
    design: Design,
    kernel: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    one_song: bool = True,
) -> np.ndarray:
    """Mean distance (or kernel of it) between the songs of each two units.

    Args:
        z: [songs, dimensions] vectors.
        design: units of the songs.
        kernel: maps a block of Euclidean distances to values; None leaves distances.
        one_song: whether the diagonal holds the value of a song with itself, so that statistics are
            those expected when one song is drawn from each unit, whatever the numbers of songs;
            else it holds the mean over the unit's own pairs, as for whole copies of units.

    Returns:
        [testable units, testable units] means over song pairs.
    """
    means = unit_means(design)
    used = np.unique(means.indices)
    means = means[:, used]
    rows = pairwise_distances_chunked(
        z[used].astype(np.float64), reduce_func=lambda d, _: d if kernel is None else kernel(d)
    )
    over_columns = np.concatenate([chunk @ means.T for chunk in rows])
    matrix = np.asarray(means @ over_columns)
    matrix = (matrix + matrix.T) / 2
    if one_song:
        np.fill_diagonal(matrix, 0.0 if kernel is None else float(kernel(np.zeros((1, 1)))[0, 0]))
    return matrix


def contrasts(eras: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Weights that take the modern mean less the historical one, blocks made up alike.

    Within a block the eras' means are compared; blocks weigh by n_h n_m / (n_h + n_m), the
    precision of such a difference. This is the difference between the eras after both are weighted
    to the same mixture of blocks.

    Args:
        eras: [draws, units] 0 or 1, shuffled within blocks only.
        block: [units] block of each unit.

    Returns:
        [draws, units] weights; modern ones sum to 1, historical ones to -1.
    """
    weights = np.zeros(eras.shape)
    total = 0.0
    for members in _members(block):
        drawn = eras[:, members]
        modern = int(drawn[0].sum())
        historical = len(members) - modern
        precision = modern * historical / len(members)
        weights[:, members] = precision * (drawn / modern - (1 - drawn) / historical)
        total += precision
    return weights / total


def quadratic(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """U' M u for every row u of [draws, units] weights and a [units, units] matrix."""
    return np.einsum("pu,pu->p", weights @ matrix, weights)


def block_quadratic(matrix: np.ndarray, eras: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Sum over blocks of u' M u within the block, times the block's precision; [draws].

    Unlike `quadratic` of `contrasts`, changes that differ from block to block add up.
    """
    total = np.zeros(len(eras))
    for members in _members(block):
        drawn = eras[:, members]
        modern = int(drawn[0].sum())
        weights = drawn / modern - (1 - drawn) / (len(members) - modern)
        precision = modern * (len(members) - modern) / len(members)
        total += precision * quadratic(matrix[np.ix_(members, members)], weights)
    return total
