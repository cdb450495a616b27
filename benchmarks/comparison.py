"""The permutation tests beside dcor and scikit-bio, the clusters beside hdbscan, CPU seconds.

The tests' peers get what they can do: one block, one song of each unit. The statistics are checked
to agree before anything is timed.
"""

import time
from collections.abc import Callable

import dcor
import hdbscan
import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.statistics.energy import energy_values
from chingolo.analysis.change.statistics.permanova import permanova_values
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.cluster import fit_clusters

SONGS, DIMENSIONS, PERMUTATIONS = 400, 64, 999
CLUSTERED, CLUSTERED_DIMENSIONS, CENTRES = 20_000, 16, 20


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
    draws = permuted_eras(design, permutations=PERMUTATIONS)
    old, young = z[eras == "1966"].astype(float), z[eras == "2020"].astype(float)

    from skbio import DistanceMatrix
    from skbio.stats.distance import permanova

    matrix = DistanceMatrix(squareform(pdist(z.astype(float))))
    ours = energy_values(Evidence(z), design, draws[:1])[0]
    np.testing.assert_allclose(ours, dcor.energy_distance(old, young), rtol=1e-3)
    share = permanova_values(Evidence(z), design, draws[:1])[0]
    f = permanova(matrix, eras, permutations=0)["test statistic"]
    np.testing.assert_allclose((SONGS - 2) * share / (1 - share), f, rtol=1e-3)
    what = f"{SONGS} songs, {DIMENSIONS} dimensions, {PERMUTATIONS} permutations, CPU s"
    rows = [
        (
            f"energy distance, {what}",
            once(lambda: energy_values(Evidence(z), design, draws)),
            once(
                lambda: dcor.homogeneity.energy_test(
                    old, young, num_resamples=PERMUTATIONS, random_state=0
                )
            ),
            "dcor",
        ),
        (
            f"PERMANOVA, {what}",
            once(lambda: permanova_values(Evidence(z), design, draws)),
            once(lambda: permanova(matrix, eras, permutations=PERMUTATIONS)),
            "scikit-bio",
        ),
    ]
    return pd.DataFrame([*rows, clusters()], columns=["what", "Chingolo", "peer", "named"])


def clusters() -> tuple[str, float, float, str]:
    """Cost of the clusters with all that `compare` asks of them, and of hdbscan set alike."""
    random = np.random.default_rng(0)
    centres = random.normal(0, 4, (CENTRES, CLUSTERED_DIMENSIONS))
    z = centres[random.integers(0, CENTRES, CLUSTERED)]
    z = (z + random.normal(size=z.shape)).astype(np.float32)
    peer = hdbscan.HDBSCAN(
        min_cluster_size=round(0.02 * CLUSTERED),
        min_samples=5,
        approx_min_span_tree=False,
        prediction_data=True,
        core_dist_n_jobs=1,
    )
    return (
        f"clusters, {CLUSTERED} songs, {CLUSTERED_DIMENSIONS} dimensions, CPU s",
        once(lambda: fit_clusters(z)),
        once(lambda: peer.fit(z)),
        "hdbscan, exact tree, all dimensions",
    )
