"""Every statistic of change: its level, its shape, and that it stands wherever it should."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.change.change_tests import change_tests
from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.evidence import Evidence, themes_alone
from chingolo.analysis.change.design.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.change.statistics.statistic import Statistic
from chingolo.analysis.compare import compare
from chingolo.analysis.compare_types import compare_types
from chingolo.analysis.report.report import report_page
from chingolo.analysis.results import put_together, results_text
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.copies.embed_copies import with_copies
from chingolo.analysis.space.latent_table import LatentTable
from tests.analysis.change.test_change import design_of

NAMES = tuple(STATISTICS)
BIRDS, SONGS = 24, 3


def toy(seed: int):
    """24 birds of 3 songs at 2 sites, 2 themes and 2 descriptors; nothing changed."""
    random = np.random.default_rng(seed)
    bird = np.repeat(np.arange(BIRDS), SONGS)
    own = random.standard_normal((BIRDS, 3))
    z = own[bird] + 0.5 * random.standard_normal((len(bird), 3))
    theme = np.where(random.random(len(bird)) < 0.3 + 0.4 * (own[bird, 0] > 0), "A", "B")
    descriptors = own[bird, :2] + random.standard_normal((len(bird), 2))
    design = design_of(bird >= BIRDS // 2, bird, bird % 2)
    return Evidence(z, theme.astype(object), descriptors), dataclasses.replace(design, seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_a_statistic_holds_its_level(name):
    """40 worlds without a change; the bound is three standard errors beyond 0.05."""
    rejected = 0
    for seed in range(40):
        evidence, design = toy(seed)
        eras = permuted_eras(design, permutations=99)
        assert STATISTICS[name].possible(evidence, design)
        values = STATISTICS[name].values(evidence, design, eras)
        assert values.shape == (100,)
        assert np.isfinite(values).all()
        p = permutation_p(values)
        assert 0 < p <= 1
        rejected += p <= 0.05
    assert rejected / 40 <= 0.05 + 3 * (0.05 * 0.95 / 40) ** 0.5


@pytest.mark.parametrize("name", NAMES)
def test_a_statistic_tells_all_that_others_derive_from_it(name):
    statistic = STATISTICS[name]
    assert statistic.name == name
    assert statistic.title
    assert statistic.needs
    assert statistic.words or not statistic.claim


@pytest.mark.parametrize("name", NAMES)
def test_without_what_it_needs_a_statistic_is_not_made(name):
    evidence, design = toy(0)
    without = {
        "vectors": (dataclasses.replace(evidence, z=evidence.z[:, :0]), design),
        "themes": (dataclasses.replace(evidence, theme=None), design),
        "descriptors": (dataclasses.replace(evidence, descriptors=None), design),
        "blocks": (evidence, dataclasses.replace(design, block=np.zeros_like(design.block))),
    }
    for need, (lacking, plan) in without.items():
        assert STATISTICS[name].possible(lacking, plan) == (need not in STATISTICS[name].needs)


def test_what_is_possible_is_made_and_told_with_its_claim():
    evidence, design = toy(1)
    eras = permuted_eras(design, permutations=99)
    tests = change_tests(evidence, design, equal_effort(design), eras)
    assert tuple(tests.results) == NAMES
    assert {n: t["claim"] for n, t in tests.results.items()} == {
        name: STATISTICS[name].claim for name in NAMES
    }
    for test in tests.results.values():
        assert test["p_spread"] == pytest.approx([test["p"]] * 2)


def test_of_themes_alone_the_tests_are_those_that_need_no_more():
    evidence, design = toy(2)
    assert evidence.theme is not None
    eras = permuted_eras(design, permutations=99)
    tests = change_tests(themes_alone(evidence.theme), design, equal_effort(design), eras)
    alone = tuple(name for name in NAMES if STATISTICS[name].needs == ("themes",))
    assert tuple(tests.results) == alone
    assert 0 < tests.claims["repertoire"]["p"] <= 1
    if alone == ("composition",):
        assert tests.claims["repertoire"]["p"] == tests.results["composition"]["p"]


@pytest.fixture
def songs() -> tuple[pd.DataFrame, np.ndarray]:
    evidence, _ = toy(3)
    bird = np.repeat(np.arange(BIRDS), SONGS)
    table = pd.DataFrame(
        {
            "era": np.where(bird < BIRDS // 2, "1966", "2020"),
            "individual": bird.astype(str),
            "site": (bird % 2).astype(str),
            "type": evidence.theme,
        }
    )
    return table, evidence.z.astype(np.float32)


SETTINGS = CompareSettings(permutations=99, bootstraps=20)


@pytest.fixture
def toy_statistic(monkeypatch):
    """Enters a statistic of change under a name; it finds themes of unlike number."""

    def values(evidence, design, eras):
        return 1.0 + eras.sum(axis=1) + np.arange(len(eras)) / len(eras)

    def enter(name: str, **how) -> None:
        known = {old: STATISTICS[old] for old in STATISTICS}
        entry = Statistic(name, "Toy of a test", values, needs=("themes",), **how)
        monkeypatch.setattr(STATISTICS, "_entries", known | {name: entry})

    return enter


def test_a_statistic_entered_on_one_line_stands_everywhere(toy_statistic, songs):
    toy_statistic("toy", words="a toy", claim="repertoire")
    table, z = songs
    found = compare(with_copies(LatentTable(table, z), z[:, None]), SETTINGS)
    results = json.loads(results_text(found.results))
    assert results["tests"]["toy"]["p"] > 0
    tests = results["claims"]["repertoire"]["tests"]
    assert (tests[0], tests[-1]) == ("composition", "toy")
    page = report_page(found)
    assert "<td>Toy of a test</td>" in page
    assert re.search("theme shares,? .*and a toy, on", page)
    assert "toy" in compare_types(table, "type", SETTINGS).results["tests"]


@pytest.mark.parametrize("name", ["turnover", "themes", "verdict", "descriptors"])
def test_a_statistic_named_like_another_result_overwrites_nothing(toy_statistic, songs, name):
    table, z = songs
    before = compare(LatentTable(table, z), SETTINGS).results
    toy_statistic(name)
    after = compare(LatentTable(table, z), SETTINGS).results
    assert after[name] == before[name]
    assert name in after["tests"]


def test_two_results_of_one_key_are_refused():
    with pytest.raises(ValueError, match="themes"):
        put_together({"themes": 1}, {"themes": 2})
