"""Unequal effort is no change."""

import dataclasses

import numpy as np
import pytest

from chingolo.analysis.change.design.equal_effort import equal_effort
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import permutation_p, permuted_eras
from chingolo.analysis.change.statistics.permanova import permanova_values
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
    kept = equal_effort(dataclasses.replace(design, seed=1))
    assert len(kept) == 20
    assert len(np.unique(kept, axis=0)) == 20
    kept = kept[0]
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
        design = dataclasses.replace(uneven_design(generator), seed=seed)
        z = generator.standard_normal((len(design.unit_of_song), 4))
        for name in rejected:
            kept = equal_effort(design)[0] if name == "drawn" else np.full(len(z), True)
            part = dataclasses.replace(design, unit_of_song=design.unit_of_song[kept])
            eras = permuted_eras(part, permutations=99)
            rejected[name] += permutation_p(permanova_values(Evidence(z[kept]), part, eras)) <= 0.05
    assert rejected["all songs"] / runs > 0.3
    assert rejected["drawn"] / runs < 0.12


def test_where_effort_is_equal_all_songs_are_one_draw():
    individual = np.repeat(np.arange(12), 3)
    kept = equal_effort(design_of(individual >= 6, individual))
    assert kept.tolist() == [[True] * 36]


def test_many_songs_are_drawn_a_few_at_a_time():
    individual = np.repeat(np.arange(12), 100)
    kept = equal_effort(design_of(individual >= 6, individual), most=150)
    assert kept.sum(axis=1).tolist() == [144] * 20
    assert (kept.mean(axis=0) < 0.5).all()
