"""Songs of each theme by unit: what shares, turnover and composition are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.analysis.change.design.units import Design


@dataclass(frozen=True)
class ThemeCounts:
    """How often each unit was heard with each theme."""

    names: list[str]
    """Of the themes, sorted; "" (no theme) last where it occurs."""

    counts: np.ndarray
    """[units, themes] songs."""

    @property
    def sung(self) -> np.ndarray:
        """[themes] bool: all but "", which is no theme."""
        return np.array([name != "" for name in self.names], dtype=bool)


def theme_counts(
    theme: np.ndarray, design: Design, *, names: Sequence[str] | None = None
) -> ThemeCounts:
    """Counts [songs] themes, "" for none, by unit; of these names, or of all that occur."""
    used = design.unit_of_song >= 0
    if names is None:
        names = sorted(set(theme[used].tolist()), key=lambda name: (name == "", _natural(name)))
    index = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(design.era), len(names)))
    columns = np.array([index[name] for name in theme[used]], dtype=int)
    np.add.at(counts, (design.unit_of_song[used], columns), 1.0)
    return ThemeCounts(list(names), counts)


def _natural(name: str) -> tuple[str, int, str]:
    head = name.rstrip("0123456789")
    return head, int(name[len(head) :] or 0), name
