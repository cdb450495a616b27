"""How much of the repertoire two eras share, corrected for unequal effort."""

import numpy as np

from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.design.theme_counts import ThemeCounts
from chingolo.analysis.change.design.units import Design


def morisita_horn(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Morisita-Horn overlap (Horn 1966) of counts or shares over the last axis, 0 to 1.

    2 sum(p q) / (sum(p^2) + sum(q^2)); rare themes and effort hardly move it.
    """
    p = x / np.maximum(x.sum(axis=-1, keepdims=True), 1e-300)
    q = y / np.maximum(y.sum(axis=-1, keepdims=True), 1e-300)
    squares = (p**2).sum(axis=-1) + (q**2).sum(axis=-1)
    return 2 * (p * q).sum(axis=-1) / np.maximum(squares, 1e-300)


def chao_jaccard(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Abundance-based Jaccard index, estimated with unseen shared themes (Chao et al. 2005).

    Args:
        x: [..., themes] whole counts of one era.
        y: [..., themes] whole counts of the other.

    Returns:
        [...] U V / (U + V - U V), U and V the estimated shares of each era in shared themes.
    """
    u, v = _shared_share(x, y), _shared_share(y, x)
    union = u + v - u * v
    return np.where(union > 0, u * v / np.maximum(union, 1e-300), 0.0)


def _shared_share(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """U of Chao et al. 2005, equation 7: share of x in themes that y has, seen or not."""
    n = np.maximum(x.sum(axis=-1), 1)
    m = np.maximum(y.sum(axis=-1), 1)
    shared = (x > 0) & (y > 0)
    once = (shared & (y == 1)).sum(axis=-1)
    # where no shared theme is found twice, 1 takes the place of f+2, as the authors advise
    twice = np.maximum((shared & (y == 2)).sum(axis=-1), 1)
    seen = np.where(shared, x, 0).sum(axis=-1) / n
    rare = np.where(shared & (y == 1), x, 0).sum(axis=-1) / n
    return np.minimum(seen + (m - 1) / m * once / (2 * twice) * rare, 1.0)


def jaccard(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Plain Jaccard index of themes present; falls with unequal effort, shown for comparison."""
    shared = ((x > 0) & (y > 0)).sum(axis=-1)
    return shared / np.maximum(((x > 0) | (y > 0)).sum(axis=-1), 1)


INDICES = {"morisita_horn": morisita_horn, "chao_jaccard": chao_jaccard, "jaccard": jaccard}


def turnover(
    themes: ThemeCounts, design: Design, *, bootstraps: int = 500
) -> dict[str, dict] | None:
    """Overlap of the two eras' repertoires.

    A theme's count in an era is the number of units that sing it. Intervals are from units drawn
    with replacement within their era; `expected` is the mean index after units are permuted between
    the eras within blocks, that is, what this effort would give with one repertoire.

    Args:
        themes: of `theme_counts`; songs of no theme are left out.
        design: units and eras, and the seed of the samples.
        bootstraps: samples behind the interval, and permutations behind `expected`.

    Returns:
        For each index `value`, `interval` and `expected`; None where no song has a theme.
    """
    incidence = (themes.counts[:, themes.sung] > 0).astype(np.float64)
    if not incidence.any():
        return None
    generator = np.random.default_rng(design.seed)
    observed, drawn = [], []
    for era in (0, 1):
        members = np.flatnonzero(design.era == era)
        weights = generator.multinomial(
            len(members), np.full(len(members), 1 / len(members)), bootstraps
        )
        observed.append(incidence[members].sum(axis=0))
        drawn.append(weights @ incidence[members])
    expected = None
    if design.testable.any():
        eras = permuted_eras(design, permutations=bootstraps)[1:]
        inside = incidence[design.testable]
        expected = ((1 - eras) @ inside, eras @ inside)
    result = {}
    for name, index in INDICES.items():
        low, high = np.quantile(index(*drawn), [0.025, 0.975])
        result[name] = {
            "value": float(index(*observed)),
            "interval": [float(low), float(high)],
            "expected": None if expected is None else float(index(*expected).mean()),
        }
    return result
