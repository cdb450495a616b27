"""Themes: their shares in each era with intervals over units, and what became of each."""

import numpy as np

from chingolo.analysis.change.design.permutation import permutation_p
from chingolo.analysis.change.design.theme_counts import ThemeCounts
from chingolo.analysis.change.design.unit_means import contrasts
from chingolo.analysis.change.design.units import Design

PERSISTS, LOST, NEW, UNCLEAR = "persists", "lost", "new", "unclear"


def theme_table(
    themes: ThemeCounts,
    design: Design,
    drawn_eras: np.ndarray,
    *,
    bootstraps: int = 500,
    absent_below: float = 0.02,
    significance: float = 0.05,
) -> list[dict]:
    """Share of each theme in each era, each unit counting alike, with 95 % bootstrap intervals.

    Units are drawn with replacement within their era. Where no unit of an era sings a theme the
    bootstrap is blind, and the interval's upper end is the exact binomial bound
    1 - 0.05 ** (1 / units).

    A theme is absent from an era where its share is at most `absent_below` and at most one unit
    sings it, present where its share is larger and at least two units do. It is `lost` (or `new`)
    where it is present in one era, absent from the other, and a permutation of units within blocks
    finds the shares different; it `persists` where it is present in both; else it is `unclear`.

    Args:
        themes: of `theme_counts`.
        design: units and eras of the songs, and the seed of the samples.
        drawn_eras: [draws, testable units] of `permuted_eras`, behind each p value.
        bootstraps: samples behind each interval.
        absent_below: largest share that counts as absent.
        significance: level of the test behind `lost` and `new`.

    Returns:
        One row per theme: `name`, `status`, `p` of a difference in share (two-sided; 1 where no
        block holds both eras), and for each era `share`, `interval`, `units` and `songs`. The row
        with the name "" holds songs of no theme; its status is `unclear`.
    """
    names, counts = themes.names, themes.counts
    shares = counts / counts.sum(axis=1, keepdims=True)
    generator = np.random.default_rng(design.seed)
    eras = []
    for era in (0, 1):
        members = np.flatnonzero(design.era == era)
        alike = np.full(len(members), 1 / len(members))
        drawn = generator.multinomial(len(members), alike, bootstraps)
        low, high = np.quantile(drawn @ shares[members] / len(members), [0.025, 0.975], axis=0)
        singers = (counts[members] > 0).sum(axis=0)
        high = np.where(singers == 0, 1 - 0.05 ** (1 / len(members)), high)
        eras.append((shares[members].mean(axis=0), low, high, singers, counts[members].sum(axis=0)))
    p = _share_p(shares, design, drawn_eras)
    rows = []
    for i, name in enumerate(names):
        old, young = (
            {
                "share": float(share[i]),
                "interval": [float(low[i]), float(high[i])],
                "units": int(singers[i]),
                "songs": int(songs[i]),
            }
            for share, low, high, singers, songs in eras
        )
        differ = p[i] <= significance
        status = theme_status(old, young, differ=differ, absent_below=absent_below)
        rows.append(
            {
                "name": name,
                "status": status if name else UNCLEAR,
                "p": p[i],
                "historical": old,
                "modern": young,
            }
        )
    return rows


def _share_p(shares: np.ndarray, design: Design, drawn_eras: np.ndarray) -> list[float]:
    testable = design.testable
    if not testable.any():
        return [1.0] * shares.shape[1]
    difference = contrasts(drawn_eras, design.block[testable]) @ shares[testable]
    return [permutation_p(np.abs(column)) for column in difference.T]


def theme_status(old: dict, young: dict, *, differ: bool, absent_below: float) -> str:
    """What became of a theme; see `theme_table`."""

    def present(era: dict) -> bool:
        return era["units"] >= 2 and era["share"] > absent_below

    def absent(era: dict) -> bool:
        return era["units"] <= 1 and era["share"] <= absent_below

    if present(old) and present(young):
        return PERSISTS
    if present(old) and absent(young) and differ:
        return LOST
    if absent(old) and present(young) and differ:
        return NEW
    return UNCLEAR
