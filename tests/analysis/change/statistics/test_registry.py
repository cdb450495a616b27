"""Every statistic of change: its level, its shape, and that it stands wherever it should."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.change.change_tests import COMBINED, change_tests
from chingolo.analysis.change.design.evidence import Evidence, themes_alone
from chingolo.analysis.change.design.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.change.statistics.statistic import Figure, Statistic
from chingolo.analysis.compare import compare
from chingolo.analysis.compare_types import compare_types
from chingolo.analysis.recorder.placebo import placebo_tests
from chingolo.analysis.report.report import report_page
from chingolo.analysis.results import put_together, results_text, with_tests
from chingolo.analysis.settings import CompareSettings
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
    assert statistic.words or not statistic.decides
    assert statistic.placebo is True or len(str(statistic.placebo)) > 10


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


def test_what_decides_and_what_takes_part_is_what_is_made():
    evidence, design = toy(1)
    tests = change_tests(evidence, design, permuted_eras(design, permutations=99))
    assert tuple(tests) == (*NAMES, COMBINED)
    placebo = placebo_tests(evidence, evidence, design, permutations=99)
    assert tuple(placebo["tests"]) == tuple(
        name for name in NAMES if STATISTICS[name].placebo is True
    )
    assert placebo["p"] == 1.0


def test_of_themes_alone_the_tests_are_those_that_need_no_more():
    evidence, design = toy(2)
    assert evidence.theme is not None
    eras = permuted_eras(design, permutations=99)
    tests = change_tests(themes_alone(evidence.theme), design, eras)
    by_themes = [name for name in NAMES if STATISTICS[name].needs == ("themes",)]
    assert tuple(tests) == (*by_themes, COMBINED)
    assert "composition" in by_themes
    if by_themes == ["composition"]:
        assert tests[COMBINED]["p"] == tests["composition"]["p"]


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
        entry = Statistic(name, "Toy of a test", values, needs=("themes",), placebo=True, **how)
        monkeypatch.setattr(STATISTICS, "_entries", known | {name: entry})

    return enter


def test_a_statistic_entered_on_one_line_stands_everywhere(toy_statistic, songs):
    toy_statistic("toy", words="a toy")
    table, z = songs
    found = compare(LatentTable(table, z), SETTINGS, rerecorded=z)
    results = json.loads(results_text(found.results))
    assert results["toy"]["p"] > 0
    assert "toy" in results["placebo"]["tests"]
    page = report_page(found)
    assert "<td>Toy of a test</td>" in page
    assert " and a toy, on the same" in page
    types = compare_types(table, "type", SETTINGS)
    assert "toy" in types.results
    assert "theme shares" in report_page(types)
    assert " and a toy, on the same" in report_page(types)
    assert STATISTICS["permdisp"].remark in page
    assert STATISTICS["permdisp"].remark not in report_page(types)


@pytest.mark.parametrize("name", ["turnover", "themes", "verdict", "combined", "descriptors"])
def test_a_statistic_named_like_another_result_is_refused(toy_statistic, songs, name):
    table, z = songs
    toy_statistic(name)
    if name == "descriptors":  # its own name is free: the table of descriptors has it
        toy_statistic("toy", key=name)
    with pytest.raises(ValueError, match=name):
        compare(LatentTable(table, z), SETTINGS)
    with pytest.raises(ValueError, match=name):
        compare_types(table, "type", SETTINGS)


@pytest.mark.parametrize("key", ["value", "expected", "p"])
def test_a_figure_overwrites_no_part_of_a_test(key):
    with pytest.raises(ValueError, match=key):
        Figure(key)


def test_no_statistic_of_the_registry_has_the_key_of_another_result(songs):
    table, z = songs
    results = compare(LatentTable(table, z), SETTINGS).results
    keys = [STATISTICS[name].results_key for name in NAMES]
    others = {key: value for key, value in results.items() if key not in (*keys, COMBINED)}
    assert len(set(keys)) == len(keys)
    assert {"verdict", "themes", "turnover", "descriptors", "placebo"} <= set(others)
    assert set(with_tests(others, {})) == set(others) | {
        STATISTICS[name].results_key for name in NAMES if STATISTICS[name].always_told
    }
    with pytest.raises(ValueError, match="themes"):
        put_together({"themes": 1}, {"themes": 2})
