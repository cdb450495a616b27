"""Doubts that are no change: unequal effort, and a recorder's model that errs."""

import dataclasses

import numpy as np
import pytest

from chingolo.analysis.change.change_tests import permanova_statistic
from chingolo.analysis.change.equal_effort import equal_effort
from chingolo.analysis.change.evidence import Evidence
from chingolo.analysis.change.permutation import permutation_p, permuted_eras
from chingolo.analysis.recorder.placebo import matched, worst_recorder
from tests.analysis.change.test_change import design_of


def uneven_design(generator, *, birds=(8, 40), songs=(1, 12)):
    """Few birds of few songs, then many of many, at two sites."""
    era, individual = [], []
    for side in (0, 1):
        for bird in range(birds[side]):
            count = songs[side] + int(generator.integers(3))
            era += [side] * count
            individual += [f"{side} {bird}"] * count
    return design_of(era, individual, [int(name.split()[1]) % 2 for name in individual])


def test_both_eras_keep_alike_numbers_of_songs_and_every_bird():
    design = uneven_design(np.random.default_rng(0))
    kept = equal_effort(design, seed=1)
    counts = np.bincount(design.unit_of_song[kept], minlength=len(design.era))
    before = np.bincount(design.unit_of_song, minlength=len(design.era))
    assert counts.min() >= 1
    assert (counts <= before).all()
    assert (counts[design.era == 0] == before[design.era == 0]).all()
    for block in (0, 1):
        here = design.block == block
        old, young = (np.sort(counts[here & (design.era == era)]) for era in (0, 1))
        assert set(old) == set(young)
        assert old.mean() == pytest.approx(young.mean(), rel=0.15)


def test_unequal_effort_rejects_too_often_until_songs_are_drawn_alike():
    """Few birds of 1-3 songs against many of 12-14: means that scatter alike hold the level."""
    rejected = {"all songs": 0, "drawn": 0}
    runs = 100
    for seed in range(runs):
        generator = np.random.default_rng(seed)
        design = uneven_design(generator)
        z = generator.standard_normal((len(design.unit_of_song), 4))
        for name in rejected:
            kept = equal_effort(design, seed=seed) if name == "drawn" else np.full(len(z), True)
            part = dataclasses.replace(design, unit_of_song=design.unit_of_song[kept])
            eras = permuted_eras(part, permutations=99, seed=seed)
            rejected[name] += permutation_p(permanova_statistic(z[kept], part, eras)) <= 0.05
    assert rejected["all songs"] / runs > 0.3
    assert rejected["drawn"] / runs < 0.12


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
