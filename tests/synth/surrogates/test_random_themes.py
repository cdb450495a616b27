"""What no one drew keeps to the pitches of its bird, and to what the audio holds."""

from dataclasses import replace

import numpy as np
import pytest

from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.surrogates.random_themes import random_stranger, random_theme
from chingolo.synth.surrogates.scenes import draw_scenes
from chingolo.synth.surrogates.soundscape import background_noise
from chingolo.synth.surrogates.surroundings import named_surroundings
from chingolo.synth.tables.files import InputError
from chingolo.synth.voice.birds import BIRDS, larger
from chingolo.train.data.synthetic_pairs import pair_source, refuse_unheard

SPARROW = BIRDS["rufous_collared_sparrow"]


def slower(times: float) -> Repertoire:
    """The chingolo's songs, as low as of a bird so many times as large."""
    shipped = load_repertoire("zonotrichia_capensis")

    def low(note):
        points = tuple((time, pitch / times) for time, pitch in note.points)
        return replace(note, points=points, second=())

    themes = tuple(
        replace(theme, items=tuple(replace(i, note=low(i.note)) for i in theme.items))
        for theme in shipped.themes
    )
    dove = replace(larger(SPARROW, times), name="dove")
    return replace(shipped, species="a dove", bird="dove", own_bird=dove, themes=themes)


def pitches(theme) -> np.ndarray:
    return np.array([pitch for item in theme.items for _, pitch in item.note.points])


@pytest.mark.parametrize("times", [1, 6])
def test_invented_themes_are_as_low_as_their_bird(times: int):
    """Of the same draws, every pitch of a bird 6 times as large is a sixth."""
    small, large = np.random.default_rng(1), np.random.default_rng(1)
    usual, dove = load_repertoire("zonotrichia_capensis"), slower(times)
    for _ in range(40):
        one = random_theme(usual, small, sample_rate=44_100)
        other = random_theme(dove, large, sample_rate=44_100)
        np.testing.assert_allclose(pitches(other) * times, pitches(one), rtol=1e-9)
        one = random_stranger(small, SPARROW, sample_rate=44_100)
        other = random_stranger(large, dove.singer, sample_rate=44_100)
        np.testing.assert_allclose(pitches(other) * times, pitches(one), rtol=1e-9)


def test_invented_themes_keep_to_what_a_low_sample_rate_holds():
    random, usual = np.random.default_rng(2), load_repertoire("zonotrichia_capensis")
    highest = 0.0
    for _ in range(60):
        for theme in (
            random_theme(usual, random, sample_rate=12_000),
            random_stranger(random, SPARROW, sample_rate=12_000),
        ):
            highest = max(highest, pitches(theme).max())
    assert 5000 < highest <= 0.475 * 12_000


def test_scenes_of_a_dove_hold_its_songs():
    """Where a near song is marked there is more sound in its band than where none is."""
    dove = slower(6)
    around = named_surroundings(recorders="field-1", birds="songbirds-1", repertoires="shipped-1")
    scenes = draw_scenes(
        dove, seed=3, count=12, sample_rate=16_000, scene_s=6.0, surroundings=around
    )
    ratios = []
    for scene in scenes:
        spectrum = np.abs(np.fft.rfft(scene.wave[: 6 * 16_000].reshape(-1, 1600))) ** 2
        frequency = np.fft.rfftfreq(1600, 1 / 16_000)
        band = spectrum[:, (frequency > 400) & (frequency < 1300)].sum(axis=1)
        time = (np.arange(len(band)) + 0.5) * 0.1
        inside = np.zeros(len(band), bool)
        for start, end in scene.songs:
            inside |= (time > start) & (time < end)
        if inside.sum() > 3 and (~inside).sum() > 3:
            ratios.append(np.median(band[inside]) / np.median(band[~inside]))
    assert len(ratios) >= 5
    assert np.median(ratios) > 3


def test_noise_of_a_scene_has_its_power_in_the_band_of_the_singer():
    noise = background_noise(10 * 16_000, 16_000, np.random.default_rng(4), 1 / 6)
    spectrum = np.fft.rfft(noise) / len(noise)
    frequency = np.fft.rfftfreq(len(noise), 1 / 16_000)
    inside = (frequency > 1000 / 6) & (frequency < 10_000 / 6)
    assert 0.5 < 2 * np.sum(np.abs(spectrum[inside]) ** 2) < 2


def test_training_refuses_what_its_front_end_would_not_hear():
    usual, dove = load_repertoire("zonotrichia_capensis"), slower(6)
    refuse_unheard(usual, FrontEnd())
    with pytest.raises(InputError, match="lost at a sample rate of 12000 Hz"):
        refuse_unheard(usual, FrontEnd(sample_rate=12_000, f_max=5500.0))
    with pytest.raises(InputError, match="the front end hears 1000 to 10000 Hz"):
        pair_source(dove, (), FrontEnd())
    refuse_unheard(dove, FrontEnd(f_min=200.0, f_max=4000.0))
    assert pair_source(dove, (), FrontEnd(), strict=False).repertoire == dove
