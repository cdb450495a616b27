"""The frozen reference: what it says of later songs, after a trip through its file too."""

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.references.reference import (
    NOVEL,
    assign_songs,
    fit_reference,
    load_reference,
    save_reference,
)
from chingolo.synth.tables.files import InputError


def songs_of(truth: np.ndarray, *, dimensions: int, seed: int) -> LatentTable:
    """Songs around one centre for each theme, with what a classifier says of them."""
    z = 8 * np.eye(dimensions)[truth]
    z = z + np.random.default_rng(seed).standard_normal((len(truth), dimensions))
    names = np.array(["A", "B", "C", "D"], dtype=object)[truth]
    songs = pd.DataFrame({"path": [f"/{i}.wav" for i in range(len(truth))]})
    return LatentTable(
        songs.assign(predicted_label=names), z.astype(np.float32), {"checkpoint": "abc"}
    )


@pytest.mark.parametrize("method", ["hdbscan", "kmeans"])
@pytest.mark.parametrize("dimensions", [6, 24])
def test_later_songs_are_told_by_it_or_are_novel(tmp_path, method, dimensions):
    table = songs_of(np.repeat([0, 1, 2], [60, 50, 40]), dimensions=dimensions, seed=0)
    reference = fit_reference(table, method=method, clusters=3 if method == "kmeans" else 0)
    save_reference(reference, tmp_path / "reference.npz")
    loaded = load_reference(tmp_path / "reference.npz")
    truth = np.repeat([0, 1, 2, 3], 40)
    later = songs_of(truth, dimensions=dimensions, seed=1)
    told = assign_songs(reference, later.z, checkpoint="abc")
    pd.testing.assert_frame_equal(told, assign_songs(loaded, later.z, checkpoint="abc"))
    assert (told["theme"][truth == 3] == NOVEL).mean() > 0.9
    known = told["theme"] != NOVEL
    assert known[truth < 3].mean() > 0.7
    assert (told["theme"] == later.songs["predicted_label"])[known & (truth < 3)].all()
    assert (told["theme_probability"][known] > 0).all()
    assert ((told["cluster"] == -1) == ~known).all()
    assert loaded.made_by == {"checkpoint": "abc"}
    assert loaded.quality["stability"] == reference.quality["stability"]
    np.testing.assert_array_equal(loaded.clusters.assignment, reference.clusters.assignment)


def test_the_file_has_the_same_bytes_each_time(tmp_path):
    table = songs_of(np.repeat([0, 1], 40), dimensions=4, seed=2)
    for name in ("one.npz", "two.npz"):
        save_reference(fit_reference(table), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_what_does_not_fit_is_refused(tmp_path):
    table = songs_of(np.repeat([0, 1], 40), dimensions=4, seed=2)
    reference = fit_reference(table)
    assert len(assign_songs(reference, table.z[:0])) == 0
    with pytest.raises(
        InputError, match="vectors of 5 dimensions do not fit a reference of 4: both"
    ):
        assign_songs(reference, np.zeros((3, 5), np.float32))
    with pytest.raises(InputError, match="another encoder"):
        assign_songs(reference, table.z, checkpoint="other")
    with pytest.raises(InputError, match=r"ends in \.npz"):
        save_reference(reference, tmp_path / "reference.pkl")
    few = LatentTable(table.songs[:4], table.z[:4], {})
    with pytest.raises(InputError, match="no reference can be made"):
        fit_reference(few)
    with pytest.raises(InputError, match="no such reference"):
        load_reference(tmp_path / "none.npz")
    for content in (b"", b"words", b"PK\x03\x04 broken"):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(InputError, match="not a reference"):
            load_reference(tmp_path / "bad.npz")
