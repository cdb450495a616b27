import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

from analysis.cluster import assign, fit_clusters
from analysis.embed import embed
from analysis.latent_table import write_latent_table
from analysis.recognise import NOVEL, recogniser
from scripts import find_songs
from synth.channel import Channel, through_channel
from synth.files import InputError
from synth.notation import load_repertoire
from synth.scenes import DEFAULTS, sing_own
from tests.small_training import CHIRPS, SMALL, chirp
from train.checkpoint import export_encoder
from train.state import make_recipe, make_state

RATE = 22_050


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An encoder as it starts, and forty chirps of two kinds that it embedded."""
    folder = tmp_path_factory.mktemp("reference")
    recipe = make_recipe(SMALL, len(CHIRPS))
    export_encoder(folder, make_state(recipe, 0), SMALL, CHIRPS)
    random = np.random.default_rng(1)
    rows = []
    for number in range(40):
        path = folder / f"{number}.wav"
        soundfile.write(path, chirp(number % 2, random, round(0.4 * RATE), RATE), RATE)
        rows.append({"path": str(path), "label": CHIRPS[number % 2]})
    latents = embed(pd.DataFrame(rows), folder)
    write_latent_table(latents, folder / "latent.parquet")
    return folder, latents


def test_a_song_gets_the_cluster_of_its_vector(run):
    folder, latents = run
    recognise = recogniser(folder)
    clusters = fit_clusters(latents.z)
    expected, probability = assign(clusters, latents.z)
    for number in (0, 1, 6, 7):
        wave, _ = soundfile.read(latents.songs["path"].iloc[number], dtype="float32")
        row = recognise(wave, RATE)
        assert row["nearest_label"] == CHIRPS[number % 2]
        known = int(expected[number])
        assert row["cluster"] == (NOVEL if known < 0 else known)
        assert row["cluster_probability"] == pytest.approx(probability[number], abs=0.02)
        again = recognise(np.asarray(soxr.resample(wave, RATE, 48_000)), 48_000)
        assert again["nearest_label"] == CHIRPS[number % 2]


def test_rows_name_their_cluster(run, tmp_path):
    folder, _ = run
    song = sing_own(load_repertoire("zonotrichia_capensis"), 1, DEFAULTS, 5, RATE)[0]
    wave = through_channel(
        np.pad(song, 2 * RATE),
        Channel("digital-2020", snr=15.0),
        sample_rate=RATE,
        random=np.random.default_rng(0),
    )
    soundfile.write(tmp_path / "one.wav", wave, RATE)
    out = tmp_path / "songs.csv"
    words = [str(tmp_path / "one.wav"), "--out", str(out), "--run", str(folder)]
    assert find_songs.main(words) == 0
    table = pd.read_csv(out, dtype={"cluster": str})
    assert len(table) == 1
    assert table["cluster"].iloc[0] in ("novel", "0", "1", "2")
    assert 0 <= table["cluster_probability"].iloc[0] <= 1


def test_another_runs_reference_is_refused(run, tmp_path):
    folder, latents = run
    shutil.copytree(folder / "encoder", tmp_path / "copy" / "encoder")
    with pytest.raises(InputError, match="no reference songs"):
        recogniser(tmp_path / "copy")
    other = replace(latents, run={**latents.run, "checkpoint": "another"})
    write_latent_table(other, tmp_path / "other.parquet")
    with pytest.raises(InputError, match="another run"):
        recogniser(folder, tmp_path / "other.parquet")
