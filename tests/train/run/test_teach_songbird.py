"""Teaching by invented units, and the encoder that comes along."""

import dataclasses

import numpy as np
import pytest

from chingolo.analysis.space.embed import embed
from chingolo.analysis.space.embedder import clip_lengths, make_embedder
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.tables.files import InputError
from chingolo.train.encoders.windows import WindowsSettings
from chingolo.train.run.teach_songbird import SONGBIRD, Lessons, discriminants, teach
from chingolo.train.run.trained_encoder import load_encoder, shipped_encoders, write_encoder

RATE = 22_050


def tone(start_hz: float, stop_hz: float, seconds: float) -> np.ndarray:
    """A sweep with soft edges."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (start_hz * time + (stop_hz - start_hz) * time**2 / (2 * seconds))
    return (np.sin(phase) * np.sin(np.pi * time / seconds) ** 0.3).astype(np.float32)


def test_discriminants_find_what_classes_differ_in():
    random = np.random.default_rng(0)
    classes = np.repeat(np.arange(60), 8)
    x = random.normal(0, 0.1, (480, 12))
    x[:, 3] += random.normal(0, 1, 60)[classes]  # told between classes, quiet within
    x[:, 7] += random.normal(0, 3, 480)  # loud, and of no class
    first = discriminants(x, classes, 2, shrink=0.1)[:, 0]
    assert np.abs(first).argmax() == 3
    assert abs(first[7]) < 0.05 * abs(first[3])
    assert discriminants(x, classes, 5, shrink=0.1).shape == (12, 5)


def test_much_shrinkage_leaves_the_space_as_it_is():
    random = np.random.default_rng(1)
    classes = np.repeat(np.arange(40), 5)
    x = random.normal(0, 1, (40, 6))[classes] + random.normal(0, 0.3, (200, 6))
    layer = discriminants(x, classes, 6, shrink=1e6)
    gram = layer @ layer.T
    np.testing.assert_allclose(gram / gram[0, 0], np.eye(6), atol=0.01)


@pytest.mark.slow
def test_small_lessons_are_the_same_every_time_and_are_written_and_read(tmp_path):
    settings = dataclasses.replace(
        SONGBIRD,
        front_end=FrontEnd(n_fft=256, hop=128, n_mels=32, noise="subtract", clip_s=5.0),
        encoder=WindowsSettings(dimensions=33, window=17, frames=8),
    )
    lessons = Lessons(units=24, renditions=3)
    one, again = teach(lessons, settings), teach(lessons, settings)
    assert one.hash == again.hash
    write_encoder(tmp_path / "out", one)
    read = load_encoder(tmp_path / "out")
    assert (read.hash, read.settings) == (one.hash, one.settings)
    assert teach(dataclasses.replace(lessons, seed=2), settings).hash != one.hash


def test_songbird_comes_along_and_a_folder_of_that_name_goes_before_it(tmp_path, monkeypatch):
    assert "songbird" in shipped_encoders()
    songbird = load_encoder("songbird")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="songbird"):
        load_encoder("songbirdd")
    (tmp_path / "songbird").mkdir()
    with pytest.raises(InputError, match="no exported encoder"):
        load_encoder("songbird")
    write_encoder(tmp_path / "songbird", songbird)
    assert load_encoder("songbird").hash == songbird.hash


def test_songbird_tells_sweeps_apart_whatever_their_level_rate_and_company():
    songbird = load_encoder("songbird")
    random = np.random.default_rng(0)
    kinds = [
        (2500, 2500, 0.06),
        (2500, 4500, 0.06),
        (4500, 2500, 0.06),
        (6000, 6000, 0.25),
        (3000, 5000, 1.6),
    ]
    sung = [
        np.float32(10 ** random.uniform(-5, 0)) * tone(low * f, high * f, seconds * f)
        for low, high, seconds in kinds
        for f in (0.99, 1.0, 1.01)
    ]
    z = embed(songbird, sung, sample_rate=RATE)
    near = z @ z.T
    np.fill_diagonal(near, -1)
    assert np.array_equal(near.argmax(axis=1) // 3, np.arange(15) // 3)
    alone = np.concatenate([embed(songbird, [wave], sample_rate=RATE) for wave in sung])
    np.testing.assert_allclose(alone, z, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-5)


def test_clips_of_few_lengths_hold_songs_of_any():
    lengths = clip_lengths(SONGBIRD)
    assert lengths[-1] == 10 * RATE
    assert len(lengths) <= 5
    assert list(lengths) == sorted(lengths)


def test_a_latent_table_tells_the_name_of_the_encoder_that_comes_along(tmp_path):
    songbird = load_encoder("songbird")
    assert make_embedder(songbird).about["encoder"] == "songbird"
    write_encoder(tmp_path / "mine", songbird)
    assert "encoder" not in make_embedder(load_encoder(tmp_path / "mine")).about


def test_no_direction_is_known_where_no_class_has_enough_samples():
    """Warnings are errors here; one of NumPy's came through to the terminal."""
    x = np.random.default_rng(0).normal(size=(6, 4))
    assert discriminants(x, np.array([0, 0, 1, 1, 2, 2]), 3, shrink=0.1).shape == (4, 0)
