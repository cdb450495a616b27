"""The tests and distances against other software on the same data."""

import dataclasses

import dcor
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial import distance
from skbio import DistanceMatrix
from skbio.stats.distance import permanova, permdisp
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GroupKFold, cross_val_predict

from chingolo.analysis.change.change_tests import change_tests
from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import combined_p, permutation_p, permuted_eras
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.statistics.classifier import classifier_values
from chingolo.analysis.change.statistics.energy import energy_values
from chingolo.analysis.change.statistics.mmd import mmd_values
from chingolo.analysis.change.statistics.permanova import permanova_values
from chingolo.analysis.change.statistics.permdisp import permdisp_values
from chingolo.analysis.settings import CompareSettings


def design_of(era, individual, site=None):
    songs = pd.DataFrame(
        {
            "path": [f"{i}.wav" for i in range(len(era))],
            "era": np.where(np.asarray(era) == 1, "2020", "1966"),
            "individual": [f"bird {i}" for i in individual],
        }
    )
    if site is not None:
        songs["site"] = [f"site {i}" for i in site]
    eras = find_eras(songs, CompareSettings())
    assert eras is not None
    return find_design(songs, eras)


@pytest.fixture
def pair():
    """One song a bird, 20 and 30 birds in 3 dimensions; `x`, `y`, `z` and the design."""
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((20, 3)), 0.4 + 1.3 * generator.standard_normal((30, 3))
    return x, y, np.concatenate([x, y]), design_of([0] * 20 + [1] * 30, range(50))


def by_unit(values, design):
    """Orders values of the songs by the design's units (one song a unit)."""
    ordered = np.empty_like(values)
    ordered[design.unit_of_song] = values
    return ordered


def test_energy_distance_equals_dcor_and_scipy(pair):
    x, y, z, design = pair
    eras = permuted_eras(design, permutations=20)
    values = energy_values(Evidence(z), design, eras)
    assert values[0] == pytest.approx(dcor.energy_distance(x, y), rel=1e-9)
    points = by_unit(z, design)
    for draw, value in zip(eras, values, strict=True):
        expected = dcor.energy_distance(points[draw == 0], points[draw == 1])
        assert value == pytest.approx(expected, rel=1e-9)
    line = energy_values(Evidence(z[:, :1]), design, eras)[0]
    # scipy's is the root of half of it
    expected = stats.energy_distance(x[:, 0], y[:, 0])
    assert np.sqrt(line) == pytest.approx(expected, rel=1e-9)


def test_energy_p_agrees_with_dcor(pair):
    x, y, z, design = pair
    eras = permuted_eras(design, permutations=1999)
    p = permutation_p(energy_values(Evidence(z), design, eras))
    theirs = dcor.homogeneity.energy_test(x, y, num_resamples=1999, random_state=1)
    assert p == pytest.approx(theirs.pvalue, abs=0.02)


def test_energy_is_the_expectation_over_one_song_a_bird():
    generator = np.random.default_rng(1)
    individual = np.repeat(np.arange(12), 3)
    z = generator.standard_normal((36, 2)) + individual[:, None] / 6
    design = design_of(individual >= 6, individual)
    value = energy_values(Evidence(z), design, permuted_eras(design, permutations=1))[0]
    drawn = []
    for _ in range(4000):
        songs = z[np.arange(12) * 3 + generator.integers(3, size=12)]
        drawn.append(dcor.energy_distance(songs[:6], songs[6:]))
    assert value == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 4000**0.5)


def test_mmd_equals_its_definition(pair):
    x, y, z, design = pair
    value = mmd_values(Evidence(z), design, permuted_eras(design, permutations=1))[0]
    width = np.median(distance.pdist(z))
    kernels = [rbf_kernel(a, b, gamma=1 / (2 * width**2)) for a, b in ((x, x), (y, y), (x, y))]
    expected = kernels[0].mean() + kernels[1].mean() - 2 * kernels[2].mean()
    assert value == pytest.approx(expected, rel=1e-9)


def test_permanova_equals_scikit_bio(pair):
    _, _, z, design = pair
    r2 = permanova_values(Evidence(z), design, permuted_eras(design, permutations=1))[0]
    matrix = DistanceMatrix(distance.squareform(distance.pdist(z)))
    theirs = permanova(matrix, [0] * 20 + [1] * 30, permutations=0)
    assert 48 * r2 / (1 - r2) == pytest.approx(theirs["test statistic"], rel=1e-9)


def test_permanova_with_sites_equals_nested_regressions():
    generator = np.random.default_rng(2)
    era, site = generator.integers(2, size=40), generator.integers(3, size=40)
    z = generator.standard_normal((40, 4)) + site[:, None]
    design = design_of(era, range(40), site)
    r2 = permanova_values(Evidence(z), design, permuted_eras(design, permutations=1))[0]

    def residual(*columns):
        model = np.column_stack(columns)
        return ((z - model @ np.linalg.lstsq(model, z)[0]) ** 2).sum()

    blocks = np.eye(3)[site]
    expected = residual(blocks) - residual(blocks, era)
    assert r2 == pytest.approx(expected / residual(np.ones(40)), rel=1e-9)


def test_permdisp_equals_scikit_bio_and_scipy():
    generator = np.random.default_rng(3)
    z = np.concatenate([generator.standard_normal((25, 3)), 2 * generator.standard_normal((25, 3))])
    design = design_of([0] * 25 + [1] * 25, range(50))
    value = permdisp_values(Evidence(z), design, permuted_eras(design, permutations=1))[0]
    matrix = DistanceMatrix(distance.squareform(distance.pdist(z)))
    theirs = permdisp(matrix, [0] * 25 + [1] * 25, test="centroid", permutations=0, method="eigh")
    assert value == pytest.approx(theirs["test statistic"], rel=1e-6)
    spread = [np.linalg.norm(part - part.mean(axis=0), axis=1) for part in (z[:25], z[25:])]
    assert value == pytest.approx(stats.f_oneway(*spread).statistic, rel=1e-9)


def test_classifier_equals_scikit_learn(pair):
    _, _, z, design = pair
    eras = permuted_eras(design, permutations=3)
    values = classifier_values(Evidence(z), dataclasses.replace(design, seed=5), eras)
    points = by_unit(z, design)
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    folds = GroupKFold(5, shuffle=True, random_state=5)
    for draw, value in zip(eras, values, strict=True):
        scores = cross_val_predict(
            Ridge(alpha=3, fit_intercept=False),
            points,
            draw - draw.mean(),
            cv=folds,
            groups=pd.factorize(design.name)[0],
        )
        assert value == pytest.approx(roc_auc_score(draw, scores), rel=1e-9)


def test_permutations_stay_within_sites():
    generator = np.random.default_rng(4)
    era, site = generator.integers(2, size=60), generator.integers(4, size=60)
    design = design_of(era, range(60), site)
    eras = permuted_eras(design, permutations=50)
    for value in np.unique(design.block):
        sums = eras[:, design.block == value].sum(axis=1)
        assert (sums == sums[0]).all()
    assert len(np.unique(eras, axis=0)) == 51


def test_combined_p_holds_its_level_and_finds_what_one_test_finds():
    generator = np.random.default_rng(5)
    null = [
        combined_p(
            {"a": (v := generator.standard_normal(200)), "b": v + generator.normal(size=200)}
        )
        for _ in range(400)
    ]
    assert 0.02 < np.mean(np.array(null) <= 0.05) < 0.08
    strong = np.concatenate([[9.0], generator.standard_normal(999)])
    assert combined_p({"a": strong, "b": generator.standard_normal(1000)}) <= 0.003


def test_all_tests_come_in_one_dictionary(pair):
    _, _, z, design = pair
    theme = np.where(np.arange(50) % 2, "A", "B").astype(object)
    eras = permuted_eras(design, permutations=99)
    tests = change_tests(Evidence(z, theme), design, equal_effort(design), eras)
    assert set(tests.results) == {
        "composition",
        "energy",
        "mmd",
        "classifier",
        "permanova",
        "permdisp",
        "within_themes",
    }
    assert all(0 < test["p"] <= 1 for test in tests.results.values())
    claimed = {name for name, test in tests.results.items() if test["claim"]}
    assert claimed == {"composition"}
    assert tests.claims["repertoire"]["p"] == tests.results["composition"]["p"]
