"""From songs to units, and from units to differences of the eras, for all permutations at once."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse
from sklearn.metrics import pairwise_distances_chunked

from chingolo.analysis.change.design.units import Design


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
) -> np.ndarray:
    """Mean distance (or kernel of it) between the songs of each two units.

    The diagonal holds the value of a song with itself, so that statistics are those expected when
    one song is drawn from each unit, whatever the numbers of songs; in a design of copies it holds
    the mean over the unit's own pairs, as for whole units.

    Args:
        z: [songs, dimensions] vectors.
        design: units of the songs.
        kernel: maps a block of Euclidean distances to values; None leaves distances.

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
    if not design.copies:
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
    for members in block_members(block):
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
    for members in block_members(block):
        drawn = eras[:, members]
        modern = int(drawn[0].sum())
        weights = drawn / modern - (1 - drawn) / (len(members) - modern)
        precision = modern * (len(members) - modern) / len(members)
        total += precision * quadratic(matrix[np.ix_(members, members)], weights)
    return total


def block_members(block: np.ndarray) -> Iterator[np.ndarray]:
    """The units of each block of [units], block by block."""
    for value in np.unique(block):
        yield np.flatnonzero(block == value)


def within_blocks(values: np.ndarray, block: np.ndarray) -> np.ndarray:
    """[units, quantities] less the mean of each unit's block."""
    centred = np.array(values, dtype=np.float64)
    for members in block_members(block):
        centred[members] -= centred[members].mean(axis=0)
    return centred
