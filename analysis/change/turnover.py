"""How much of the repertoire two eras share, corrected for unequal effort."""

import numpy as np

from chingolo.analysis.change.design.equal_effort import effort_designs
from chingolo.analysis.change.design.permutation import resampled
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.units import Design


def morisita_horn(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Morisita-Horn overlap (Horn 1966) of counts or shares over the last axis, 0 to 1.

    2 sum(p q) / (sum(p^2) + sum(q^2)); rare themes and effort hardly move it.
    """
    p = x / np.maximum(x.sum(axis=-1, keepdims=True), 1e-300)
    q = y / np.maximum(y.sum(axis=-1, keepdims=True), 1e-300)
    squares = (p**2).sum(axis=-1) + (q**2).sum(axis=-1)
    return 2 * (p * q).sum(axis=-1) / np.maximum(squares, 1e-300)


def chao_jaccard(x: np.ndarray, y: np.ndarray, *, units: tuple[int, int]) -> np.ndarray:
    """Jaccard index of sampling units' themes, with unseen shared themes (Chao et al. 2005).

    Args:
        x: [..., themes] numbers of units of one era that sing each theme.
        y: [..., themes] those of the other.
        units: sampling units of both eras, which the correction counts (not the summed incidences).

    Returns:
        [...] U V / (U + V - U V), U and V the estimated shares of each era in shared themes.
    """
    u, v = _shared_share(x, y, units[1]), _shared_share(y, x, units[0])
    union = u + v - u * v
    return np.where(union > 0, u * v / np.maximum(union, 1e-300), 0.0)


def _shared_share(x: np.ndarray, y: np.ndarray, others: int) -> np.ndarray:
    """U of Chao et al. 2005 for replicated incidences: share of x in themes of y, seen or not.

    Their equation 9 with incidences for abundances: (w - 1) / w for the w sampling units of y.
    """
    n = np.maximum(x.sum(axis=-1), 1)
    shared = (x > 0) & (y > 0)
    once = (shared & (y == 1)).sum(axis=-1)
    # where no shared theme is found twice, 1 takes the place of f+2, as the authors advise
    twice = np.maximum((shared & (y == 2)).sum(axis=-1), 1)
    seen = np.where(shared, x, 0).sum(axis=-1) / n
    rare = np.where(shared & (y == 1), x, 0).sum(axis=-1) / n
    return np.minimum(seen + (others - 1) / others * once / (2 * twice) * rare, 1.0)


def jaccard(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Plain Jaccard index of themes present; falls with unequal effort, shown for comparison."""
    shared = ((x > 0) & (y > 0)).sum(axis=-1)
    return shared / np.maximum(((x > 0) | (y > 0)).sum(axis=-1), 1)


def turnover(
    theme: np.ndarray,
    design: Design,
    kept: np.ndarray,
    drawn_eras: np.ndarray,
    *,
    bootstraps: int = 500,
) -> dict[str, dict] | None:
    """Overlap of the two eras' repertoires, at sites recorded in both and on equal effort.

    A theme's count in an era is the number of units that sing it. Values are means over the effort
    draws; intervals are from units drawn with replacement within their era, their mean brought to
    the value, since fewer different birds share fewer themes; `expected` is the mean index after
    units are permuted between the eras within sites, that is, what this effort would give with one
    repertoire.

    Args:
        theme: [songs], "" for songs of none, which are left out.
        design: units, eras and blocks, and the seed of the samples.
        kept: [effort draws, songs] of `equal_effort`.
        drawn_eras: [draws, testable units] of `permuted_eras`.
        bootstraps: samples behind the interval.

    Returns:
        For each index `value`, `interval` and `expected`; None where no song has a theme, or no
        site both eras.
    """
    tested = design.testable
    era = design.era[tested]
    generator = np.random.default_rng(design.seed)
    units = int((era == 0).sum()), int((era == 1).sum())
    each = -(-bootstraps // len(kept))
    values: dict[str, list[tuple[np.ndarray, ...]]] = {}
    for songs, part in effort_designs(design, kept):
        counts = theme_counts(theme[songs], part)
        incidence = (counts.counts[tested][:, counts.sung] > 0).astype(np.float64)
        if not incidence.any():
            return None
        weights = resampled(era, each, generator)
        samples = [(1 - era) @ incidence, era @ incidence]
        boots = [(weights * (era == code)) @ incidence for code in (0, 1)]
        nulls = [(1 - drawn_eras[1:]) @ incidence, drawn_eras[1:] @ incidence]
        for name, index in INDICES.items():
            made = tuple(index(*pair, units=units) for pair in (samples, boots, nulls))
            values.setdefault(name, []).append(made)
    if not values:
        return None
    result = {}
    for name, drawn in values.items():
        value = float(np.mean([value for value, _, _ in drawn]))
        boots = np.concatenate([boot for _, boot, _ in drawn])
        low, high = np.quantile(boots + (value - boots.mean()), [0.025, 0.975])
        result[name] = {
            "value": value,
            "interval": [float(np.clip(end, 0.0, 1.0)) for end in (low, high)],
            "expected": float(np.mean([null for _, _, null in drawn])),
        }
    return result


INDICES = {
    "morisita_horn": lambda x, y, units: morisita_horn(x, y),
    "chao_jaccard": chao_jaccard,
    "jaccard": lambda x, y, units: jaccard(x, y),
}
