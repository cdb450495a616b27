import numpy as np
import pytest
from scipy.spatial import distance

from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.permutation import permuted_eras
from chingolo.analysis.change.turnover import chao_jaccard, jaccard, morisita_horn, turnover
from tests.analysis.change.test_change import design_of


def test_jaccard_equals_scipy():
    x, y = np.array([3, 0, 1, 2]), np.array([1, 1, 0, 5])
    assert jaccard(x, y) == pytest.approx(1 - distance.jaccard(x > 0, y > 0))


def test_chao_jaccard_equals_a_hand_calculation():
    x, y = np.array([10, 5, 2, 0, 3]), np.array([4, 1, 1, 6, 2])
    # 10 and 8 units; 20 and 14 incidences; shared themes 1 2 3 5; f+1 = 2, f+2 = 1
    u = 1.0 + 7 / 8 * 2 / (2 * 1) * 7 / 20
    v = 8 / 14
    expected = min(u, 1) * v / (min(u, 1) + v - min(u, 1) * v)
    assert chao_jaccard(x, y, units=(10, 8)) == pytest.approx(expected)


def test_the_correction_counts_units_and_not_incidences():
    """x: 5, 1, 2 of n = 8; y: 4, 1, 0 of 6 units: both shared themes, one once, none twice in y."""
    x, y = np.array([5, 1, 2]), np.array([4, 1, 0])
    u = 6 / 8 + 5 / 6 * 1 / (2 * 1) * 1 / 8
    v = 5 / 5  # all of y is in shared themes
    assert chao_jaccard(x, y, units=(5, 6)) == pytest.approx(u * v / (u + v - u * v))


def test_unequal_effort_lowers_jaccard_alone():
    """One repertoire of 40 themes, 30 birds against 1000."""
    generator = np.random.default_rng(0)
    share = 1 / np.arange(1, 41)
    share /= share.sum()
    x, y = (generator.multinomial(n, share, size=200) for n in (30, 1000))
    assert jaccard(x, y).mean() < 0.5
    assert morisita_horn(x, y).mean() > 0.8
    assert chao_jaccard(x, y, units=(30, 1000)).mean() > 0.8


def test_same_and_disjoint_repertoires():
    individual = np.arange(40)
    era = individual >= 20
    design = design_of(era, individual)

    def overlap(theme):
        drawn = permuted_eras(design, permutations=99)
        return turnover(theme.astype(object), design, equal_effort(design), drawn)

    same = overlap(np.where(individual % 2, "A", "B"))
    apart = overlap(np.where(era, "A", "B"))
    assert same is not None
    assert apart is not None
    for name in ("morisita_horn", "chao_jaccard"):
        assert same[name]["value"] == pytest.approx(1.0)
        assert apart[name]["value"] == 0.0
        assert apart[name]["expected"] > 0.8
        low, high = same[name]["interval"]
        assert 0.5 < low <= high <= 1.0
    assert overlap(np.full(40, "")) is None
