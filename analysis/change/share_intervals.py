"""Intervals of themes' shares that mean something with few birds."""

import numpy as np
from scipy import stats

PRIOR_BIRDS = 2.0
"""Birds' worth of trust in the spread that all themes have in common."""


def mean_share(shares: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[themes] share in an era, of [units, themes] shares and [units] weights that sum to 1."""
    return weights @ shares


def relative_spread(shares: np.ndarray, weights: np.ndarray) -> float:
    """Variance of shares between birds over that of birds who sing one theme each, 0 to 1.

    Pooled over themes: 1 where every bird keeps to one theme, less where birds mix them. One bird's
    worth of trust stays with 1, so that few birds that agree by chance leave room.
    """
    mean = mean_share(shares, weights)
    birds = 1.0 / float((weights**2).sum())
    largest = float((mean * (1 - mean)).sum())
    found = _variance(shares, weights).sum() / largest if largest > 1e-9 else 1.0
    return float(np.clip(((birds - 1) * found + 1) / birds, 0.02, 1.0))


def share_interval(
    shares: np.ndarray, weights: np.ndarray, spread: float, *, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of each theme's share in the population that the birds are drawn from.

    The score interval of Wilson (1927, J. Am. Stat. Assoc. 22:209) with the number of trials that
    the spread between birds is worth (Korn & Graubard 1998, Surv. Methodol. 24:193): p (1 - p) over
    the variance of the mean share. A theme's own spread is told by few birds badly, so it is drawn
    towards what all themes have in common by `PRIOR_BIRDS`. Two birds that both sing it in every
    song leave room down to a third.

    Args:
        shares: [units, themes] of one era.
        weights: [units] that sum to 1.
        spread: `relative_spread` of both eras.
        level: of confidence.

    Returns:
        [themes] lower and upper ends.
    """
    birds = 1.0 / float((weights**2).sum())
    mean = np.clip(mean_share(shares, weights), 0.0, 1.0)
    binomial = mean * (1 - mean)
    own = _variance(shares, weights)
    freedom = max(birds - 1, 0.0) + PRIOR_BIRDS
    variance = (max(birds - 1, 0.0) * own + PRIOR_BIRDS * spread * binomial) / freedom
    trials = birds * np.where(binomial > 1e-9, binomial / np.maximum(variance, 1e-12), 1 / spread)
    trials = np.clip(trials, birds, birds / spread)
    z2 = stats.t.ppf(0.5 + level / 2, freedom) ** 2
    centre = (mean + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * binomial / trials + z2**2 / (4 * trials**2)) / (1 + z2 / trials)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _variance(shares: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[themes] weighted variance between units, unbiased for equal weights."""
    mean = mean_share(shares, weights)
    left = 1.0 - float((weights**2).sum())
    return weights @ (shares - mean) ** 2 / left if left > 1e-9 else mean * (1 - mean)
