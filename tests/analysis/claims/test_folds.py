"""Pitches mirrored at half a rate, told from pitches that birds changed."""

import numpy as np
import pytest

from chingolo.analysis.change.drift.measure_drift import DriftRow
from chingolo.analysis.change.drift.song_measures import HeardNote, SongMeasures
from chingolo.analysis.claims.folds import folded_measures
from tests.analysis.claims.test_drift_placebo import design_of

BIRDS = 10


def song(*pitches: float) -> SongMeasures:
    time = np.arange(0, 0.2, 0.002)
    notes = [
        HeardNote(0.3 * n, 0.3 * n, f, 0.0, 0.2, time + 0.3 * n, np.full(len(time), f))
        for n, f in enumerate(pitches)
    ]
    return SongMeasures(tuple(notes))


def rows(historical: float, modern: float, *, unit: str = "Hz") -> list[DriftRow]:
    change = 100 * (modern / historical - 1)
    return [
        DriftRow("A", "pitch of part 1", unit, historical, modern, change, (0, 0), 0.01, (8, 8))
    ]


def folded(wave_hz: float, rate: float) -> float:
    """Where sampling at a rate hears a tone."""
    return abs(wave_hz - rate * round(wave_hz / rate))


@pytest.mark.parametrize("rate", [8000.0, 11_025.0, 12_000.0])
def test_a_whistle_that_a_rate_mirrors_is_found(rate: float):
    """Tones from 2.5 to 7.5 kHz in one era, and what sampling makes of them in the other."""
    random = np.random.default_rng(0)
    modern = np.arange(2 * BIRDS) >= BIRDS
    high = 0.56 * rate
    heard = []
    for young in modern:
        pitches = np.array([2500.0, high, 7500.0]) * np.exp(0.03 * random.standard_normal(3))
        heard.append(song(*(pitches if young else [folded(f, rate) for f in pitches])))
    found = folded_measures(
        rows(folded(high, rate), high), heard, design_of(modern, np.arange(2 * BIRDS))
    )
    assert found == {"A: pitch of part 1": rate}
    times = rows(folded(high, rate), high, unit="s")
    assert not folded_measures(times, heard, design_of(modern, np.arange(2 * BIRDS)))


def test_a_whistle_that_birds_moved_is_not():
    """The same pitches, but other notes above half the rate are heard in both eras."""
    modern = np.arange(2 * BIRDS) >= BIRDS
    heard = [song(2500.0, 6100.0 if young else 4925.0, 7500.0) for young in modern]
    design = design_of(modern, np.arange(2 * BIRDS))
    assert not folded_measures(rows(4925.0, 6100.0), heard, design)
    low = [song(2500.0, 3300.0 if young else 3000.0) for young in modern]
    assert not folded_measures(rows(3000.0, 3300.0), low, design)
    silent = [SongMeasures(()) for _ in modern]
    assert not folded_measures(rows(4925.0, 6100.0), silent, design)
