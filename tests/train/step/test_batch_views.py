from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.encoders.cnn import CNNSettings
from chingolo.train.encoders.vit import ViTSettings
from chingolo.train.objective.devices import ONE_DEVICE
from chingolo.train.run.trained_encoder import apply_encoder, trained_encoder
from chingolo.train.settings.training import TrainingSettings, Views
from chingolo.train.step.batch_views import make_views
from chingolo.train.step.learner import make_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import SMALL, UNOPTIMISED, chirp_pairs


def test_a_song_that_is_its_own_pair_is_heard_once():
    waves, _, _ = chirp_pairs(0, 4)
    edges = np.tile(np.array([1000, 7000], np.int32), (4, 2, 1))
    state = make_state(make_recipe(SMALL, 0), 0)
    make = jax.jit(partial(make_views, SMALL, devices=ONE_DEVICE), compiler_options=UNOPTIMISED)
    once = make(state, {"first": waves, "edges": edges})
    twice = make(state, {"first": waves, "second": waves, "edges": edges})
    np.testing.assert_allclose(once.whole, twice.whole, atol=1e-5)
    np.testing.assert_array_equal(once.sound, twice.sound)
    np.testing.assert_allclose(once.mean, twice.mean, rtol=1e-5)
    assert np.abs(np.asarray(once.whole[0] - once.whole[1])).max() > 0.1  # yet two views


OFF = Views(
    shift_s=0.0, time_mask_s=0.0, frequency_mask=0, gain_db=0.0, filter_db=0.0, fader_db=0.0,
    noise_share=0.0, tape_share=0.0, mixup=0.0,
)  # fmt: skip
MOVED: dict[str, Any] = {
    "noise_share": 1.0, "tape_share": 1.0, "mixup": 0.5, "fader_db": 12.0,
    "gain_db": 15.0, "filter_db": 10.0,
}  # fmt: skip
ENCODERS = {"cnn": CNNSettings(size="nano"), "vit": ViTSettings(size="nano")}


def training_with(noise: Any, encoder: str = "cnn", **views: Any) -> TrainingSettings:
    return replace(
        SMALL,
        front_end=FrontEnd(clip_s=1.0, noise=noise),
        encoder=ENCODERS[encoder],
        views=replace(OFF, **views),
    )


def seen_of(training: TrainingSettings, waves: np.ndarray, edges: tuple[int, int]):
    """Views of waves, and what they were before normalising."""
    both = np.tile(np.array(edges, np.int32), (len(waves), 2, 1))
    state = make_state(make_recipe(training, 0), 0)
    whole = partial(make_views, training, devices=ONE_DEVICE)
    make = jax.jit(whole, compiler_options=UNOPTIMISED)
    views = make(state, {"first": waves, "edges": both})
    scale = np.sqrt(float(views.variance) + 1e-5)
    return views, np.asarray(views.whole) * scale + float(views.mean), state


def songs_in_silence(begin: int, end: int, count: int = 12) -> np.ndarray:
    """[count, 22050] noisy tones of several levels between two samples."""
    random = np.random.default_rng(7)
    waves = np.zeros((count, 22_050), np.float32)
    time = np.arange(end - begin) / 22_050
    for wave in waves:
        tone = np.sin(2 * np.pi * random.uniform(2000, 8000) * time)
        loud = random.uniform(0.05, 0.5)
        wave[begin:end] = loud * (tone + 0.01 * random.normal(size=end - begin))
    return waves


# silence of mel power 1e-10: its logarithm, and its PCEN (m = 2^31 1e-5; m^0.02 + 2 under a root)
SILENCE = {
    "floor": 0.0,
    "median": 0.0,
    "none": -10 * np.log(10),
    "subtract": -10 * np.log(10),
    "pcen": np.sqrt((2**31 * 1e-5) ** 0.02 + 2) - np.sqrt(2),
}
EACH = [
    name if name in ("floor", "subtract") else pytest.param(name, marks=pytest.mark.slow)
    for name in SILENCE
]


@pytest.mark.parametrize("noise", EACH)
def test_padding_stays_silent_under_every_view(noise: str):
    """The song is the last 0.3 s: padding before it knows nothing of it, whatever the option."""
    waves = songs_in_silence(15_435, 22_050)
    views, raw, _ = seen_of(training_with(noise, **MOVED, shift_s=0.2), waves, (15_435, 22_050))
    sound = np.asarray(views.sound)
    first = sound.argmax(axis=2)
    for view, starts, value in zip(sound, first, raw, strict=True):
        for song, start, seen in zip(view, starts, value, strict=True):
            assert not song[:start].any()
            np.testing.assert_allclose(seen[: start - 1], SILENCE[noise], atol=2e-3)
    # behind a song that moved to the front PCEN goes on falling, the others are silent at once
    if noise != "pcen":
        behind = ~sound & (np.arange(sound.shape[2]) > first[..., None])
        assert behind.any()
        np.testing.assert_allclose(raw[behind], SILENCE[noise], atol=2e-3)


@pytest.mark.parametrize("noise", EACH)
def test_running_statistics_are_of_silent_padding(noise: str):
    """Nine tenths of a clip are padding: its share of mean and power is what silence has."""
    waves = songs_in_silence(19_845, 22_050)
    still, plain, _ = seen_of(training_with(noise), waves, (19_845, 22_050))
    views, raw, _ = seen_of(training_with(noise, **MOVED), waves, (19_845, 22_050))
    song = np.asarray(views.sound)
    share, level = song.mean(), SILENCE[noise]
    for told, values in ((still, plain), (views, raw)):
        mean = share * values[song].mean() + (1 - share) * level
        square = share * (values[song] ** 2).mean() + (1 - share) * level**2
        assert float(told.mean) == pytest.approx(mean, abs=0.01)
        assert float(told.variance) == pytest.approx(square - mean**2, rel=0.02)


@pytest.mark.parametrize(
    ("noise", "encoder"),
    [*((noise, "vit") for noise in SILENCE), *(("floor", name) for name in ENCODERS)],
)
def test_a_padded_song_has_one_vector_in_training_and_embedding(noise: str, encoder: str):
    training = training_with(noise, encoder)
    waves = songs_in_silence(6000, 14_000)
    views, _, state = seen_of(training, waves, (6000, 14_000))
    trained = trained_encoder(
        replace(state, mean=views.mean, variance=views.variance), training, ()
    )
    z, _ = apply_encoder(
        trained, jnp.asarray(waves), jnp.tile(jnp.array([[6000, 14_000]]), (len(waves), 1))
    )
    recipe = make_recipe(training, 0)
    told: dict[str, Any] = recipe.encoder.padding(training.encoder, ~views.sound[0])
    params = {"params": state.teacher["encoder"]}
    ours: Any = make_encoder(training).apply(params, views.whole[0], **told)
    np.testing.assert_allclose(ours, z, atol=1e-3)


def test_level_of_pcen_changes_as_that_of_the_recording_would():
    """PCEN takes a level off again, by its power 0.98; dB added behind it would not be."""
    random = np.random.default_rng(3)
    waves = np.repeat(0.1 * random.normal(size=(1, 22_050)), 12, axis=0).astype(np.float32)
    _, plain, _ = seen_of(training_with("pcen"), waves, (0, 22_050))
    _, raw, _ = seen_of(training_with("pcen", gain_db=20.0), waves, (0, 22_050))
    # gains are within a factor 10 of amplitude, of which PCEN leaves 10^0.02: 5 % of its inside
    assert np.abs(raw - plain).max() < 0.05 * (plain.max() + np.sqrt(2)) ** 2
    assert np.abs(raw.mean(axis=(2, 3)) - plain.mean()).max() < 0.05
    assert np.abs(raw - plain).max() > 1e-4
