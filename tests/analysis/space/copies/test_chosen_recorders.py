"""Recorders chosen by what they make of one era, against eras whose recorder is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.signal import butter, sosfilt
from scipy.stats import energy_distance as of_numbers

from chingolo.analysis.space.copies import chosen_recorders
from chingolo.analysis.space.copies.chosen_recorders import (
    choose_recorders,
    energy_distance,
    put_together,
)
from chingolo.analysis.space.embed import embed_songs
from chingolo.analysis.space.embedder import Embedder, make_embedder
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.recorder.families import WIDE_2
from chingolo.synth.recorder.wide import wide_recorder
from chingolo.synth.tables.song_table import read_song_table
from chingolo.train.run.trained_encoder import export_encoder, load_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import CHIRPS, SMALL, chirp

BIRDS = 12


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """An encoder as it starts: its vectors go by the spectrogram."""
    folder = tmp_path_factory.mktemp("run")
    export_encoder(folder, make_state(make_recipe(SMALL, len(CHIRPS)), 0), SMALL, CHIRPS)
    return make_embedder(load_encoder(folder))


@pytest.fixture(scope="module")
def latents(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> LatentTable:
    """The same chirps in both eras, those of the first below 3 kHz and in noise alone."""
    folder = tmp_path_factory.mktemp("songs")
    random = np.random.default_rng(0)
    band = butter(8, 3000, fs=22050, output="sos")
    rows = []
    for era in ("1966", "2020"):
        for bird in range(BIRDS):
            wave = np.pad(chirp(bird % 4, random, 8000, 22050), 2000)
            if era == "1966":
                wave = np.asarray(sosfilt(band, wave)) + 0.02 * random.standard_normal(len(wave))
            soundfile.write(folder / f"{era}-{bird}.wav", 0.5 * wave / np.abs(wave).max(), 22050)
            rows.append({"path": f"{era}-{bird}.wav", "era": era})
    pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    songs = read_song_table(folder / "songs.csv")
    return LatentTable(songs, embed_songs(songs, embedder).z)


def eras(latents: LatentTable) -> np.ndarray:
    return (latents.songs["era"].astype(str) == "2020").to_numpy().astype(int)


def choose(latents: LatentTable, embedder: Embedder, *, drawn: int = 40):
    return choose_recorders(latents, eras(latents), embedder, count=4, drawn=drawn)


def test_the_chosen_bring_the_eras_nearer_than_they_are(latents, embedder):
    found = choose(latents, embedder)
    assert len(found.recorders) == len(found.nearest) == 4
    assert len({recorder.parts for recorder in found.recorders}) == 4
    z, era = latents.z, eras(latents)
    assert found.apart == pytest.approx(energy_distance(z[era == 0], z[era == 1]))
    assert min(found.nearest[:2]) < 0.8 * found.apart
    first = choose(latents, embedder, drawn=4)
    assert np.mean(found.nearest[:2]) < np.mean(first.nearest[:2])
    assert len(found.about["recorder_parts"]) == 4


def test_order_of_rows_and_name_of_folder_do_not_count(latents, embedder, tmp_path: Path):
    order = np.random.default_rng(1).permutation(len(latents.z))
    for path in latents.songs["path"]:
        (tmp_path / Path(path).name).write_bytes(Path(path).read_bytes())
    moved = latents.songs.assign(path=[str(tmp_path / Path(p).name) for p in latents.songs["path"]])
    other = LatentTable(moved.iloc[order].reset_index(drop=True), latents.z[order])
    assert choose(other, embedder).recorders == choose(latents, embedder).recorders


def test_an_era_of_few_recordings_and_of_songs_without_an_era(latents, embedder):
    few = latents.take(np.r_[0, 1, BIRDS : BIRDS + 3])
    era = np.array([0, 0, 1, 1, -1])
    found = choose_recorders(few, era, embedder, count=3, drawn=6)
    assert len(found.recorders) == 3


def test_the_nearest_are_put_together_and_looked_at_twice(latents, embedder, monkeypatch):
    """40 at random, then twice 12 of their parts, then the nearest through more recordings."""
    asked = []
    plain = chosen_recorders.embed_copies

    def watched(table, embedder, recorders, **options):
        asked.append((len(table), len(recorders)))
        return plain(table, embedder, recorders, **options)

    monkeypatch.setattr(chosen_recorders, "embed_copies", watched)
    choose(latents, embedder)
    assert asked == 2 * [(6, 40), (6, 12), (6, 12), (12, 24)]


def test_a_recorder_is_put_together_of_the_parts_of_two():
    both = [wide_recorder(seed, "wide-2") for seed in (1, 5)]
    parts = [*both[0].parts, *both[1].parts]
    order = [chance.part for chance in WIDE_2.chances]
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        child = put_together(both, random)
        names = [name for name, _ in child.parts]
        assert all(part in parts for part in child.parts)
        assert names == sorted(set(names), key=order.index)
        seen |= set(names)
    assert seen == {name for name, _ in parts}
    assert put_together(both[:1], random).family == "wide-2"


def test_energy_distance_of_numbers():
    """SciPy's is the square root, halved in its square."""
    random = np.random.default_rng(0)
    one, other = random.standard_normal(30), random.standard_normal(40) + 1
    found = energy_distance(one[:, None], other[:, None])
    assert found == pytest.approx(of_numbers(one, other) ** 2)
    weight = random.dirichlet(np.ones(30))
    weighted = energy_distance(one[:, None], other[:, None], weight)
    assert weighted == pytest.approx(of_numbers(one, other, u_weights=weight) ** 2)


def test_distances_to_a_large_era_go_by_a_thousand_of_its_songs_in_any_order():
    z = np.random.default_rng(0).standard_normal((2500, 3))
    some = chosen_recorders._some(z)
    assert some.shape == (1000, 3)
    np.testing.assert_array_equal(some, chosen_recorders._some(z[::-1]))
    assert chosen_recorders._some(z[:900]).shape == (900, 3)
    within = float(np.linalg.norm(some[:, None] - some[None], axis=2).mean())
    known = energy_distance(z[:40], some, within_other=2.5)
    assert known == pytest.approx(energy_distance(z[:40], some) + within - 2.5)
