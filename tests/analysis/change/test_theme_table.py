"""Shares of themes and overlap of repertoires: each figure agrees with the others."""

import numpy as np
import pytest

from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.theme_table import theme_shares, theme_table
from chingolo.analysis.change.turnover import turnover
from tests.analysis.change.test_change import design_of


def test_birds_of_no_theme_lend_an_era_no_share():
    """Four old birds: A, A, B, B; of four young ones two are noise, and two sing B."""
    theme = np.array(["A", "A", "B", "B", "", "", "B", "B"], dtype=object)
    design = design_of([0] * 4 + [1] * 4, range(8))
    drawn = permuted_eras(design, permutations=19)
    rows = theme_table(theme_shares(theme, design, equal_effort(design), drawn), claimed=False)
    a, b = rows
    assert (a["historical"]["share"], b["historical"]["share"]) == (0.5, 0.5)
    assert (a["modern"]["share"], a["modern"]["units"]) == (0.0, 0)
    assert b["modern"]["share"] == pytest.approx(1.0)


def test_the_mixture_of_sites_stays_that_of_the_units_tested():
    """By hand: the young noise bird at site 0 leaves its weight to its neighbour there."""
    theme = np.array(["A", "A", "B", "B", "", "A", "B", "B"], dtype=object)
    design = design_of([0] * 4 + [1] * 4, range(8), site=[0, 0, 1, 1, 0, 0, 1, 1])
    drawn = permuted_eras(design, permutations=19)
    a, _ = theme_table(theme_shares(theme, design, equal_effort(design), drawn), claimed=False)
    assert a["historical"]["share"] == pytest.approx(0.5)
    assert a["modern"]["share"] == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(3))
def test_an_interval_of_overlap_holds_its_value(seed: int):
    """Each bird sings A and a theme of its own, which a bird drawn twice cannot replace."""
    random = np.random.default_rng(seed)
    bird = np.repeat(np.arange(24), 4)
    theme = np.where(random.random(96) < 0.3, "A", np.char.add("own ", bird.astype(str)))
    design = design_of(np.arange(96) >= 48, bird)
    drawn = permuted_eras(design, permutations=19)
    found = turnover(theme.astype(object), design, equal_effort(design), drawn, bootstraps=200)
    assert found is not None
    for index in found.values():
        low, high = index["interval"]
        assert 0.0 <= low <= index["value"] <= high <= 1.0
