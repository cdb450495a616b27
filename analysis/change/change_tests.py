"""Tests of a change between two eras; units are permuted within blocks, songs never."""

from collections.abc import Iterable

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import combined_p, permutation_p
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.change.statistics.statistic import Statistic

COMBINED = "combined"
"""Name of the test that holds all that decide."""


def change_tests(
    evidence: Evidence, design: Design, eras: np.ndarray
) -> dict[str, dict[str, float]]:
    """All tests of one change, on the same permutations of units within blocks.

    Args:
        evidence: of each song.
        design: units, eras and blocks.
        eras: [draws, testable units] of `permuted_eras`.

    Returns:
        For each statistic of the registry that this evidence allows, by name, its `value`, the mean
        `expected` over the permutations, `p`, and its own figure; `combined.p` of all that decide
        at once, which the verdict goes by.
    """
    values = values_of(STATISTICS.values(), evidence, design, eras)
    tests = {}
    for name, drawn in values.items():
        figure = STATISTICS[name].figure
        shown = {} if figure is None else {figure.key: float(figure.of(float(drawn[0])))}
        tests[name] = summary(drawn) | shown
    deciding = {name: drawn for name, drawn in values.items() if STATISTICS[name].decides}
    return tests | {COMBINED: {"p": combined_p(deciding)}}


def values_of(
    statistics: Iterable[Statistic], evidence: Evidence, design: Design, eras: np.ndarray
) -> dict[str, np.ndarray]:
    """Values [draws] of those of the statistics that this evidence and design allow, by name."""
    return {
        statistic.name: statistic.values(evidence, design, eras)
        for statistic in statistics
        if statistic.possible(evidence, design)
    }


def summary(values: np.ndarray) -> dict[str, float]:
    """`value` of a statistic, the mean `expected` over its permutations, and `p`."""
    return {
        "value": float(values[0]),
        "expected": float(values[1:].mean()),
        "p": permutation_p(values),
    }
