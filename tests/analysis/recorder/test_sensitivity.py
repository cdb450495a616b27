"""A recorder's model that errs."""

import numpy as np
import pytest

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.recorder.sensitivity import matched, worst_recorder
from tests.analysis.change.test_change import design_of


def test_the_worst_recorder_takes_away_what_it_may_and_no_more():
    """It moves songs by 1 at right angles to the difference, and the descriptor by 0.5."""
    design = design_of(np.repeat([0, 1], 40), np.repeat(np.arange(20), 4))
    modern = np.repeat([False, True], 40)
    noise = np.tile(np.random.default_rng(0).standard_normal((40, 3)), (2, 1))
    for gap in (0.2, 3.0):
        z = noise + gap * modern[:, None] * np.array([1.0, 0.0, 0.0])
        descriptors = np.where(modern, gap, 0.0)[:, None]
        one = Evidence(z, None, descriptors)
        two = Evidence(z + np.array([0.0, 1.0, 0.0]), None, descriptors + 0.5)
        both = matched(one, two, modern)
        np.testing.assert_allclose(both.z[modern], two.z[modern])
        np.testing.assert_allclose(both.z[~modern], one.z[~modern])
        worst = worst_recorder(one, two, design)
        np.testing.assert_allclose(worst.z[~modern], one.z[~modern])
        distance = np.linalg.norm(worst.z[modern].mean(axis=0) - worst.z[~modern].mean(axis=0))
        assert distance == pytest.approx(np.hypot(gap, 1.0) - 1.0)
        assert worst.descriptors is not None
        assert worst.descriptors[modern].mean() == pytest.approx(gap)


def test_a_recorder_without_effect_leaves_all_as_it_is():
    design = design_of(np.repeat([0, 1], 20), np.repeat(np.arange(10), 4))
    z = np.random.default_rng(0).standard_normal((40, 2))
    theme = np.where(z[:, 0] > 0, "A", "B").astype(object)
    one = Evidence(z, theme)
    worst = worst_recorder(one, one, design)
    np.testing.assert_array_equal(worst.z, z)
    assert worst.theme is not None
    assert (worst.theme == theme).all()
