"""What is known of each song that the tests of a change go by."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of each song; none of it may depend on the eras."""

    z: np.ndarray
    """[songs, dimensions] latent vectors; of no dimension where there are none."""

    theme: np.ndarray | None = None
    """[songs] name of the theme, "" for none."""

    descriptors: np.ndarray | None = None
    """[songs, quantities] acoustic descriptors, NaN where not measured."""

    @property
    def has_repertoire(self) -> bool:
        """Whether most songs belong to a theme.

        Else the few clusters are knots in a continuum, and what birds share of them is chance.
        """
        return self.theme is not None and float((self.theme != "").mean()) >= 0.5

    def take(self, songs: np.ndarray) -> "Evidence":
        """Evidence of some songs, by a mask or their numbers."""
        theme, descriptors = (
            None if values is None else values[songs] for values in (self.theme, self.descriptors)
        )
        return Evidence(self.z[songs], theme, descriptors)

    def without_themes(self) -> "Evidence":
        """Evidence in which no song has a theme."""
        return Evidence(self.z, np.full(len(self.z), "", dtype=object), self.descriptors)


def themes_alone(theme: np.ndarray) -> Evidence:
    """Evidence of songs of which the theme, [songs], is all that is known."""
    return Evidence(np.zeros((len(theme), 0)), theme)


def within_themes(values: np.ndarray, theme: np.ndarray) -> np.ndarray:
    """[songs, quantities] less the mean of each song's theme; NaN counts as that mean.

    A change of the repertoire's shares leaves these residuals alone: they hold what changed in the
    songs of a theme.
    """
    names = theme.astype(str)
    residual = np.array(values, dtype=np.float64)
    for name in np.unique(names):
        members = np.flatnonzero(names == name)
        part = residual[members]
        known = np.isfinite(part)
        mean = np.where(known, part, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        residual[members] = np.where(known, part - mean, 0.0)
    return residual
