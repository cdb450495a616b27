"""Trainings that begin with a trained encoder."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.space.embed import embed
from chingolo.scripts import train_encoder
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.noise_floor import AS_IT_IS
from chingolo.synth.tables.files import InputError
from chingolo.train.encoders.windows import WindowsSettings
from chingolo.train.run.begin_with import settings_with, told_gain
from chingolo.train.run.train_encoder import train
from chingolo.train.run.trained_encoder import TrainedEncoder, load_encoder
from tests.small_training import CHIRPS, SMALL, chirp, chirp_pairs

RATE = SMALL.front_end.sample_rate
STEPS = dataclasses.replace(SMALL, steps=4, batch=8)


def waves(count: int, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [chirp(index % 4, random, 8820, RATE) for index in range(count)]


def small_windows() -> TrainedEncoder:
    """An encoder of windows with weights at random, as if it had been trained."""
    settings = dataclasses.replace(
        STEPS,
        front_end=FrontEnd(sample_rate=RATE, n_mels=32, noise="subtract", clip_s=3.0),
        encoder=WindowsSettings(dimensions=33, window=17, frames=8),
    )
    kernel = np.random.default_rng(5).standard_normal((8 * 32, 8)).astype(np.float32)
    params = {"encoder": {"layer": {"kernel": kernel}}}
    return TrainedEncoder(settings, (), params, *AS_IT_IS, hash="by hand")


@pytest.fixture(scope="module")
def begun() -> TrainedEncoder:
    return small_windows()


def weights(encoder: TrainedEncoder) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(encoder.params["encoder"])]


@pytest.mark.slow
def test_the_first_step_is_taken_from_the_other_s_weights(begun: TrainedEncoder):
    settings = dataclasses.replace(settings_with(STEPS, begun), learning_rate=1e-12, steps=1)
    after = train(waves(16), sample_rate=RATE, settings=settings, begin_with=begun)
    alone = train(waves(16), sample_rate=RATE, settings=settings)
    for new, old, other in zip(weights(after), weights(begun), weights(alone), strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)
        assert np.abs(other - old).max() > 1e-3
    assert after.settings.front_end == begun.settings.front_end  # songs are heard as long as before
    z = [embed(one, waves(6, seed=3), sample_rate=RATE) for one in (after, begun)]
    np.testing.assert_allclose(z[0], z[1], atol=1e-5)


@pytest.mark.slow
def test_what_is_frozen_stays_and_labels_are_learnt_on_it(begun: TrainedEncoder):
    settings = dataclasses.replace(
        settings_with(STEPS, begun), frozen_encoder=True, steps=60, learning_rate=3e-2
    )
    labels = [CHIRPS[index % 4] for index in range(32)]
    known = waves(32)
    data = {"sample_rate": RATE, "settings": settings, "labels": labels}
    after = train(known, **data, begin_with=begun)
    for new, old in zip(weights(after), weights(begun), strict=True):
        np.testing.assert_array_equal(new, old)
    thawed = dataclasses.replace(settings, frozen_encoder=False)
    moved = train(known, **{**data, "settings": thawed}, begin_with=begun)
    assert max(np.abs(a - b).max() for a, b in zip(weights(moved), weights(begun), strict=True)) > 0
    assert after.classes == tuple(CHIRPS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"frozen_encoder": True}, "without labels"),
        ({"encoder": WindowsSettings(dimensions=17)}, "dimensions=17: the encoder to begin with"),
        ({"front_end": FrontEnd(sample_rate=RATE, n_mels=40)}, "begin with has"),
    ],
)
def test_what_does_not_fit_is_refused(begun: TrainedEncoder, change: dict, told: str):
    settings = dataclasses.replace(settings_with(STEPS, begun), **change)
    with pytest.raises(InputError, match=told):
        train(waves(8), sample_rate=RATE, settings=settings, begin_with=begun)


def test_weights_at_random_are_not_frozen():
    settings = dataclasses.replace(STEPS, frozen_encoder=True)
    with pytest.raises(InputError, match="--from"):
        train([], sample_rate=RATE, settings=settings, source=chirp_pairs, themes=CHIRPS)


def test_a_loss_is_told_and_the_other_named():
    assert "below songbird, which is the better choice" in told_gain("songbird", 0.9, 0.8)
    assert "better choice" not in told_gain("songbird", 0.8, 0.9)
    assert "gained nothing on songbird" in told_gain("songbird", 0.8, 0.8)
    assert "not measured" in told_gain("songbird", None, None)


@pytest.mark.slow
def test_the_command_begins_with_songbird_and_tells_the_gain(tmp_path: Path, capsys):
    rows = []
    for index, wave in enumerate(waves(24)):
        soundfile.write(tmp_path / f"{index}.wav", 0.3 * wave, RATE)
        rows.append(
            {"path": f"{index}.wav", "label": CHIRPS[index % 4], "individual": str(index // 4)}
        )
    pd.DataFrame(rows).to_csv(tmp_path / "songs.csv", index=False)
    run = tmp_path / "run"
    words = [str(tmp_path / "songs.csv"), "--from", "songbird", "--out", str(run), "--steps", "1"]
    words += ["--hold-out", "0.4", "--heard-through", "0"]
    words += ["--set", "batch=4", "front_end.clip_s=0.5"]
    assert train_encoder.main(words) == 0
    assert "held-out songs with the right neighbour" in capsys.readouterr().out
    assert load_encoder(run).settings.encoder == load_encoder("songbird").settings.encoder
    assert train_encoder.main([*words, "--resume"]) == 0
    del words[1:3]
    assert train_encoder.main([*words, "--resume"]) == 2
    capsys.readouterr()
    assert train_encoder.main([*words, "--frozen"]) == 2
    assert "--frozen: keeps the encoder of --from" in capsys.readouterr().err
