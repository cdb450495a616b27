"""Themes that no one drew: in the manner of a repertoire, or of no species.

A detector must know a species' manner of singing, not the themes of a file; and it must have heard
what is not a song of the species.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chingolo.synth.score.repertoire import Item, Note, Repertoire, Theme
from chingolo.synth.voice.birds import SONGBIRD_GAMMA, Bird
from chingolo.synth.voice.gestures import BAND

Random = np.random.Generator
LOWEST, HIGHEST = 900.0, 9500.0
"""Range of random pitches of a songbird, Hz: what the oscillator sings and a recorder of 22 kHz
hears; of birds of other gamma in proportion to it."""

Limits = tuple[float, float]


def size_of(bird: Bird) -> float:
    """Pitches of a bird against a songbird's: 1, lower where its labia are slower."""
    return bird.gamma / SONGBIRD_GAMMA


def pitch_limits(bird: Bird, sample_rate: int) -> Limits:
    """Lowest and highest random pitch of a bird, Hz, that audio of a sample rate holds."""
    scale = size_of(bird)
    return LOWEST * scale, min(HIGHEST * scale, BAND * sample_rate)


def random_theme(repertoire: Repertoire, random: Random, *, sample_rate: int) -> Theme:
    """A theme in the manner of a repertoire: its phrase order, with other notes, pitches and rates.

    Half of the notes are exchanged for another note of the same role (single or trilled); all are
    bent, shifted and stretched; single notes may be missing or one more; gaps and trills change.
    Pitches stay within `pitch_limits`.
    """
    limits = pitch_limits(repertoire.singer, sample_rate)
    pool = {
        trilled: [
            item.note
            for theme in repertoire.themes
            for item in theme.items
            if _trill(item) is trilled
        ]
        for trilled in (False, True)
    }
    model = repertoire.themes[int(random.integers(len(repertoire.themes)))]
    height = float(np.exp(random.normal(0, 0.1)))
    items: list[Item] = []
    for item in model.items:
        single = not _trill(item)
        if single and len(model.items) > 2 and random.random() < 0.12:
            continue
        items.append(_vary_item(item, pool[not single], height, limits, random))
        if single and random.random() < 0.12:
            items.append(_vary_item(item, pool[False], height, limits, random))
    return replace(model, name="invented", items=tuple(items))


def _trill(item: Item) -> bool:
    return item.count > 1


def _vary_item(item: Item, pool: list[Note], height: float, limits: Limits, random: Random) -> Item:
    note = item.note
    if random.random() < 0.5:
        note = pool[int(random.integers(len(pool)))]
    gap = item.gap * float(np.exp(random.normal(0, 0.4)))
    count, rate = item.count, item.rate
    if _trill(item):
        count = max(3, round(item.count * float(np.exp(random.normal(0, 0.3)))))
        rate = item.rate * float(np.exp(random.normal(0, 0.25)))
    return Item(bend(note, height, limits, random), count, rate, gap)


def bend(note: Note, height: float, limits: Limits, random: Random) -> Note:
    """The note with its points moved in pitch (about 5 % each) and its length changed (20 %)."""
    stretch = float(np.exp(random.normal(0, 0.2)))
    pitch = height * np.exp(random.normal(0, 0.05, len(note.points)))
    points = tuple(
        (time * stretch, float(np.clip(frequency * factor, *limits)))
        for (time, frequency), factor in zip(note.points, pitch, strict=True)
    )
    return replace(note, points=points, second=())


def _any_note(random: Random, duration: tuple[float, float]) -> Note:
    """A note of any shape: two to five points anywhere in a songbird's band."""
    length = float(np.exp(random.uniform(*np.log(duration))))
    count = int(random.integers(2, 6))
    middle = np.exp(random.uniform(np.log(1200), np.log(8500)))
    width = abs(random.normal(0, 0.25))
    frequency = np.clip(middle * np.exp(random.normal(0, width, count)), LOWEST, HIGHEST)
    time = np.concatenate([[0], np.sort(random.uniform(0.1, 0.9, count - 2)), [1]]) * length
    # points closer than a millisecond cannot be drawn
    time = np.maximum.accumulate(time + 1e-3 * np.arange(count))
    edge = float(random.uniform(0.05, 0.3)) * length
    return Note(
        tuple((float(t - time[0]), float(f)) for t, f in zip(time, frequency, strict=True)),
        loudness=float(random.uniform(-4, 0)),
        attack=edge,
        release=edge,
        timbre=float(random.uniform(0.8, 3.0)),
    )


def _calls(random: Random) -> list[Item]:
    note = _any_note(random, (0.04, 0.6))
    gap = float(random.uniform(0.15, 1.5))
    return [
        Item(note, gap=gap * float(random.uniform(0.7, 1.3))) for _ in range(random.integers(1, 6))
    ]


def _phrases(random: Random) -> list[Item]:
    """A phrase of one to four notes said again and again, as tits do."""
    phrase = [
        Item(_any_note(random, (0.03, 0.3)), gap=float(random.uniform(0.02, 0.15)))
        for _ in range(random.integers(1, 5))
    ]
    return phrase * int(random.integers(3, 9))


def _trills(random: Random) -> list[Item]:
    rate = float(np.exp(random.uniform(np.log(4), np.log(40))))
    note = _any_note(random, (0.4 / rate, 0.9 / rate))
    return [Item(note, max(3, round(rate * float(random.uniform(0.3, 3)))), rate)]


def _warble(random: Random) -> list[Item]:
    gap = float(random.uniform(0.01, 0.12))
    return [Item(_any_note(random, (0.03, 0.25)), gap=gap) for _ in range(random.integers(8, 30))]


def _whistles(random: Random) -> list[Item]:
    gap = float(random.uniform(0.05, 0.6))
    return [Item(_any_note(random, (0.2, 1.0)), gap=gap) for _ in range(random.integers(1, 4))]


# the names enter the draws of variation
# phrases twice: of all songs they are the likest to whistles and a slow trill
STRANGERS: tuple[tuple[str, Callable[[Random], list[Item]]], ...] = (
    ("calls", _calls),
    ("phrases", _phrases),
    ("phrases", _phrases),
    ("trills", _trills),
    ("warble", _warble),
    ("whistles", _whistles),
)


def random_stranger(random: Random, bird: Bird, *, sample_rate: int) -> Theme:
    """A song of no species: calls, repeated phrases, a bare trill, a warble, or whistles.

    Args:
        random: of the draw.
        bird: whose pitches it has.
        sample_rate: of the audio that it is to be heard in, Hz.
    """
    name, draw = STRANGERS[int(random.integers(len(STRANGERS)))]
    scale, limits = size_of(bird), pitch_limits(bird, sample_rate)

    def brought(note: Note) -> Note:
        points = ((time, float(np.clip(f * scale, *limits))) for time, f in note.points)
        return replace(note, points=tuple(points))

    items = tuple(replace(item, note=brought(item.note)) for item in draw(random))
    return Theme(name=name, items=items)
