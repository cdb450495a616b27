"""Pairs of renditions, fresh from the instrument: what no crop or mask of a recording can make.

Each pair is one theme sung twice, by two birds, through two channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.synth.recorder.channel import random_channel, through_channel
from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.song import song_gesture
from chingolo.synth.score.variation import Singer, vary
from chingolo.synth.spectra.clip import clip_at
from chingolo.synth.tables.content import content_hash
from chingolo.synth.voice.engines import fastest_engine
from chingolo.synth.voice.render import render


@dataclass(frozen=True)
class Pairs:
    """Two renditions each of a number of songs."""

    first: np.ndarray
    """[count, samples] float32."""

    second: np.ndarray
    """[count, samples] float32."""

    theme: np.ndarray
    """[count] int32, index into the repertoire's `theme_names`."""


def draw_pairs(
    repertoire: Repertoire,
    *,
    seed: int,
    count: int,
    sample_rate: int,
    clip_s: float,
    recorders: Sequence[Recorder],
) -> Pairs:
    """Sings pairs, a pure function of its arguments.

    Args:
        repertoire: themes, drawn by their shares.
        seed: of every choice.
        count: number of pairs.
        sample_rate: Hz.
        clip_s: length of each clip, s; a longer song is cut at a random place, a shorter one laid
            at a random place into silence, before the channel adds its noise.
        recorders: to draw from, see `random_channel`.
    """
    random = np.random.default_rng([seed, 11])
    themes = random.choice(len(repertoire.themes), count, p=repertoire.theme_shares)
    gestures = []
    bird = repertoire.singer
    for number in range(2 * count):
        theme = repertoire.themes[themes[number % count]]
        # Drawn from a wide pool of birds; the two of a pair are hardly ever the same.
        singer = Singer(site=str(random.integers(64)), individual=str(random.integers(4096)))
        song = vary(theme, repertoire, singer=singer, rendition=number, seed=seed)
        gestures.append(song_gesture(song, bird))
    engine = fastest_engine(bird)
    waves = render(gestures, bird, engine=engine, sample_rate=sample_rate, whole_band=False)
    samples = round(clip_s * sample_rate)
    clips = np.stack(
        [
            through_channel(
                clip_at(wave, samples, int(random.integers(abs(len(wave) - samples) + 1))),
                random_channel(random, recorders),
                sample_rate=sample_rate,
                random=random,
            )
            for wave in waves
        ]
    )
    return Pairs(clips[:count], clips[count:], themes.astype(np.int32))


def content_of_pairs(repertoire: Repertoire, recorders: Sequence[Recorder]) -> str:
    """A short hash of all constants that `draw_pairs` depends on, the bird's among them."""
    return content_hash(repertoire, repertoire.singer, tuple(recorders))
