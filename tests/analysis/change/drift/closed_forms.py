"""Songs and tables whose onsets, periods and pitches are known, since they are written down."""

import numpy as np

from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.drift.drift_table import PITCH, TIME, DriftTable, Measure

RATE = 22_050


def chirps(notes: list[tuple[float, float, float, float]], *, seed: int = 0) -> np.ndarray:
    """[samples] of notes (start s, duration s, first Hz, last Hz) with edges of 8 ms, and noise."""
    wave = np.zeros(int(RATE * (notes[-1][0] + notes[-1][1] + 0.25)))
    for start, duration, first, last in notes:
        time = np.arange(int(start * RATE) + 1, int((start + duration) * RATE)) / RATE - start
        phase = 2 * np.pi * (first * time + 0.5 * (last - first) * time**2 / duration)
        edge = np.clip(np.minimum(time, duration - time) / 0.008, 0, 1)
        place = int(start * RATE) + 1
        wave[place : place + len(time)] += np.sin(0.5 * np.pi * edge) ** 2 * np.sin(phase)
    return wave + 0.003 * np.random.default_rng(seed).standard_normal(len(wave))


def whistles_and_trill(
    *, first: float = 4000.0, second: float = 5000.0, gap: float = 0.3, period: float = 0.06
) -> list[tuple[float, float, float, float]]:
    """A whistle, a whistle `gap` s later, and eight falling notes, the first 0.3 s later."""
    trill = [(0.5 + gap + k * period, 0.035, 6500.0, 4200.0) for k in range(8)]
    return [(0.2, 0.2, first, first), (0.2 + gap, 0.2, second, second), *trill]


MEASURES = ("pitch of part 1", "pitch of part 2", "trill period of part 3", "interval of parts")


def simulated(
    random: np.random.Generator,
    *,
    birds: tuple[int, int] = (24, 24),
    songs: tuple[int, int] = (4, 4),
    themes: int = 5,
    sites: int = 2,
    change: dict[tuple[int, int], float] | None = None,
    speed: float = 0.0,
) -> tuple[DriftTable, Design]:
    """A table of birds that have one theme each, and differ by some per cent in all they sing.

    Args:
        change: of (theme, measure), natural logarithm, of the modern birds.
        speed: natural logarithm, of the modern recordings.
    """
    kinds = (PITCH, PITCH, TIME, TIME)
    measures = tuple(
        Measure(f"t{theme}", name, kind, 0.003)
        for theme in range(themes)
        for name, kind in zip(MEASURES, kinds, strict=True)
    )
    era = np.repeat([0, 1], birds)
    # as many of each theme in either era, at each site, so that nothing else differs
    own = np.concatenate([np.arange(count) // sites % themes for count in birds])
    block = np.concatenate([np.arange(count) % sites for count in birds])
    values, theme, unit = [], [], []
    for bird in range(len(era)):
        pitch, tempo = random.normal(0, [0.03, 0.04])
        centre = np.array([pitch, pitch, tempo, tempo]) + random.normal(0, [0.02, 0.02, 0.05, 0.02])
        centre += era[bird] * speed * np.array([1, 1, -1, -1])
        for place in range(4):
            centre[place] += era[bird] * (change or {}).get((int(own[bird]), place), 0.0)
        heard = np.full((songs[era[bird]], len(measures)), np.nan)
        columns = slice(4 * own[bird], 4 * own[bird] + 4)
        heard[:, columns] = centre + random.normal(0, 0.01, (len(heard), 4))
        heard[random.random(heard.shape) < 0.1] = np.nan
        values.append(heard)
        theme += [f"t{own[bird]}"] * len(heard)
        unit += [bird] * len(heard)
    design = Design(
        np.array(unit),
        era,
        block,
        np.arange(len(era)).astype(object),
        "individual",
        "site",
        seed=int(random.integers(1 << 30)),
    )
    return DriftTable(measures, np.concatenate(values), np.array(theme, object)), design
