"""Vectors of songs heard through other recorders."""

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.space.copies.embed_copies import marginal, with_copies
from chingolo.analysis.space.latent_table import LatentTable, read_latent_table, write_latent_table
from chingolo.synth.tables.files import InputError


def test_the_marginal_vector_is_the_mean_of_a_song_and_its_copies():
    z = np.array([[1.0, 0.0], [0.0, 3.0]])
    copies = np.array([[[0.0, 1.0], [2.0, 2.0]], [[0.0, 0.0], [3.0, 0.0]]])
    assert marginal(z, copies).tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_copies_stand_in_the_latent_table_and_are_read_again(tmp_path):
    random = np.random.default_rng(0)
    songs = pd.DataFrame({"path": [str(tmp_path / f"{i}.wav") for i in range(5)]})
    latents = LatentTable(songs, random.standard_normal((5, 3)).astype(np.float32))
    copies = random.standard_normal((5, 4, 3)).astype(np.float32)
    write_latent_table(with_copies(latents, copies), tmp_path / "latent.parquet")
    read = read_latent_table(tmp_path / "latent.parquet")
    assert read.copies is not None
    assert np.array_equal(read.copies, copies)
    assert read.z == pytest.approx((latents.z + copies.sum(axis=1)) / 5, abs=1e-6)
    assert read.made_by == {"recorders": 4, "family": "wide-1"}
    assert "copies" not in read.songs.columns


def test_copies_of_another_table_are_refused():
    latents = LatentTable(pd.DataFrame({"path": list("ab")}), np.zeros((2, 3), np.float32))
    with pytest.raises(InputError, match="one encoder"):
        with_copies(latents, np.zeros((2, 4, 5), np.float32))
