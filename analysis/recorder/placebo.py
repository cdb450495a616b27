"""The channel placebo: modern songs sent through the historical recorder, against themselves."""

from typing import Any

import numpy as np

from chingolo.analysis.change.change_tests import COMBINED, change_tests, summary, values_of
from chingolo.analysis.change.design.eras import HISTORICAL, MODERN
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import combined_p, permuted_eras
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.era_change import EraTests
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.recorder.sensitivity import (
    matched,
    recorder_share,
    themes_near,
    worst_recorder,
)

NOT_MADE: dict[str, Any] = {"p": None, "passed": None}
"""The placebo's results where there is none."""


def channel_placebo(
    tests: EraTests,
    evidence: Evidence,
    rerecorded: np.ndarray | None,
    *,
    descriptors: np.ndarray | None = None,
    significance: float = 0.05,
) -> dict[str, Any]:
    """The channel placebo of a change, on the songs that its tests went by.

    Args:
        tests: of the change.
        evidence: of all songs.
        rerecorded: [songs, dimensions] vectors of all songs after the historical recorder, of which
            only modern rows are read; None: no placebo. A song has the theme of the song that its
            vector is nearest to.
        descriptors: [songs, quantities] after the historical recorder, or None.
        significance: level at which a test rejects.

    Returns:
        `placebo_tests` with `share` of the recorder, `passed`, and, where a change is found and the
        placebo passed, the p values `matched_p` and `worst_p` that are left of it after the
        modelled recorder and after the worst one (`worst_recorder`). `passed` is None where no
        placebo could be made.
    """
    if rerecorded is None or not tests.results:
        return dict(NOT_MADE)
    again = Evidence(rerecorded, themes_near(evidence, rerecorded), descriptors)
    again = (again if evidence.has_repertoire else again.without_themes()).take(tests.kept)
    design, eras = tests.design, tests.eras
    placebo = placebo_tests(tests.evidence, again, design, permutations=len(eras) - 1)
    placebo["share"] = recorder_share(tests.results, placebo, significance=significance)
    placebo["passed"] = placebo["p"] > significance
    placebo |= {"matched_p": None, "worst_p": None}
    if placebo["passed"] and tests.results[COMBINED]["p"] <= significance:
        modern = design.era[design.unit_of_song] == MODERN
        for name, controlled in (
            ("matched_p", matched(tests.evidence, again, modern)),
            ("worst_p", worst_recorder(tests.evidence, again, design)),
        ):
            placebo[name] = change_tests(controlled, design, eras)[COMBINED]["p"]
    return placebo


def placebo_tests(
    evidence: Evidence, rerecorded: Evidence, design: Design, *, permutations: int = 999
) -> dict[str, Any]:
    """Whether modern songs differ from themselves once the historical recorder made them.

    The statistics that take part in the placebo compare, as between the eras, every modern unit
    with its own re-recorded copy, the copy standing as one more unit of the same site: a recorder
    whose effect is as large as what chance makes between such samples of birds is found.

    Args:
        evidence: of all songs.
        rerecorded: of the same songs after the historical recorder; only modern rows are read.
        design: units, eras and blocks of the songs, and the seed of the permutations.
        permutations: number of permutations.

    Returns:
        `p` of the placebo, its energy `distance`, and `value`, `expected` and p of each of its
        `tests`.
    """
    era = np.where(design.unit_of_song >= 0, design.era[design.unit_of_song], -1)
    is_modern = era == MODERN
    doubled = _doubled(design, is_modern)
    eras = permuted_eras(doubled, permutations=permutations)
    part = [statistic for statistic in STATISTICS.values() if statistic.placebo is True]
    statistics = values_of(part, _joined(evidence, rerecorded, is_modern), doubled, eras)
    return {
        "p": combined_p(statistics),
        "distance": float(statistics["energy"][0]),
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
        copies=True,
        seed=design.seed,
    )


def _joined(one: Evidence, two: Evidence, rows: np.ndarray) -> Evidence:
    def join(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
        return None if a is None or b is None else np.concatenate([a[rows], b[rows]])

    return Evidence(
        np.concatenate([one.z[rows], two.z[rows]]),
        join(one.theme, two.theme),
        join(one.descriptors, two.descriptors),
    )
