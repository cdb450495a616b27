"""Songs that no one drew: themes in the manner of a repertoire, and sounds of anything else.

A detector must know a species' manner of singing, not the themes of a file; and it must have heard
what is not a song of the species. Both are drawn here, without any recording.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from chingolo.synth.score.repertoire import Item, Note, Repertoire, Theme

Random = np.random.Generator
LOWEST, HIGHEST = 900.0, 9500.0
"""Range of invented pitches, Hz: what the oscillator sings and a recorder of 22 kHz hears."""


def invent_theme(repertoire: Repertoire, random: Random) -> Theme:
    """A theme in the manner of a repertoire: its phrase order, with other notes, pitches and rates.

    Half of the notes are exchanged for another note of the same role (single or trilled); all are
    bent, shifted and stretched; single notes may be missing or one more; gaps and trills change.
    """
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
        items.append(_vary_item(item, pool[not single], height, random))
        if single and random.random() < 0.12:
            items.append(_vary_item(item, pool[False], height, random))
    return replace(model, name="invented", items=tuple(items))


def _trill(item: Item) -> bool:
    return item.count > 1


def _vary_item(item: Item, pool: list[Note], height: float, random: Random) -> Item:
    note = item.note
    if random.random() < 0.5:
        note = pool[int(random.integers(len(pool)))]
    gap = item.gap * float(np.exp(random.normal(0, 0.4)))
    count, rate = item.count, item.rate
    if _trill(item):
        count = max(3, round(item.count * float(np.exp(random.normal(0, 0.3)))))
        rate = item.rate * float(np.exp(random.normal(0, 0.25)))
    return Item(bend(note, height, random), count, rate, gap)


def bend(note: Note, height: float, random: Random) -> Note:
    """The note with its points moved in pitch (about 5 % each) and its length changed (20 %)."""
    stretch = float(np.exp(random.normal(0, 0.2)))
    pitch = height * np.exp(random.normal(0, 0.05, len(note.points)))
    points = tuple(
        (time * stretch, float(np.clip(frequency * factor, LOWEST, HIGHEST)))
        for (time, frequency), factor in zip(note.points, pitch, strict=True)
    )
    return replace(note, points=points, second=())


def _any_note(random: Random, duration: tuple[float, float]) -> Note:
    """A note of any shape: two to five points anywhere in a band."""
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


# phrases twice: of all songs they are the likest to whistles and a slow trill
STRANGERS: tuple[Callable[[Random], list[Item]], ...] = (
    _calls,
    _phrases,
    _phrases,
    _trills,
    _warble,
    _whistles,
)


def invent_stranger(random: Random) -> Theme:
    """A song of no species: calls, repeated phrases, a bare trill, a warble, or whistles."""
    kind = STRANGERS[int(random.integers(len(STRANGERS)))]
    return Theme(name=kind.__name__.strip("_"), items=tuple(kind(random)))


def rough_sound(random: Random, sample_rate: int) -> np.ndarray:
    """A sound that no whistling syrinx makes, [samples] float32 with peak 1.

    Stacks of harmonics (geese, gulls, ravens), buzzes, clicks and drumming, bursts of noise
    (wings, leaves, hands), or an insect's steady tone.
    """
    kinds = (_stacks, _buzzes, _clicks, _bursts, _insect)
    wave = kinds[int(random.integers(len(kinds)))](random, sample_rate)
    return (wave / max(float(np.abs(wave).max()), 1e-9)).astype(np.float32)


def _repeated(one: Callable[[], np.ndarray], random: Random, sample_rate: int) -> np.ndarray:
    """A sound made anew one to ten times, evenly but for a tenth."""
    pause = np.exp(random.uniform(np.log(0.03), np.log(1.0))) * sample_rate
    parts = []
    for _ in range(random.integers(1, 11)):
        parts += [one(), np.zeros(round(pause * random.uniform(0.9, 1.1)))]
    return np.concatenate(parts)


def _hump(samples: int, random: Random) -> np.ndarray:
    """A rise and a fall, [samples]."""
    return np.interp(np.linspace(0, 1, samples), [0, random.uniform(0.02, 0.5), 1], [0, 1, 0])


def _stacks(random: Random, sample_rate: int) -> np.ndarray:
    f0 = float(np.exp(random.uniform(np.log(150), np.log(2000))))
    length = float(random.uniform(0.06, 0.8))
    roll = float(random.uniform(0.2, 1.5))
    wobble = float(random.uniform(0, 0.15))
    tremble = float(random.uniform(4, 60))

    def one() -> np.ndarray:
        samples = round(length * random.uniform(0.8, 1.2) * sample_rate)
        time = np.arange(samples) / sample_rate
        pitch = f0 * np.linspace(1, random.uniform(0.7, 1.2), samples)
        pitch = pitch * (1 + wobble * np.sin(2 * np.pi * tremble * time))
        phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
        count = int(min(20, 0.48 * sample_rate / (f0 * 1.4)))
        voice = sum(k**-roll * np.sin(k * phase) for k in range(1, max(count, 1) + 1))
        return (voice + random.uniform(0, 0.5) * random.standard_normal(samples)) * _hump(
            samples, random
        )

    return _repeated(one, random, sample_rate)


def _band_noise(samples: int, sample_rate: int, random: Random) -> np.ndarray:
    """Noise within a band, [samples]."""
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / sample_rate)
    middle = np.exp(random.uniform(np.log(1000), np.log(9000)))
    width = random.uniform(0.05, 0.8)
    distance = np.log(np.maximum(frequency, 1.0) / middle) / width
    return np.fft.irfft(spectrum * np.exp(-0.5 * distance**2), samples)


def _buzzes(random: Random, sample_rate: int) -> np.ndarray:
    length = float(np.exp(random.uniform(np.log(0.05), np.log(1.5))))
    rate = float(np.exp(random.uniform(np.log(20), np.log(200))))

    def one() -> np.ndarray:
        samples = round(length * sample_rate)
        pulses = 0.5 + 0.5 * np.sin(2 * np.pi * rate * np.arange(samples) / sample_rate)
        return _band_noise(samples, sample_rate, random) * pulses * _hump(samples, random)

    return _repeated(one, random, sample_rate)


def _clicks(random: Random, sample_rate: int) -> np.ndarray:
    rate = float(np.exp(random.uniform(np.log(2), np.log(30))))
    count = int(random.integers(1, 40))
    gaps = random.gamma(*((50, 0.02) if random.random() < 0.6 else (1, 1.0)), count) / rate
    at = (np.cumsum(np.minimum(gaps, 2.0)) * sample_rate).astype(int)
    wave = np.zeros(at[-1] + sample_rate // 20)
    wave[at] = random.uniform(0.3, 1, count)
    samples = max(16, round(random.uniform(0.001, 0.02) * sample_rate))
    click = _band_noise(samples, sample_rate, random) * np.exp(-5 * np.linspace(0, 1, samples))
    return np.convolve(wave, click)


def _bursts(random: Random, sample_rate: int) -> np.ndarray:
    def one() -> np.ndarray:
        samples = round(float(random.uniform(0.02, 0.6)) * sample_rate)
        return _band_noise(samples, sample_rate, random) * _hump(samples, random)

    return _repeated(one, random, sample_rate)


def _insect(random: Random, sample_rate: int) -> np.ndarray:
    time = np.arange(round(random.uniform(1, 8) * sample_rate)) / sample_rate
    tone = np.sin(2 * np.pi * random.uniform(2500, 9500) * time + random.normal(0, 0.1, len(time)))
    beat = np.sin(2 * np.pi * np.exp(random.uniform(np.log(2), np.log(80))) * time)
    return tone * np.clip(0.5 + random.uniform(0, 2) * beat, 0, 1)
