"""Pitches that a low sample rate without a filter mirrors into one another."""

from collections.abc import Iterable, Sequence

import numpy as np

from chingolo.analysis.change.design.eras import HISTORICAL, MODERN
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.drift.measure_drift import DriftRow, measure_name
from chingolo.analysis.change.drift.song_measures import SongMeasures

RATES = (8000.0, 11_025.0, 12_000.0, 16_000.0, 22_050.0, 24_000.0)
"""Hz, of recorders that sampled slowly."""

NEAR = 0.03
"""Share of a rate by which two pitches may miss it with their sum: birds differ by as much."""

HIGHEST = 0.95
"""Quantile over songs of their highest pitch: a few follow noise."""


def folded_measures(
    rows: Iterable[DriftRow], heard: Sequence[SongMeasures], design: Design
) -> dict[str, float]:
    """Measures of pitch whose change a rate without a filter explains.

    What lies above half the rate is then heard mirrored at it. So the pitches of the eras add up to
    the rate, and nothing in the era of the lower one lies above its half.

    Args:
        rows: measures of both eras.
        heard: [songs] notes of each.
        design: units and eras.

    Returns:
        The rate, Hz, by `measure_name`.
    """
    highest = np.array(
        [max((float(np.max(note.contour)) for note in song.notes), default=0.0) for song in heard]
    )
    units = design.unit_of_song
    era = np.where(units >= 0, design.era[units], -1)
    tops = {
        each: float(np.quantile(highest[(era == each) & (highest > 0)], HIGHEST))
        for each in (HISTORICAL, MODERN)
        if ((era == each) & (highest > 0)).any()
    }
    found: dict[str, float] = {}
    for row in rows:
        if row.unit != "Hz" or not row.theme or len(tops) < 2:
            continue
        low, high = sorted((row.historical, row.modern))
        top = tops[HISTORICAL if row.historical < row.modern else MODERN]
        for rate in RATES:
            mirrored = abs(low + high - rate) < NEAR * rate and high > rate / 2
            if mirrored and top < (1 + NEAR) * rate / 2:
                found[measure_name(row.theme, row.measure)] = rate
    return found
