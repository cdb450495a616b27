"""Eras compared in tables whose truth is known: level, size, speed, pairs, and what is missing."""

import numpy as np
import pytest
from scipy import stats

from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.drift.drift_table import PITCH, DriftTable, Measure
from chingolo.analysis.change.drift.era_contrast import as_normal, era_contrast, unit_medians
from chingolo.analysis.change.drift.measure_drift import (
    AGAINST,
    DriftResult,
    drift_of_table,
    measure_drift,
)
from chingolo.analysis.change.drift.song_measures import measure_song
from chingolo.analysis.change.drift.tape_speed import weighted_median

from .closed_forms import RATE, chirps, simulated, whistles_and_trill


def found(seed: int, *, permutations: int = 99, known: bool = False, **options) -> DriftResult:
    table, design = simulated(np.random.default_rng(seed), **options)
    return drift_of_table(table, design, permutations=permutations, speed_known=known)


LOWER, SLOWER = np.log(0.92), np.log(1.15)
CHANGE = {(0, 0): LOWER, (0, 1): LOWER, (1, 2): SLOWER}


@pytest.mark.parametrize("known", [False, True])
def test_without_a_change_one_in_twenty_tables_says_so(known: bool):
    p = np.array([found(seed, known=known).p for seed in range(200)], float)
    assert 0.02 <= (p <= 0.05).mean() <= 0.08


def test_lopsided_tables_say_so_no_oftener():
    p = np.array([found(5000 + k, birds=(8, 30), songs=(2, 15)).p for k in range(200)], float)
    assert (p <= 0.05).mean() <= 0.08


@pytest.mark.parametrize("seed", range(3))
def test_what_changed_is_named_with_its_size(seed: int):
    result = found(seed, birds=(60, 60), change=CHANGE, permutations=199)
    assert result.p is not None
    assert result.p <= 0.01
    named = {(row.theme, row.measure) for row in result.rows if row.p <= 0.05}
    assert named & {("t0", "pitch of part 1"), ("t0", "pitch of part 2")}
    assert ("t1", "trill period of part 3") in named
    assert {theme for theme, _ in named} <= {"t0", "t1", ""}
    rows = {(row.theme, row.measure): row for row in result.rows}
    for key, truth in ((("t0", "pitch of part 1"), -8.0), (("t1", "trill period of part 3"), 15.0)):
        low, high = rows[key].interval_percent
        assert low < truth < high
        assert rows[key].change_percent == pytest.approx(truth, abs=5)
        assert min(rows[key].units) >= 10
    assert rows["t1", "trill period of part 3"].unit == "s"


def test_speed_is_told_and_taken_out():
    results = [found(seed, birds=(60, 60), speed=np.log(1.02)) for seed in range(20)]
    speeds = [result.speed for result in results if result.speed]
    assert len(speeds) == 20
    assert all(speed.removed for speed in speeds)
    assert np.mean([speed.factor for speed in speeds]) == pytest.approx(1.02, abs=0.004)
    covered = [speed.interval[0] <= 1.02 <= speed.interval[1] for speed in speeds]
    assert np.mean(covered) >= 0.85
    assert sum(result.p <= 0.05 for result in results if result.p) <= 3
    known = [found(seed, birds=(60, 60), speed=np.log(1.08), known=True) for seed in range(5)]
    assert all(result.p is not None and result.p <= 0.02 for result in known)
    assert not any(result.speed.removed for result in known if result.speed)


def test_all_pitches_without_the_times_are_no_speed():
    higher = {(theme, place): np.log(1.08) for theme in range(5) for place in (0, 1)}
    result = found(0, birds=(60, 60), change=higher, permutations=199)
    row = next(row for row in result.rows if row.measure == AGAINST)
    assert row.p <= 0.01
    assert row.interval_percent[0] < 8 < row.interval_percent[1]


def test_of_one_theme_only_contrasts_are_told():
    alone = found(1, themes=1, birds=(30, 30), change={(0, k): LOWER for k in (0, 1)})
    assert alone.contrasts_only
    assert alone.speed is not None
    assert alone.speed.removed
    assert alone.p is not None
    assert alone.p <= 0.02
    both = {(0, 0): LOWER, (0, 1): LOWER, (0, 2): -LOWER, (0, 3): -LOWER}
    p = [found(seed, themes=1, birds=(30, 30), change=both).p for seed in range(20)]
    assert np.mean([value <= 0.05 for value in p if value is not None]) <= 0.2


def test_one_bird_of_each_era_at_each_site():
    options = {"birds": (14, 14), "sites": 14, "themes": 1}
    p = [found(seed, known=True, **options).p for seed in range(40)]
    assert all(value is not None for value in p)
    assert np.mean([value <= 0.05 for value in p if value is not None]) <= 0.15
    result = found(0, known=True, change={(0, 2): 0.25}, **options)
    assert result.rows[0].measure == "trill period of part 3"
    assert result.rows[0].p <= 0.02


def test_pairs_are_those_of_the_paired_t_test():
    random = np.random.default_rng(0)
    pairs = random.normal(0, 1, (9, 2)) + 5 * random.normal(0, 1, (9, 1))
    values, eras, block = pairs.reshape(-1, 1), np.tile([0, 1], 9)[None], np.repeat(np.arange(9), 2)
    contrast = era_contrast(values, eras, block, np.zeros(1))
    expected = stats.ttest_rel(pairs[:, 1], pairs[:, 0])
    own_freedom = 8
    variance = contrast.variance[0, 0] * contrast.freedom[0, 0] / own_freedom
    assert contrast.difference[0, 0] / np.sqrt(variance) == pytest.approx(expected.statistic)


def test_the_contrast_is_least_squares_with_an_effect_of_each_site():
    random = np.random.default_rng(1)
    values = random.normal(0, 1, (30, 3))
    values[random.random(values.shape) < 0.3] = np.nan
    eras, block = random.integers(0, 2, (4, 30)), random.integers(0, 4, 30)
    contrast = era_contrast(values, eras, block, np.zeros(3))
    for draw in range(4):
        for place in range(3):
            known = np.isfinite(values[:, place])
            sites = np.eye(4)[block[known]]
            design = np.column_stack([eras[draw, known], sites])
            fit, *_ = np.linalg.lstsq(design, values[known, place], rcond=None)
            assert contrast.difference[draw, place] == pytest.approx(fit[0])


def test_missing_values():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [4.0, np.nan]])
    medians = unit_medians(values, np.array([0, 0, 0, 1]), 3)
    np.testing.assert_array_equal(medians, [[2, np.nan], [4, np.nan], [np.nan, np.nan]])
    table, design = simulated(np.random.default_rng(0))
    holes = np.array(table.values)
    holes[design.era[design.unit_of_song] == 1, 0] = np.nan
    result = drift_of_table(DriftTable(table.measures, holes, table.theme), design, permutations=49)
    names = {(row.theme, row.measure) for row in result.rows}
    assert ("t0", "pitch of part 1") not in names
    assert ("t0", "pitch of part 2") in names
    assert "1 of 20 measures" in result.remarks[0]
    nothing = DriftTable(table.measures, np.full_like(holes, np.nan), table.theme)
    empty = drift_of_table(nothing, design)
    assert empty.p is None
    assert not empty.rows
    assert empty.remarks


def test_a_single_measure_without_a_known_speed_tells_nothing():
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(0, 0.03, 10), random.normal(0.2, 0.03, 10)])[:, None]
    design = Design(
        np.arange(20),
        np.repeat([0, 1], 10),
        np.zeros(20, int),
        np.arange(20).astype(object),
        "song",
        "none",
    )
    measures = (Measure("a", "pitch of part 1", PITCH, 0.003),)
    table = DriftTable(measures, values, np.array(["a"] * 20, object))
    alone = drift_of_table(table, design, permutations=99)
    assert alone.contrasts_only
    assert alone.p == 1.0
    known = drift_of_table(table, design, permutations=99, speed_known=True)
    assert known.p is not None
    assert known.p <= 0.02
    assert not known.contrasts_only


def test_weighted_median_is_that_of_repeated_values():
    random = np.random.default_rng(2)
    values, weight = random.normal(0, 1, (20, 7)), random.integers(0, 4, (20, 7))
    weight[:, 0] += 1
    expected = [np.median(np.repeat(v, w)) for v, w in zip(values, weight, strict=True)]
    np.testing.assert_allclose(weighted_median(values, weight.astype(float)), expected)


def test_tails_of_unlike_freedom_are_made_alike():
    for freedom in (4.0, 30.0):
        t = stats.t.isf(0.01, freedom)
        assert as_normal(np.array([-t]), np.array([freedom]))[0] == pytest.approx(2.3263, abs=1e-3)


def test_from_sound_to_a_named_change():
    random = np.random.default_rng(4)
    songs, theme, era = [], [], []
    for number in range(20):
        modern = number % 2
        pitch, tempo = np.exp(random.normal(0, 0.02, 2))
        notes = whistles_and_trill(
            first=4000 * pitch, second=5000 * pitch, gap=0.3 * tempo, period=0.06 * 1.15**modern
        )
        songs.append(measure_song(chirps(notes, seed=number), RATE))
        theme.append("a")
        era.append(modern)
    design = Design(
        np.arange(20),
        np.array(era),
        np.zeros(20, int),
        np.arange(20).astype(object),
        "individual",
        "none",
    )
    result = measure_drift(
        songs, np.array(theme, object), design, permutations=199, speed_known=True
    )
    first = result.rows[0]
    assert first.measure == "trill period of part 3"
    assert first.p <= 0.01
    assert first.change_percent == pytest.approx(15, abs=0.5)
    assert first.historical == pytest.approx(0.06, rel=2e-3)
    assert first.modern == pytest.approx(0.069, rel=2e-3)
    assert [row.measure for row in result.rows if row.p <= 0.05] == ["trill period of part 3"]
