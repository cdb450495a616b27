"""Variation in layers: what a population, an individual and a rendition each do to a song.

Every draw is a pure function of integers: the seed, the place in the population, and which layer.
"""

import zlib
from dataclasses import dataclass

import numpy as np

from chingolo.synth.score.repertoire import LAYERS, Item, Repertoire, Strengths, Theme
from chingolo.synth.score.song import Event, Song

LONGEST_IN_TRILL = 0.95
"""Share of a trill's interval that a note may fill; variation shortens what would be longer."""


@dataclass(frozen=True)
class Singer:
    """Who sings: each layer of variation is drawn from one of these names."""

    site: str
    individual: str


def vary(
    theme: Theme, repertoire: Repertoire, *, singer: Singer, rendition: int, seed: int
) -> Song:
    """One rendition of a theme.

    Deviations of the population are shared by a site, those of the individual by all its renditions
    of the theme; only the rendition's own are new each time.

    Args:
        theme: what is sung.
        repertoire: whose strengths of variation apply.
        singer: who sings.
        rendition: number of the rendition.
        seed: of the whole draw.
    """
    whose = {
        "population": singer.site,
        "individual": f"{singer.site}/{singer.individual}",
        "rendition": f"{singer.site}/{singer.individual}/{rendition}",
    }
    strengths = dict(repertoire.variation)
    layers = [
        _draw(strengths[layer], len(theme.items), _random(seed, theme.name, layer, whose[layer]))
        for layer in LAYERS
    ]
    total = {name: np.sum([layer[name] for layer in layers], axis=0) for name in layers[0]}
    return _sing(theme, total)


def as_written(theme: Theme) -> Song:
    """The theme as its notation says, without variation."""
    none = _draw(Strengths(), len(theme.items), np.random.default_rng(0))
    return _sing(theme, none)


def _random(seed: int, *names: str) -> np.random.Generator:
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def _draw(strengths: Strengths, items: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Deviations of one layer: scalars for the song, [items] for its notes."""
    song = random.standard_normal(5)
    notes = random.standard_normal((3, items))
    chance = random.random((2, items))
    return {
        "pitch": strengths.pitch * song[0] + strengths.note_pitch * notes[0],
        "tempo": np.array(strengths.tempo * song[1]),
        "duration": strengths.note_duration * notes[1],
        "trill_rate": np.array(strengths.trill_rate * song[2]),
        "trill_count": np.array(strengths.trill_count * song[3]),
        "timbre": np.array(strengths.timbre * song[4]),
        "loudness": strengths.loudness * notes[2],
        "drop": (chance[0] < strengths.drop).astype(int),
        "repeat": (chance[1] < strengths.repeat).astype(int),
    }


def _level_in_trill(item: Item, number: int, count: int) -> float:
    """What a trill's contour adds to a note, from 0, dB; stretched over more or fewer notes."""
    place = 1 + number * (item.count - 1) / max(count - 1, 1)
    places, levels = zip(*item.contour, strict=True)
    return float(np.interp(place, places, levels))


def _sing(theme: Theme, deviation: dict[str, np.ndarray]) -> Song:
    events: list[Event] = []
    tempo = float(np.exp(-deviation["tempo"]))
    time = theme.pause * tempo
    timbre = float(np.exp(deviation["timbre"]))
    last = len(theme.items) - 1
    for index, item in enumerate(theme.items):
        pitch = float(np.exp(deviation["pitch"][index]))
        loudness = float(deviation["loudness"][index])
        duration = item.note.duration * tempo * float(np.exp(deviation["duration"][index]))
        count, interval = 1, 0.0
        if item.count > 1:
            count = max(2, round(item.count * float(np.exp(deviation["trill_count"]))))
            interval = tempo / (item.rate * float(np.exp(deviation["trill_rate"])))
            duration = min(duration, LONGEST_IN_TRILL * interval)
        elif deviation["drop"][index] and (events or index < last):
            continue
        elif deviation["repeat"][index]:
            count, interval = 2, duration + max(item.gap, 0.03)
        if events:
            time += item.gap * tempo
        for number in range(count):
            start = time + number * interval
            level = loudness + (_level_in_trill(item, number, count) if item.contour else 0.0)
            events.append(Event(item.note, start, duration, pitch, level, timbre))
        time += (count - 1) * interval + duration
    return Song(tuple(events))
