"""The permutation tests beside dcor (energy distance) and scikit-bio (PERMANOVA), CPU seconds.

Both peers get what they can do: one block, one song of each unit. The statistics are checked to
agree before anything is timed.
"""

import time
from collections.abc import Callable

import dcor
import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

from analysis.change import energy_statistic, permanova_statistic
from analysis.permutation import permuted_eras
from analysis.settings import CompareSettings
from analysis.units import find_design, find_eras

SONGS, DIMENSIONS, PERMUTATIONS = 400, 64, 999


def once(work: Callable[[], object]) -> float:
    """CPU time of one run, s: these take seconds, and compile nothing."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure() -> pd.DataFrame:
    """The table: what, ours and the peer's cost of one test with 999 permutations."""
    z = np.random.default_rng(0).normal(size=(SONGS, DIMENSIONS)).astype(np.float32)
    eras = np.repeat(["1966", "2020"], SONGS // 2)
    songs = pd.DataFrame({"path": [f"{i}.wav" for i in range(SONGS)], "era": eras})
    found = find_eras(songs, CompareSettings())
    assert found is not None
    design = find_design(songs, found)
    draws = permuted_eras(design, permutations=PERMUTATIONS, seed=0)
    old, young = z[eras == "1966"].astype(float), z[eras == "2020"].astype(float)

    from skbio import DistanceMatrix
    from skbio.stats.distance import permanova

    matrix = DistanceMatrix(squareform(pdist(z.astype(float))))
    ours = energy_statistic(z, design, draws[:1])[0]
    np.testing.assert_allclose(ours, dcor.energy_distance(old, young), rtol=1e-3)
    share = permanova_statistic(z, design, draws[:1])[0]
    f = permanova(matrix, eras, permutations=0)["test statistic"]
    np.testing.assert_allclose((SONGS - 2) * share / (1 - share), f, rtol=1e-3)
    what = f"{SONGS} songs, {DIMENSIONS} dimensions, {PERMUTATIONS} permutations, CPU s"
    rows = [
        (
            f"energy distance, {what}",
            once(lambda: energy_statistic(z, design, draws)),
            once(
                lambda: dcor.homogeneity.energy_test(
                    old, young, num_resamples=PERMUTATIONS, random_state=0
                )
            ),
            "dcor",
        ),
        (
            f"PERMANOVA, {what}",
            once(lambda: permanova_statistic(z, design, draws)),
            once(lambda: permanova(matrix, eras, permutations=PERMUTATIONS)),
            "scikit-bio",
        ),
    ]
    return pd.DataFrame(rows, columns=["what", "Chingolo", "peer", "named"])
