"""A theme that is sung lower and slower is the same theme, another one is not."""

import numpy as np
import pytest

from chingolo.analysis.change.drift.song_measures import SongMeasures, measure_song
from chingolo.analysis.change.drift.sung_otherwise import sung_otherwise

RATE = 22_050
RISING = ((0.0, 0.3, 3000.0, 3000.0), (0.4, 0.2, 4200.0, 5200.0), (0.7, 0.25, 3600.0, 3600.0))
FALLING = ((0.0, 0.15, 6000.0, 6000.0), (0.25, 0.35, 2500.0, 2500.0), (0.75, 0.1, 4500.0, 3000.0))
Notes = tuple[tuple[float, float, float, float], ...]
"""Start and length in s, first and last pitch in Hz, of each."""


def songs(notes: Notes, *, pitch: float, time: float, seed: int) -> list[SongMeasures]:
    """Six songs of pure tones, each of another bird within 2 % of pitch and time."""
    random = np.random.default_rng(seed)
    measured = []
    for _ in range(6):
        own_pitch, own_time = pitch * random.normal(1, 0.02), time * random.normal(1, 0.02)
        wave = 1e-4 * random.standard_normal(round(1.5 * RATE))
        for start, length, first, last in notes:
            count = round(length * own_time * RATE)
            place = np.arange(count) / count
            f0 = own_pitch * (first + (last - first) * place)
            edge = np.clip(np.minimum(place, 1 - place) * length / 0.02, 0, 1)
            begin = round((0.1 + start * own_time) * RATE)
            wave[begin : begin + count] += 0.3 * edge * np.sin(2 * np.pi * np.cumsum(f0) / RATE)
        measured.append(measure_song(wave.astype(np.float32), RATE))
    return measured


def asked(now: list[SongMeasures]) -> dict[str, str]:
    """What becomes of a rising theme that went, where another came."""
    sung = songs(RISING, pitch=1.0, time=1.0, seed=1) + now
    theme = np.repeat(["went", "came"], 6)
    found = sung_otherwise(["went", "came"], theme, np.repeat([0, 1], 6), sung)
    return dict(found)


@pytest.mark.parametrize(("pitch", "time"), [(1.0, 1.0), (0.92, 1.0), (1.1, 0.9), (0.9, 1.15)])
def test_a_theme_that_is_moved_as_a_whole_is_the_same(pitch: float, time: float):
    now = songs(RISING, pitch=pitch, time=time, seed=2)
    assert asked(now) == {"went": "came", "came": "went"}


@pytest.mark.parametrize(("pitch", "time"), [(1.0, 1.0), (0.92, 1.0), (1.1, 0.9)])
def test_another_theme_is_not(pitch: float, time: float):
    assert asked(songs(FALLING, pitch=pitch, time=time, seed=2)) == {}


def test_a_theme_an_octave_higher_is_another():
    assert asked(songs(RISING, pitch=1.6, time=1.0, seed=2)) == {}


def test_themes_of_one_era_or_of_both_and_too_few_songs_are_not_asked():
    sung = songs(RISING, pitch=1.0, time=1.0, seed=1) + songs(RISING, pitch=1.0, time=1.0, seed=2)
    theme = np.repeat(["one", "other"], 6)
    assert not sung_otherwise(["one"], theme, np.zeros(12, int), sung)
    assert not sung_otherwise(["one"], theme, np.tile([0, 1], 6), sung)
    few = [None if place % 6 > 2 else song for place, song in enumerate(sung)]
    assert not sung_otherwise(["one"], theme, np.repeat([0, 1], 6), few)
    assert not sung_otherwise(["one"], theme, np.repeat([0, 1], 6), [SongMeasures(())] * 12)
