"""What became of the songs between two eras: the tests, and the tables that tell of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.change_tests import ChangeTests, change_tests
from chingolo.analysis.change.descriptor_table import descriptor_table
from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.design.table_check import check_table
from chingolo.analysis.change.design.units import Design, effort, find_design
from chingolo.analysis.change.novelty import novelty
from chingolo.analysis.change.theme_table import ThemeShares, theme_shares
from chingolo.analysis.change.turnover import turnover
from chingolo.analysis.settings import CompareSettings
from chingolo.synth.tables.files import counted


@dataclass(frozen=True)
class EraChange:
    """A change between two eras, as far as the songs alone tell it."""

    design: Design
    """Units and blocks of all songs."""

    kept: np.ndarray
    """[effort draws, songs] of `equal_effort`: what every test, share and interval goes by."""

    tests: ChangeTests

    shares: ThemeShares

    results: dict[str, Any]
    """What `results.json` tells beside tests and claims: the table's check, units, turnover,
    descriptors, effort, novel songs."""

    remarks: list[str]
    """Sentences on what the tests go by, for the report."""


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
        songs: the rows of a song table, in the order of `song_order`.
        eras: era of each song.
        evidence: of each song.
        settings: levels, permutations and seed.
        descriptors: [songs] rows of `describe_songs`, or None.
    """
    design = find_design(songs, eras, era_column=settings.era_column, seed=settings.seed)
    kept = equal_effort(design)
    drawn = permuted_eras(design, permutations=settings.permutations)
    tests = ChangeTests({}, {})
    described = overlap = None
    theme = evidence.theme
    assert theme is not None
    if design.testable.any():
        tests = change_tests(evidence, design, kept, drawn)
        overlap = turnover(theme, design, kept, drawn, bootstraps=settings.bootstraps)
        if descriptors is not None:
            described = descriptor_table(descriptors, theme, design, kept, drawn)
    shares = theme_shares(theme, design, kept, drawn)
    novel = None
    if evidence.z.shape[1]:
        novel = novelty(
            evidence.z,
            eras.of_song,
            design.unit_of_song,
            min_cluster_size=settings.min_cluster_size,
            seed=settings.seed,
        )
    tested = _tested_effort(effort(songs, eras, design), eras, kept)
    results = {
        "eras": {"historical": eras.historical, "modern": eras.modern},
        "unit": design.unit_name,
        "block": design.block_name,
        "table_check": check_table(songs, eras, design),
        "descriptors": described,
        "turnover": overlap,
        "effort": tested,
        "novel": novel,
    }
    remarks = _effort_remark(tested, design, draws=len(kept))
    return EraChange(design, kept, tests, shares, results, remarks)


def _effort_remark(tested: dict[str, dict[str, int]], design: Design, *, draws: int) -> list[str]:
    """A sentence where the tests do not go by all songs."""
    counts = tested.values()
    drawn, whole = (sum(of_era[key] for of_era in counts) for key in ("tested_songs", "songs"))
    if drawn == whole:
        return []
    return [
        f"Tests, shares and intervals go by {drawn} of {counted(whole, 'song')} at a time, drawn "
        f"so that each {design.unit_name} has alike numbers of songs in both eras, and averaged "
        f"over {draws} draws: unequal effort is no evidence of change."
    ]


def _tested_effort(
    efforts: dict[str, dict[str, int]], eras: Eras, kept: np.ndarray
) -> dict[str, dict[str, int]]:
    """The effort with the songs that each draw tests."""
    return {
        name: counts | {"tested_songs": round(float(kept[:, eras.of_song == code].sum(1).mean()))}
        for code, (name, counts) in enumerate(efforts.items())
    }
