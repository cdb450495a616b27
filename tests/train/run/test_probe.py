import numpy as np

from chingolo.train.run.probe import collapse, neighbour_accuracy
from tests.small_training import SMALL


def test_collapse_is_told():
    well = {"effective_rank": 9.0, "prototypes_used": 9.0, "teacher_entropy": 1.0}
    assert collapse(well, SMALL) is None
    assert "on a line" in str(collapse(well | {"effective_rank": 1.1}, SMALL))
    assert "one prototype" in str(collapse(well | {"prototypes_used": 1.2}, SMALL))
    assert "uniform" in str(collapse(well | {"teacher_entropy": float(np.log(16))}, SMALL))


def test_probe_counts_neighbours_of_other_groups_only():
    z = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
    label = np.array(["a", "b", "b", "a"])
    assert neighbour_accuracy(z, label, np.array([0, 0, 1, 1])) == 0.5
    label = np.array(["a", "a", "b", "b"])
    assert neighbour_accuracy(z, label, np.array([0, 0, 1, 1])) == 0.0
    assert neighbour_accuracy(z, label, np.arange(4)) == 1.0
