import numpy as np
import pytest

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.files import InputError
from chingolo.train.run.probe import collapse, make_probe, neighbour_accuracy
from tests.small_training import SMALL


def test_collapse_is_told():
    well = {"effective_rank": 9.0, "prototypes_used": 9.0, "teacher_entropy": 1.0}
    assert collapse(well, SMALL, 16) is None
    assert "on a line" in str(collapse(well | {"effective_rank": 1.1}, SMALL, 16))
    assert "one prototype" in str(collapse(well | {"prototypes_used": 1.2}, SMALL, 16))
    assert "uniform" in str(collapse(well | {"teacher_entropy": float(np.log(16))}, SMALL, 16))


def test_probe_counts_neighbours_of_other_groups_only():
    z = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
    label = np.array(["a", "b", "b", "a"])
    assert neighbour_accuracy(z, label, np.array([0, 0, 1, 1])) == 0.5
    label = np.array(["a", "a", "b", "b"])
    assert neighbour_accuracy(z, label, np.array([0, 0, 1, 1])) == 0.0
    assert neighbour_accuracy(z, label, np.arange(4)) == 1.0


def test_songs_without_a_label_are_no_class_of_the_probe():
    front_end = FrontEnd(clip_s=0.1)
    songs = [np.full(9000, value, np.float32) for value in range(1, 7)]
    probe = make_probe(songs, ["x", "", "y", "", "x", ""], list("abcdef"), front_end)
    assert probe.label.tolist() == ["x", "y", "x"]
    assert probe.group.tolist() == ["a", "c", "e"]
    assert probe.clips.max(axis=1).tolist() == [1, 3, 5]
    with pytest.raises(InputError, match="with a label of at least two"):
        make_probe(songs, ["x", "", "", "", "", ""], list("abcdef"), front_end)
