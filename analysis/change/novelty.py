"""Modern songs that a clustering of the historical ones does not know."""

import numpy as np

from chingolo.analysis.space.cluster import NOISE, assign, fit_clusters


def novelty(
    z: np.ndarray,
    era_of_song: np.ndarray,
    unit_of_song: np.ndarray,
    *,
    min_cluster_size: int = 0,
    seed: int = 0,
) -> dict[str, float] | None:
    """Share of modern songs that a clustering of historical songs does not know.

    Half of the historical units make the reference. The other half tells how many songs of the same
    era such a reference misses; halves are exchanged and the shares averaged.

    Args:
        z: [songs, dimensions] vectors.
        era_of_song: [songs] 0 historical, 1 modern, else neither.
        unit_of_song: [songs] units.
        min_cluster_size: of the reference; see `fit_clusters`.
        seed: of the halves.

    Returns:
        `modern` and `historical` shares taken for novel; None where a half has no cluster.
    """
    units = np.unique(unit_of_song[era_of_song == 0])
    first = np.random.default_rng(seed).permutation(units)[: len(units) // 2]
    inside = (era_of_song == 0) & np.isin(unit_of_song, first)
    outside = (era_of_song == 0) & ~inside
    shares = []
    for fitted, held in ((inside, outside), (outside, inside)):
        if not fitted.any() or not held.any():
            return None
        reference = fit_clusters(z[fitted], min_cluster_size=min_cluster_size, seed=seed)
        if not reference.count:
            return None
        shares.append(
            [
                float((assign(reference, z[rows])[0] == NOISE).mean())
                for rows in (era_of_song == 1, held)
            ]
        )
    modern, historical = np.mean(shares, axis=0)
    return {"modern": float(modern), "historical": float(historical)}
