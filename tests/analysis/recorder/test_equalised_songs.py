"""Recordings on disk, and the same songs as arrays, give the same vectors."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from chingolo.analysis.recorder.equalise import equalise
from chingolo.analysis.recorder.equalised_songs import equalise_songs

from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.space.embed import embed_waves, make_embedder
from chingolo.analysis.space.embed_table import embed_table
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.tables.files import InputError
from chingolo.train.run.trained_encoder import export_encoder, load_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import SMALL, chirp

RATE = 22_050


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An encoder as it starts, and a table of 8 songs, one of them of neither era."""
    folder = tmp_path_factory.mktemp("equalised")
    export_encoder(folder, make_state(make_recipe(SMALL, 0), 0), SMALL, ())
    random = np.random.default_rng(1)
    rows, waves = [], []
    for number in range(8):
        wave = chirp(number % 2, random, round((0.4 + 0.1 * number) * RATE), RATE)
        wave = wave + 0.01 * random.standard_normal(len(wave))
        waves.append(wave.astype(np.float32))
        soundfile.write(folder / f"{number}.wav", waves[-1], RATE, subtype="FLOAT")
        rows.append({"path": str(folder / f"{number}.wav"), "start_s": 0.0, "site": "north"})
    return folder, LatentTable(pd.DataFrame(rows), np.zeros((8, 1), np.float32)), waves


ERAS = Eras("1966", "2020", np.array([0, 0, -1, 0, 1, 1, 1, 1]))


def test_arrays_are_embedded_as_files_are(run):
    folder, latents, waves = run
    z, _ = embed_waves(waves, make_embedder(load_encoder(folder)))
    np.testing.assert_array_equal(z, embed_table(latents.songs, folder).z)
    with pytest.raises(InputError, match="song 1: a song of 100 samples"):
        embed_waves([waves[0], waves[1][:100]], make_embedder(load_encoder(folder)))


def test_songs_of_both_eras_are_made_alike_and_embedded(run):
    folder, latents, waves = run
    made = equalise_songs(latents, ERAS, folder)
    expected = equalise(waves, ERAS, sample_rate=RATE)
    embedder = make_embedder(load_encoder(folder))
    own = [wave for wave in expected.waves if len(wave)]
    np.testing.assert_array_equal(made.latents.z, embed_waves(own, embedder)[0])
    np.testing.assert_array_equal(made.rerecorded[:3], made.latents.z[:3])
    assert not np.allclose(made.rerecorded[3:], made.latents.z[3:])
    kept = latents.songs["path"].drop(index=2).tolist()
    assert made.latents.songs["path"].tolist() == kept
    assert made.latents.made_by == embedder.about
    assert len(made.descriptors) == len(made.rerecorded_descriptors) == 7
    assert made.remarks == expected.remarks


def test_another_encoder_is_refused(run):
    folder, latents, _ = run
    other = LatentTable(latents.songs, latents.z, {"checkpoint": "another"})
    with pytest.raises(InputError, match="not the run that made the latent table"):
        equalise_songs(other, ERAS, folder)
