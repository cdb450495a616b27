"""Songs of one species laid into backgrounds, with the truth of where each begins and ends."""

import numpy as np

from chingolo.synth.score.repertoire import Repertoire, Theme
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import Singer, vary
from chingolo.synth.surrogates.random_themes import random_stranger, random_theme, size_of
from chingolo.synth.surrogates.rough_sounds import rough_sound
from chingolo.synth.surrogates.soundscape import DEFAULTS, Scene, SceneSettings, compose
from chingolo.synth.surrogates.surroundings import Surroundings
from chingolo.synth.voice.birds import Bird, larger
from chingolo.synth.voice.engines import fastest_engine
from chingolo.synth.voice.render import render

QUIET = 0.03
"""Share of the peak (-30 dB) at which a song begins and ends."""


def draw_scenes(
    repertoire: Repertoire,
    *,
    seed: int,
    count: int,
    sample_rate: int,
    scene_s: float,
    surroundings: Surroundings,
    settings: SceneSettings = DEFAULTS,
) -> list[Scene]:
    """Draws scenes, a pure function of its arguments.

    Args:
        repertoire: the species to be found.
        seed: of every choice.
        count: number of scenes.
        sample_rate: Hz.
        scene_s: length of a scene, s.
        surroundings: recorders and other sounds to draw from.
        settings: how loud and how busy.
    """
    random = np.random.default_rng([seed, 41])
    near = random.choice(len(settings.songs), count, p=np.array(settings.songs))
    distant = (random.random(count) < settings.distant).astype(int)
    others = random.poisson(settings.strangers, count)
    own = sing_own(repertoire, int((near + distant).sum()), settings, seed, sample_rate)
    strange = sing_others(repertoire, surroundings, int(others.sum()), seed, sample_rate)
    scenes = []
    for number in range(count):
        mine = [own.pop() for _ in range(near[number] + distant[number])]
        scenes.append(
            compose(
                mine[: near[number]],
                mine[near[number] :],
                [strange.pop() for _ in range(others[number])],
                round(scene_s * sample_rate),
                sample_rate,
                settings,
                surroundings.recorders,
                size_of(repertoire.singer),
                np.random.default_rng([seed, 43, number]),
            )
        )
    return scenes


def sing_own(
    repertoire: Repertoire, count: int, settings: SceneSettings, seed: int, sample_rate: int
) -> list[np.ndarray]:
    """Songs of the species without silence around them, each [samples] with peak 1."""
    random = np.random.default_rng([seed, 47])
    shares = repertoire.theme_shares
    themes = [
        random_theme(repertoire, random, sample_rate=sample_rate)
        if random.random() < settings.random_themes
        else repertoire.themes[int(random.choice(len(shares), p=shares))]
        for _ in range(count)
    ]
    return _sing(themes, repertoire, repertoire.singer, seed, sample_rate)


def _sing(
    themes: list[Theme], repertoire: Repertoire, bird: Bird, seed: int, sample_rate: int
) -> list[np.ndarray]:
    random = np.random.default_rng([seed, 53])
    gestures = []
    for number, theme in enumerate(themes):
        singer = Singer(site=str(random.integers(64)), individual=str(random.integers(4096)))
        song = vary(theme, repertoire, singer=singer, rendition=number, seed=seed)
        gestures.append(song_gesture(song, bird))
    engine = fastest_engine(bird)
    waves = render(gestures, bird, engine=engine, sample_rate=sample_rate, whole_band=False)
    return [_trim(wave) for wave in waves]


def _trim(wave: np.ndarray) -> np.ndarray:
    peak = max(float(np.abs(wave).max(initial=0)), 1e-9)
    loud = np.flatnonzero(np.abs(wave) > QUIET * peak)
    return wave[loud[0] : loud[-1] + 1] / peak if len(loud) else wave


def sing_others(
    repertoire: Repertoire,
    surroundings: Surroundings,
    count: int,
    seed: int,
    sample_rate: int,
) -> list[np.ndarray]:
    """Sounds that are not songs of the species: of none, rough, of another, or its own reversed."""
    random = np.random.default_rng([seed, 59])
    bird = repertoire.singer
    foreign = [other for other in surroundings.repertoires if other.species != repertoire.species]
    kind = random.choice(4, count, p=[0.5, 0.3, 0.1, 0.1] if foreign else [0.5, 0.35, 0, 0.15])
    voice = surroundings.birds[int(random.choice(len(surroundings.birds)))]
    waves: list[np.ndarray] = [
        rough_sound(random, sample_rate) for _ in range(int((kind == 1).sum()))
    ]
    if voice.gamma != bird.gamma:  # who sings as low or high as the species is mistaken for it
        voice = larger(voice, voice.gamma / bird.gamma)
    strangers = [
        random_stranger(random, voice, sample_rate=sample_rate)
        for _ in range(int((kind == 0).sum()))
    ]
    waves += _sing(strangers, repertoire, voice, seed + 1, sample_rate)
    for other in foreign:
        share = int((kind == 2).sum()) // len(foreign)
        themes = [random_theme(other, random, sample_rate=sample_rate) for _ in range(share)]
        waves += _sing(themes, other, other.singer, seed + 2, sample_rate)
    reversed_ = [
        random_theme(repertoire, random, sample_rate=sample_rate) for _ in range(count - len(waves))
    ]
    waves += [wave[::-1] for wave in _sing(reversed_, repertoire, bird, seed + 3, sample_rate)]
    return [waves[index] for index in random.permutation(len(waves))]
