"""The channel placebo: modern songs sent through the historical recorder, against themselves."""

from typing import Any

import numpy as np

from analysis.change import Evidence, change_tests, energy_statistic, permanova_statistic, summary
from analysis.descriptors import descriptor_statistic, within_themes
from analysis.permutation import combined_p, permuted_eras
from analysis.themes import composition_statistic
from analysis.units import HISTORICAL, MODERN, Design


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
    chance makes between such samples of birds is found. Then the historical songs are compared with
    the copies, which came through that recorder as they did.

    Args:
        evidence: of all songs.
        rerecorded: of the same songs after the historical recorder; only modern rows are read.
        design: units, eras and blocks of the songs.
        permutations: number of permutations.
        seed: seed of the permutations.

    Returns:
        `p` of the placebo, its energy `distance`, `value`, `expected` and p of each of its
        `tests`, and `matched_p` of the historical songs against the re-recorded modern ones.
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
    result: dict[str, Any] = {
        "p": combined_p(statistics),
        "distance": float(energy[0]),
        "tests": {name: summary(values) for name, values in statistics.items()},
    }
    if design.testable.any():
        matched = _matched(evidence, rerecorded, is_modern)
        tests = change_tests(matched, design, permutations=permutations, seed=seed)
        result["matched_p"] = tests["combined"]["p"]
    return result


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


def _matched(one: Evidence, two: Evidence, rows: np.ndarray) -> Evidence:
    """`one` with `rows` taken from `two`."""

    def mix(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
        if a is None or b is None:
            return None
        return np.where(rows if a.ndim == 1 else rows[:, None], b, a)

    z = np.where(rows[:, None], two.z, one.z)
    return Evidence(z, mix(one.theme, two.theme), mix(one.descriptors, two.descriptors))


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
