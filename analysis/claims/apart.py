"""Whether a theme of one era stands apart from those of the other by more than the eras do.

A recorder that none of those tried resembles may part a theme in two, one for each era; the placebo
cannot see that. But it moves the themes that persist as well, and by how much is measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.design.units import Design

FEWEST_UNITS = 3
"""Of a theme in each era, for its shift between them to be known."""

FURTHER = 1.5
"""Times the largest shift of a theme that persists, that a theme of one era must lie from the
nearest of the other."""


@dataclass(frozen=True)
class Apart:
    """How far themes lie from those of the other era."""

    shift: float
    """The largest distance of a theme to itself in the other era, of those sung in both by enough
    units; infinite where none is."""

    nearest: Mapping[str, tuple[str, float]]
    """Theme -> the nearest other theme as the era sang it that this one is less of, and its
    distance."""

    def stands(self, theme: str) -> bool:
        """Whether a theme lies clearly farther from those of the other era than eras lie apart."""
        return theme not in self.nearest or self.nearest[theme][1] > FURTHER * self.shift


def themes_apart(z: np.ndarray, theme: np.ndarray, design: Design) -> Apart:
    """Distances of themes within and between eras, in the space that they were found in.

    Distances are of the means over units, squared, less what the scatter of units adds to them.

    Args:
        z: [songs, dimensions] vectors.
        theme: [songs] theme of each song, "" for none.
        design: units and eras.
    """
    heard = design.unit_of_song >= 0
    era = np.where(heard, design.era[design.unit_of_song], -1)
    names = [str(name) for name in np.unique(theme[heard]) if name]
    means = {
        (name, of): _unit_means(z, design, (theme == name) & (era == of))
        for name in names
        for of in (0, 1)
    }
    shifts = [
        _distance(means[name, 0], means[name, 1])
        for name in names
        if min(len(means[name, 0]), len(means[name, 1])) >= FEWEST_UNITS
    ]
    nearest = {}
    for name in names:
        own = int(len(means[name, 1]) >= len(means[name, 0]))
        others = [
            (_distance(means[name, own], means[other, 1 - own]), other)
            for other in names
            if other != name and len(means[other, 1 - own])
        ]
        if others:
            distance, other = min(others)
            nearest[name] = (other, distance)
    return Apart(max(shifts, default=np.inf), nearest)


def _unit_means(z: np.ndarray, design: Design, songs: np.ndarray) -> np.ndarray:
    """[units, dimensions] mean of the songs of each unit that has some."""
    units = np.unique(design.unit_of_song[songs])
    rows = [z[songs & (design.unit_of_song == unit)].mean(axis=0) for unit in units]
    return np.array(rows, float).reshape(len(rows), z.shape[1])


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    square = float(np.sum((one.mean(axis=0) - other.mean(axis=0)) ** 2))
    for units in (one, other):
        if len(units) > 1:
            square -= float(units.var(axis=0, ddof=1).sum()) / len(units)
    return float(np.sqrt(max(square, 0.0)))
