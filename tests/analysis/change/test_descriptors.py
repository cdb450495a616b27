import numpy as np
import pytest

from chingolo.analysis.change.descriptor_table import holm
from chingolo.analysis.change.design.evidence import within_themes


def test_residuals_within_themes_have_no_theme_left():
    theme = np.array(["A", "A", "B", "B"], dtype=object)
    values = np.array([[1.0, np.nan], [3.0, 2.0], [10.0, 4.0], [10.0, 8.0]])
    expected = [[-1, 0], [1, 0], [0, -2], [0, 2]]
    assert within_themes(values, theme).tolist() == expected


def test_holm_equals_a_hand_calculation():
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
