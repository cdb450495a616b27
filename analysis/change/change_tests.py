"""Tests of a change between two eras; units are permuted within blocks, songs never."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.design.equal_effort import effort_designs
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import combined_p, mean_p, permutation_p
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.change.statistics.statistic import CLAIMS, Statistic


@dataclass(frozen=True)
class ChangeTests:
    """Tests of one change, each averaged over draws of songs of equal effort."""

    results: dict[str, dict]
    """For each statistic by name: its `value`, what is `expected` with no change (the mean over the
    permutations), `p`; `p_spread`, the least and the largest p of a draw; the `claim` that it is
    part of (None for one that tells how the recordings differ); and its own figure."""

    claims: dict[str, dict]
    """For each claim that has a test, `p` of all of them at once (`combined_p`) and `p_spread`."""


def change_tests(
    evidence: Evidence, design: Design, kept: np.ndarray, eras: np.ndarray
) -> ChangeTests:
    """All tests of one change, on the same permutations of units within blocks.

    Args:
        evidence: of each song.
        design: units, eras and blocks.
        kept: [effort draws, songs] of `equal_effort`; a test is made on each and averaged.
        eras: [draws, testable units] of `permuted_eras`.
    """
    tests: dict[str, list[dict[str, float]]] = {}
    claims: dict[str, list[dict[str, float]]] = {}
    for songs, part in effort_designs(design, kept):
        values = values_of(STATISTICS.values(), evidence.take(songs), part, eras)
        for name, of_draw in values.items():
            tests.setdefault(name, []).append(summary(STATISTICS[name], of_draw))
        for claim in CLAIMS:
            own = {name: v for name, v in values.items() if STATISTICS[name].claim == claim}
            if own:
                claims.setdefault(claim, []).append({"p": combined_p(own)})
    results = {
        name: averaged(tests[name]) | {"claim": statistic.claim}
        for name, statistic in STATISTICS.items()
        if name in tests
    }
    return ChangeTests(results, {claim: averaged(drawn) for claim, drawn in claims.items()})


def values_of(
    statistics: Iterable[Statistic], evidence: Evidence, design: Design, eras: np.ndarray
) -> dict[str, np.ndarray]:
    """Values [draws] of those of the statistics that this evidence and design allow, by name."""
    return {
        statistic.name: statistic.values(evidence, design, eras)
        for statistic in statistics
        if statistic.possible(evidence, design)
    }


def summary(statistic: Statistic, values: np.ndarray) -> dict[str, float]:
    """`value`, the mean `expected` over its permutations, `p`, and its own figure."""
    figure = statistic.figure
    shown = {} if figure is None else {figure.key: float(figure.of(float(values[0])))}
    return {
        "value": float(values[0]),
        "expected": float(values[1:].mean()),
        "p": permutation_p(values),
    } | shown


def averaged(summaries: Sequence[dict[str, float]]) -> dict:
    """Means over effort draws of [draws] summaries, p by `mean_p`, and the spread of p."""
    p = np.array([one["p"] for one in summaries])
    means = {key: float(np.mean([one[key] for one in summaries])) for key in summaries[0]}
    return means | {"p": float(mean_p(p)), "p_spread": [float(p.min()), float(p.max())]}
