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
    shares, p = [], []
    for songs, part in effort_designs(design, kept):
        drawn = theme_counts(theme[songs], part, names=themes.names)
        shares.append(unit_shares(drawn, part))
        p.append(family_wise_p(share_differences(drawn, part, drawn_eras)))
    return _shares(
        themes,
        np.mean(shares, axis=0),
        (np.where(era == 0, -weights, 0.0), np.where(era == 1, weights, 0.0)),
        np.where(themes.sung, themes.counts, 0.0)[tested],
        era,
        mean_p(np.array(p)),
    )


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
