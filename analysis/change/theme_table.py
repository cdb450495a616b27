"""Themes: their shares in each era at comparable sites, and what became of each."""

from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.design.equal_effort import effort_designs
from chingolo.analysis.change.design.permutation import family_wise_p, mean_p
from chingolo.analysis.change.design.theme_counts import ThemeCounts, theme_counts
from chingolo.analysis.change.design.unit_means import contrasts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.share_intervals import mean_share, relative_spread, share_interval
from chingolo.analysis.change.statistics.composition import share_differences, unit_shares

PERSISTS, LOST, NEW, UNCLEAR = "persists", "lost", "new", "unclear"
INCREASED, DECLINED = "increased", "declined"
CHANGES = (LOST, NEW, INCREASED, DECLINED)
"""Statuses that claim a change."""


@dataclass(frozen=True)
class ThemeShares:
    """Shares of the themes in both eras, of units at sites recorded in both."""

    themes: ThemeCounts
    """Of all songs."""

    p: np.ndarray
    """[sung themes] of a difference in share, adjusted for all themes; the mean over the draws."""

    share: np.ndarray
    """[eras, themes]; units weigh so that both eras have the same mixture of sites."""

    low: np.ndarray
    """[eras, themes] lower ends of the 95 % intervals over birds."""

    high: np.ndarray
    """[eras, themes]."""

    units: np.ndarray
    """[eras, themes] units heard with the theme, of all their songs."""

    songs: np.ndarray
    """[eras, themes] songs."""

    spread: float
    """`relative_spread` of shares between birds."""


def theme_shares(
    theme: np.ndarray, design: Design, kept: np.ndarray, drawn_eras: np.ndarray
) -> ThemeShares:
    """Shares of themes, on songs of equal effort; all units where no site has both eras.

    A theme's p is that of the largest difference among all themes (the single-step max-T of
    Westfall & Young 1993): with no change, the chance that any theme gets a smaller one.

    Args:
        theme: [songs], "" for none.
        design: units, eras and blocks.
        kept: [effort draws, songs] of `equal_effort`.
        drawn_eras: [draws, testable units] of `permuted_eras`.
    """
    themes = theme_counts(theme, design)
    tested = design.testable
    if not tested.any():
        return _untested(themes, design)
    era = design.era[tested]
    weights = contrasts(era[None], design.block[tested])[0]
    shares, heard, p = [], [], []
    for songs, part in effort_designs(design, kept):
        drawn = theme_counts(theme[songs], part, names=themes.names)
        shares.append(unit_shares(drawn, part))
        heard.append(drawn.counts[tested][:, drawn.sung].any(axis=1))
        p.append(family_wise_p(share_differences(drawn, part, drawn_eras)))
    counted = np.array(heard, float)[:, :, None]
    weights = _of_heard(np.abs(weights), np.any(heard, axis=0), era, design.block[tested])
    return _shares(
        themes,
        (np.array(shares) * counted).sum(axis=0) / np.maximum(counted.sum(axis=0), 1.0),
        (np.where(era == 0, weights, 0.0), np.where(era == 1, weights, 0.0)),
        np.where(themes.sung, themes.counts, 0.0)[tested],
        era,
        mean_p(np.array(p)),
    )


def _of_heard(
    weights: np.ndarray, heard: np.ndarray, era: np.ndarray, block: np.ndarray
) -> np.ndarray:
    """[units] weights with those of units without any song of a theme given to the others.

    In a test such a unit stands in the middle, which tells nothing of its era; in a share it would
    lend an era themes that nobody sang there. Units of its site and era take its place, else all
    of its era; an era without any such song keeps its weights.
    """
    own = np.where(heard, weights, 0.0)
    for code in (0, 1):
        of_era = era == code
        for one in np.unique(block):
            cell = of_era & (block == one)
            if (cell & heard).any():
                own[cell] *= weights[cell].sum() / own[cell].sum()
        if (of_era & heard).any():
            own[of_era] /= own[of_era].sum()
        else:
            own[of_era] = weights[of_era]
    return own


def _untested(themes: ThemeCounts, design: Design) -> ThemeShares:
    sung = np.where(themes.sung, themes.counts, 0.0)
    shares = sung / np.maximum(sung.sum(axis=1, keepdims=True), 1)
    weights = [np.where(design.era == era, 1.0, 0.0) for era in (0, 1)]
    old, young = (own / max(own.sum(), 1.0) for own in weights)
    nothing = np.ones(int(themes.sung.sum()))
    return _shares(themes, shares, (old, young), sung, design.era, nothing)


def _shares(
    themes: ThemeCounts,
    shares: np.ndarray,
    weights: tuple[np.ndarray, np.ndarray],
    counts: np.ndarray,
    era: np.ndarray,
    p: np.ndarray,
) -> ThemeShares:
    own = [(shares[w > 0], w[w > 0]) for w in weights]
    spread = float(np.mean([relative_spread(*of_era) for of_era in own]))
    ends = [share_interval(*of_era, spread) for of_era in own]
    return ThemeShares(
        themes,
        p,
        np.stack([mean_share(*of_era) for of_era in own]),
        np.stack([low for low, _ in ends]),
        np.stack([high for _, high in ends]),
        np.stack([(counts[era == code] > 0).sum(axis=0) for code in (0, 1)]),
        np.stack([counts[era == code].sum(axis=0) for code in (0, 1)]).astype(int),
        spread,
    )


def theme_table(
    found: ThemeShares, *, claimed: bool, significance: float = 0.05, absent_below: float = 0.02
) -> list[dict]:
    """What became of each theme, one row a theme.

    A theme is absent from an era where its share is at most `absent_below` and at most one unit
    sings it, present where its share is larger and at least two units do. Where the repertoire is
    claimed to have changed, themes whose adjusted p is at most `significance` are `lost` or `new`
    (present in one era, absent from the other), else `declined` or `increased`. A theme present in
    both eras without such a difference `persists`; all else is `unclear`.

    Args:
        found: of `theme_shares`.
        claimed: whether a change of the repertoire is claimed; without it no theme has changed.
        significance: level over all themes together.
        absent_below: largest share that counts as absent.

    Returns:
        Rows with `name`, `status`, `p`, and for each era `share`, `interval`, `units`, `songs`; all
        of songs in some theme, at sites recorded in both eras.
    """
    rows = []
    for i in np.flatnonzero(found.themes.sung):
        old, young = (
            {
                "share": float(found.share[era, i]),
                "interval": [float(found.low[era, i]), float(found.high[era, i])],
                "units": int(found.units[era, i]),
                "songs": int(found.songs[era, i]),
            }
            for era in (0, 1)
        )
        p = float(found.p[i])
        status = theme_status(
            old, young, differ=claimed and p <= significance, absent_below=absent_below
        )
        name = found.themes.names[i]
        rows.append({"name": name, "status": status, "p": p, "historical": old, "modern": young})
    return rows


def theme_status(old: dict, young: dict, *, differ: bool, absent_below: float) -> str:
    """What became of a theme; see `theme_table`."""

    def present(era: dict) -> bool:
        return era["units"] >= 2 and era["share"] > absent_below

    def absent(era: dict) -> bool:
        return era["units"] <= 1 and era["share"] <= absent_below

    if differ and present(old) and absent(young):
        return LOST
    if differ and absent(old) and present(young):
        return NEW
    if differ:
        return INCREASED if young["share"] > old["share"] else DECLINED
    return PERSISTS if present(old) and present(young) else UNCLEAR
