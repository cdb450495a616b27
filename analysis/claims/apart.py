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

FURTHER, FURTHER_THAN_ONE = 1.5, 2.0
"""Times the largest shift of a theme that persists, that a theme of one era must lie from the
nearest of the other; where one alone persists, whose shift need not be the largest."""

SHRINK = 1.0
"""Scatter that every direction has besides what recorders make in it, in mean variances (Friedman,
J. Am. Stat. Assoc. 84, 165-175, 1989)."""

NOTHING = 1e-9
"""Scatter against the mean square of vectors, below which copies are the songs themselves."""

AT_ONCE = 256
"""Songs whose copies are summed together."""


@dataclass(frozen=True)
class Apart:
    """How far themes lie from those of the other era."""

    shift: float
    """The largest distance of a theme to itself in the other era, of those sung in both by enough
    units; infinite where none is."""

    persisting: int
    """How many themes that is the largest of."""

    nearest: Mapping[str, tuple[str, float]]
    """Theme -> the nearest other theme as the era sang it that this one is less of, and its
    distance."""

    def stands(self, theme: str) -> bool:
        """Whether a theme lies clearly farther from those of the other era than eras lie apart."""
        further = FURTHER if self.persisting > 1 else FURTHER_THAN_ONE
        return theme not in self.nearest or self.nearest[theme][1] > further * self.shift


def themes_apart(
    z: np.ndarray, theme: np.ndarray, design: Design, *, copies: np.ndarray | None = None
) -> Apart:
    """Distances of themes within and between eras.

    Directions that recorders move songs in count for less. Distances are of the means over units,
    squared, less what the scatter of units adds to them.

    Args:
        z: [songs, dimensions] vectors.
        theme: [songs] theme of each song, "" for none.
        design: units and eras.
        copies: [songs, recorders, dimensions] vectors of the songs through random recorders; None:
            all directions count alike.
    """
    z = z if copies is None else z @ _whitening(copies)
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
    return Apart(max(shifts, default=np.inf), len(shifts), nearest)


def _whitening(copies: np.ndarray) -> np.ndarray:
    """[dimensions, dimensions] map after which recorders move songs alike in all directions.

    A recorder that none of those tried resembles moves them much in the directions that others do.
    """
    dimensions = copies.shape[2]
    scatter = np.zeros((dimensions, dimensions))
    for at in range(0, len(copies), AT_ONCE):
        some = copies[at : at + AT_ONCE].astype(float)
        moved = (some - some.mean(axis=1, keepdims=True)).reshape(-1, dimensions)
        scatter += moved.T @ moved
    variance, axes = np.linalg.eigh(scatter / (len(copies) * copies.shape[1]))
    if variance.mean() <= NOTHING * np.mean(copies[:AT_ONCE].astype(float) ** 2):
        return np.eye(dimensions)
    return axes / np.sqrt(np.maximum(variance, 0) + SHRINK * variance.mean())


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
