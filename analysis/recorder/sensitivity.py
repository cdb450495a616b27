"""What is left of a change once the recorder, or the worst recorder, is taken away."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from chingolo.analysis.change.design.eras import HISTORICAL, MODERN
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.units import Design


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
    tests: Mapping[str, Mapping[str, float]], placebo: Mapping[str, Any], *, significance: float
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
