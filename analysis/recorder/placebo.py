"""The channel placebo: modern songs sent through the historical recorder, against themselves."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from chingolo.analysis.change.change_tests import energy_statistic, permanova_statistic, summary
from chingolo.analysis.change.descriptors import descriptor_statistic, within_themes
from chingolo.analysis.change.design import Design
from chingolo.analysis.change.eras import HISTORICAL, MODERN
from chingolo.analysis.change.evidence import Evidence
from chingolo.analysis.change.permutation import combined_p, permuted_eras
from chingolo.analysis.change.theme_table import composition_statistic


def placebo_tests(
    evidence: Evidence,
    rerecorded: Evidence,
    design: Design,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> dict[str, Any]:
    """Whether modern songs differ from themselves once the historical recorder made them.

    Energy distance, PERMANOVA (of vectors and of vectors less their theme's mean), theme shares and
    descriptors, as between the eras, compare every modern unit with its own re-recorded copy, the
    copy standing as one more unit of the same site: a recorder whose effect is as large as what
    chance makes between such samples of birds is found.

    Args:
        evidence: of all songs.
        rerecorded: of the same songs after the historical recorder; only modern rows are read.
        design: units, eras and blocks of the songs.
        permutations: number of permutations.
        seed: seed of the permutations.

    Returns:
        `p` of the placebo, its energy `distance`, and `value`, `expected` and p of each of its
        `tests`.
    """
    era = np.where(design.unit_of_song >= 0, design.era[design.unit_of_song], -1)
    is_modern = era == MODERN
    doubled = _doubled(design, is_modern)
    both = _joined(evidence, rerecorded, is_modern)
    eras = permuted_eras(doubled, permutations=permutations, seed=seed)
    # a bird and its copy share songs, so each stands with all of its songs, not with one at random
    energy = energy_statistic(both.z, doubled, eras, one_song=False)
    statistics = {"energy": energy, "permanova": permanova_statistic(both.z, doubled, eras)}
    if both.theme is not None:
        residuals = within_themes(both.z, both.theme)
        statistics["composition"] = composition_statistic(both.theme, doubled, eras)
        statistics["drift"] = permanova_statistic(residuals, doubled, eras)
        if both.descriptors is not None:
            residuals = within_themes(both.descriptors, both.theme)
            statistics["descriptors"] = descriptor_statistic(residuals, doubled, eras)
    return {
        "p": combined_p(statistics),
        "distance": float(energy[0]),
        "tests": {name: summary(values) for name, values in statistics.items()},
    }


def _doubled(design: Design, is_modern: np.ndarray) -> Design:
    """The modern units and their copies, the copies in place of the historical era."""
    units, own = np.unique(design.unit_of_song[is_modern], return_inverse=True)
    return Design(
        unit_of_song=np.concatenate([own, own + len(units)]),
        era=np.repeat([MODERN, HISTORICAL], len(units)),
        block=np.tile(design.block[units], 2),
        name=np.tile(design.name[units], 2),
        unit_name=design.unit_name,
        block_name=design.block_name,
        notes=(),
    )


def _joined(one: Evidence, two: Evidence, rows: np.ndarray) -> Evidence:
    def join(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
        return None if a is None or b is None else np.concatenate([a[rows], b[rows]])

    return Evidence(
        np.concatenate([one.z[rows], two.z[rows]]),
        join(one.theme, two.theme),
        join(one.descriptors, two.descriptors),
    )


def matched(one: Evidence, two: Evidence, rows: np.ndarray) -> Evidence:
    """`one` with `rows` taken from `two`: both eras through the historical recorder."""

    def mix(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
        if a is None or b is None:
            return None
        return np.where(rows if a.ndim == 1 else rows[:, None], b, a)

    z = np.where(rows[:, None], two.z, one.z)
    return Evidence(z, mix(one.theme, two.theme), mix(one.descriptors, two.descriptors))


def worst_recorder(one: Evidence, two: Evidence, design: Design) -> Evidence:
    """Both eras through the recorder that, within reason, makes them most alike.

    A model of a recorder is never right; here the true one may do to songs something else as large
    as all that the modelled one does. In each block the vectors of the re-recorded modern songs are
    moved on towards the historical mean, by at most the length of the recorder's mean effect over
    all modern units, and so is each descriptor by itself. It is a sensitivity analysis in the sense
    of Rosenbaum (2002, Observational Studies): the bias that would have to exist is named.

    Args:
        one: evidence of all songs.
        two: of the same songs after the historical recorder; only modern rows are read.
        design: units, eras and blocks of the songs.

    Returns:
        Evidence like `one`; a moved song has the theme of the song that it lies nearest to.
    """
    era = np.where(design.unit_of_song >= 0, design.era[design.unit_of_song], -1)
    again = matched(one, two, era == MODERN)
    z = _towards_historical(one.z, again.z, design, joint=True)
    descriptors = None
    if one.descriptors is not None and again.descriptors is not None:
        descriptors = _towards_historical(one.descriptors, again.descriptors, design, joint=False)
    return Evidence(z, themes_near(one, z), descriptors)


def themes_near(known: Evidence, z: np.ndarray) -> np.ndarray | None:
    """[songs] theme of the known song that each vector of [songs, dimensions] is nearest to."""
    if known.theme is None:
        return None
    nearest = NearestNeighbors(n_neighbors=1).fit(known.z)
    return known.theme[nearest.kneighbors(z, return_distance=False)[:, 0]]


def _towards_historical(
    before: np.ndarray, after: np.ndarray, design: Design, *, joint: bool
) -> np.ndarray:
    """`after` with the modern songs moved; `joint`: as vectors, else each column by itself."""
    inside = design.unit_of_song >= 0
    era = np.where(inside, design.era[design.unit_of_song], -1)
    block = np.where(inside, design.block[design.unit_of_song], -1)

    def mean_over_units(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        by_unit = pd.DataFrame(values[rows]).groupby(design.unit_of_song[rows]).mean()
        return np.nan_to_num(by_unit.mean().to_numpy())

    after = np.asarray(after, np.float64)
    allowed = np.abs(mean_over_units(after - before, era == MODERN))
    moved = np.array(after)
    for name in np.unique(design.block[design.testable]):
        old, young = ((block == name) & (era == side) for side in (HISTORICAL, MODERN))
        gap = mean_over_units(after, old) - mean_over_units(after, young)
        if joint:
            share = np.linalg.norm(allowed) / max(float(np.linalg.norm(gap)), 1e-300)
            moved[young] += gap * min(1.0, float(share))
        else:
            moved[young] += np.clip(gap, -allowed, allowed)
    return moved


def recorder_share(
    tests: dict[str, dict[str, float]], placebo: dict[str, Any], *, significance: float
) -> float | None:
    """Share of the change that the recorder alone makes, by the test that it explains best.

    The placebo's value of a test over the excess of the eras' value beyond what is expected with
    no change, for the tests that reject; None where no test does.
    """
    shares = [
        placebo["tests"][name]["value"] / max(test["value"] - test["expected"], 1e-300)
        for name, test in tests.items()
        if name in placebo["tests"] and test["p"] <= significance
    ]
    return max(shares, default=None)
