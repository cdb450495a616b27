"""What the tests of two eras go by, and all of them with the channel placebo."""

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.change_tests import change_tests
from chingolo.analysis.change.descriptors import TITLES
from chingolo.analysis.change.design import Design
from chingolo.analysis.change.equal_effort import equal_effort
from chingolo.analysis.change.eras import MODERN
from chingolo.analysis.change.evidence import Evidence
from chingolo.analysis.recorder.placebo import (
    matched,
    placebo_tests,
    recorder_share,
    themes_near,
    worst_recorder,
)
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.cluster import Clusters
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.name_themes import name_themes


def gather_evidence(
    latents: LatentTable,
    clusters: Clusters,
    rerecorded: np.ndarray | None = None,
    *,
    descriptors: pd.DataFrame | None = None,
    rerecorded_descriptors: pd.DataFrame | None = None,
) -> tuple[Evidence, Evidence | None]:
    """What the tests go by, of the songs and of the re-recorded ones.

    A re-recorded song has the theme of the song that its vector is nearest to.
    """
    theme, _ = name_themes(latents.songs, clusters.assignment)
    evidence = Evidence(latents.z, theme, _numbers(descriptors))
    if rerecorded is None:
        return evidence, None
    near = themes_near(evidence, rerecorded)
    return evidence, Evidence(rerecorded, near, _numbers(rerecorded_descriptors))


def _numbers(descriptors: pd.DataFrame | None) -> np.ndarray | None:
    return None if descriptors is None else descriptors[list(TITLES)].to_numpy(np.float64)


def run_tests(
    evidence: Evidence, rerecorded: Evidence | None, design: Design, settings: CompareSettings
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """The tests of a change (none where no block holds both eras) and the channel placebo.

    All go by the songs of `equal_effort`; by themes only where `has_repertoire`.

    Returns:
        `change_tests`, and `placebo_tests` with `share` of the recorder, `passed`, and, where a
        change is found and the placebo passed, the p values `matched_p` and `worst_p` that are left
        of it after the modelled recorder and after the worst one (`worst_recorder`). `passed` is
        None where no placebo could be made.
    """
    if not design.testable.any():
        return {}, {"p": None, "passed": None}
    kept = equal_effort(design, seed=settings.seed)
    design = dataclasses.replace(design, unit_of_song=design.unit_of_song[kept])
    if not has_repertoire(evidence):
        evidence, rerecorded = without_themes(evidence), rerecorded and without_themes(rerecorded)
    evidence = evidence.take(kept)
    draws = {"permutations": settings.permutations, "seed": settings.seed}
    tests = change_tests(evidence, design, **draws)
    if rerecorded is None:
        return tests, {"p": None, "passed": None}
    rerecorded = rerecorded.take(kept)
    placebo: dict[str, Any] = placebo_tests(evidence, rerecorded, design, **draws)
    placebo["share"] = recorder_share(tests, placebo, significance=settings.significance)
    placebo["passed"] = placebo["p"] > settings.significance
    placebo |= {"matched_p": None, "worst_p": None}
    if placebo["passed"] and tests["combined"]["p"] <= settings.significance:
        modern = design.era[design.unit_of_song] == MODERN
        for name, controlled in (
            ("matched_p", matched(evidence, rerecorded, modern)),
            ("worst_p", worst_recorder(evidence, rerecorded, design)),
        ):
            placebo[name] = change_tests(controlled, design, **draws)["combined"]["p"]
    return tests, placebo


def has_repertoire(evidence: Evidence) -> bool:
    """Whether most songs belong to a theme.

    Else the few clusters are knots in a continuum, and what birds share of them is chance.
    """
    return evidence.theme is not None and float((evidence.theme != "").mean()) >= 0.5


def without_themes(evidence: Evidence) -> Evidence:
    """Evidence in which no song has a theme."""
    return dataclasses.replace(evidence, theme=np.full(len(evidence.z), "", dtype=object))
