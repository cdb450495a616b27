"""What became of the songs between two eras: the tests, and the tables that tell of it."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.change_tests import change_tests
from chingolo.analysis.change.descriptor_table import descriptor_table
from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.units import Design, effort, find_design
from chingolo.analysis.change.novelty import novelty
from chingolo.analysis.change.theme_table import theme_table
from chingolo.analysis.change.turnover import turnover
from chingolo.analysis.settings import CompareSettings


@dataclass(frozen=True)
class EraTests:
    """The tests of a change, and what they went by."""

    results: dict[str, dict[str, float]]
    """Of `change_tests`; empty where no block holds both eras."""

    evidence: Evidence
    """Of the songs tested; without themes where there is no repertoire."""

    design: Design
    """Of the songs tested; units and blocks are those of all songs."""

    kept: np.ndarray
    """[songs] bool: those tested, drawn by `equal_effort`."""

    eras: np.ndarray
    """[draws, testable units] of `permuted_eras`."""


@dataclass(frozen=True)
class EraChange:
    """A change between two eras, as far as the songs alone tell it."""

    design: Design
    """Of all songs."""

    tests: EraTests

    results: dict[str, Any]
    """What `results.json` tells beside the tests: units, themes, turnover, descriptors, effort."""

    remarks: tuple[str, ...]
    """Sentences on songs left out, on what the design controls and what the tests went by."""


def tests_of_eras(evidence: Evidence, design: Design, *, permutations: int) -> EraTests:
    """Tests two eras on songs of equal effort; by themes only where there is a repertoire."""
    kept = equal_effort(design)
    tested = dataclasses.replace(design, unit_of_song=design.unit_of_song[kept])
    part = (evidence if evidence.has_repertoire else evidence.without_themes()).take(kept)
    drawn = permuted_eras(design, permutations=permutations)
    results = change_tests(part, tested, drawn) if design.testable.any() else {}
    return EraTests(results, part, tested, kept, drawn)


def measure_change(
    songs: pd.DataFrame,
    eras: Eras,
    evidence: Evidence,
    settings: CompareSettings,
    *,
    descriptors: pd.DataFrame | None = None,
) -> EraChange:
    """Measures and tests the change of songs between two eras.

    Args:
        songs: the rows of a song table.
        eras: era of each song.
        evidence: of each song.
        settings: levels, permutations and seed.
        descriptors: [songs] rows of `describe_songs`, or None.
    """
    design = find_design(songs, eras, era_column=settings.era_column, seed=settings.seed)
    efforts = effort(songs, eras, design)
    tests = tests_of_eras(evidence, design, permutations=settings.permutations)
    theme = evidence.theme
    assert theme is not None
    themes = theme_counts(theme, design)
    described = None
    if descriptors is not None and tests.results:
        described = descriptor_table(
            descriptors, theme, design, tests.eras, bootstraps=settings.bootstraps
        )
    remarks = [*eras.remarks, *design.remarks]
    if tests.results:
        efforts, told = _tested_effort(efforts, eras, design, tests)
        if not evidence.has_repertoire:
            remarks.append(
                "Fewer than half of the songs belong to a theme, so the shares of themes entered "
                "no test."
            )
        remarks += told
    results = design_results(eras, design) | {
        "descriptors": described,
        "themes": theme_table(
            themes,
            design,
            tests.eras,
            bootstraps=settings.bootstraps,
            absent_below=settings.absent_below,
            significance=settings.significance,
        ),
        "turnover": turnover(themes, design, bootstraps=settings.bootstraps),
        "novel": novelty(
            evidence.z,
            eras.of_song,
            design.unit_of_song,
            min_cluster_size=settings.min_cluster_size,
            seed=settings.seed,
        ),
        "effort": efforts,
    }
    return EraChange(design, tests, results, tuple(remarks))


def design_results(eras: Eras, design: Design) -> dict[str, Any]:
    """What `results.json` tells of eras, units and blocks."""
    return {
        "eras": {"historical": eras.historical, "modern": eras.modern},
        "unit": design.unit_name,
        "block": design.block_name,
    }


def _tested_effort(
    efforts: dict[str, dict[str, int]], eras: Eras, design: Design, tests: EraTests
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """The effort with the songs that were tested, and a sentence where those are not all."""
    tested = tests.kept & design.testable[design.unit_of_song]
    efforts = {
        name: counts | {"tested_songs": int((tested & (eras.of_song == code)).sum())}
        for code, (name, counts) in enumerate(efforts.items())
    }
    drawn, whole = (
        sum(counts[key] for counts in efforts.values()) for key in ("tested_songs", "songs")
    )
    if drawn == whole:
        return efforts, []
    return efforts, [
        f"The tests go by {drawn} of {whole} songs, drawn so that a {design.unit_name} has "
        "alike numbers of songs in both eras: unequal effort is no evidence of change."
    ]
