"""Tests of a change between two eras; units are permuted within blocks, songs never."""

import numpy as np

from analysis.permutation import (
    blocked_contrast,
    combined_p,
    permutation_p,
    permuted_eras,
    unit_matrix,
)
from analysis.themes import composition_statistic
from analysis.units import Design


def energy_statistic(z: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """Energy distance between the eras (Szekely & Rizzo 2013) for every draw of eras.

    2 E|X-Y| - E|X-X'| - E|Y-Y'|, as a V-statistic, where every unit counts as one random song of
    its own; with several blocks it is the mean of the distances within blocks.

    Args:
        z: [songs, dimensions] vectors.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1, as `permuted_eras` draws them.

    Returns:
        [draws] distances in the units of z.
    """
    return blocked_contrast(-unit_matrix(z, design), eras, design.block[design.testable])


def change_tests(
    z: np.ndarray,
    theme: np.ndarray,
    design: Design,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """All tests of one change, on the same permutations of units within blocks.

    Args:
        z: [songs, dimensions] vectors.
        theme: [songs] name of the theme of each song, "" for none; found without the eras.
        design: units, eras and blocks.
        permutations: number of permutations.
        seed: seed of the permutations.

    Returns:
        `energy` with `distance`, the mean `expected` over the permutations and `p`;
        `composition.p` of the themes' shares; `combined.p` of both at once, which the verdict
        goes by.
    """
    eras = permuted_eras(design, permutations=permutations, seed=seed)
    statistics = {
        "energy": energy_statistic(z, design, eras),
        "composition": composition_statistic(theme, design, eras),
    }
    energy = statistics["energy"]
    return {
        "energy": {
            "distance": float(energy[0]),
            "expected": float(energy[1:].mean()),
            "p": permutation_p(energy),
        },
        "composition": {"p": permutation_p(statistics["composition"])},
        "combined": {"p": combined_p(statistics)},
    }
