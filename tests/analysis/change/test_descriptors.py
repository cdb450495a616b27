"""Effects of the eras on descriptors against a mixed world of known size."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from chingolo.analysis.change.descriptor_table import era_effect
from chingolo.analysis.change.design.evidence import within_themes
from tests.analysis.change.test_change import design_of


def test_residuals_within_themes_have_no_theme_left():
    theme = np.array(["A", "A", "B", "B"], dtype=object)
    values = np.array([[1.0, np.nan], [3.0, 2.0], [10.0, 4.0], [10.0, 8.0]])
    expected = [[-1, 0], [1, 0], [0, -2], [0, 2]]
    assert within_themes(values, theme).tolist() == expected


def test_one_song_a_bird_of_one_theme_is_the_pooled_t_of_scipy():
    random = np.random.default_rng(0)
    x, y = random.standard_normal(9), random.standard_normal(14) + 1.0
    design = design_of([0] * 9 + [1] * 14, range(23))
    effect, low, high = era_effect(np.concatenate([x, y]), np.array(["A"] * 23, object), design)
    theirs: Any = stats.ttest_ind(y, x)
    assert effect * (9 * 14 / 23) ** 0.5 == pytest.approx(theirs.statistic)
    assert low < effect < high


def world(random, *, sites, birds, effect):
    """Songs of three themes whose shares differ between the eras; birds and sites differ."""
    rows = []
    for site in range(sites):
        own_site = 3 * random.standard_normal()
        for era in (0, 1):
            mixture = [0.7, 0.2, 0.1] if era == 0 else [0.1, 0.2, 0.7]
            for bird in range(birds[era]):
                own = random.standard_normal() + effect * era + own_site
                for _ in range(random.integers(1, 8)):
                    theme = random.choice(3, p=mixture)
                    value = own + 5 * theme + 0.3 * random.standard_normal()
                    rows.append((era, f"{site} {era} {bird}", site, f"T{theme}", value))
    era, bird, site, theme, value = zip(*rows, strict=True)
    return np.array(value), np.array(theme, object), design_of(era, bird, site)


@pytest.mark.parametrize(("sites", "birds"), [(10, (1, 1)), (1, (6, 30)), (6, (3, 5))])
def test_intervals_cover_what_they_say(sites, birds):
    """200 worlds; bounds are three standard errors around 95 %."""
    random = np.random.default_rng(1)
    covered = []
    for _ in range(200):
        _, low, high = era_effect(*world(random, sites=sites, birds=birds, effect=0.8))
        covered.append(low <= 0.8 <= high)
    assert 0.9 <= np.mean(covered) <= 0.995


def test_too_few_birds_have_no_effect():
    effect = era_effect(np.array([1.0, 2.0]), np.array(["A", "A"], object), design_of([0, 1], "ab"))
    assert np.isnan(effect).all()
