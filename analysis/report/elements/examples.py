"""Typical songs of each theme."""

import numpy as np

from chingolo.analysis.results import Comparison

EXAMPLES = 4
MOST_THEMES = 12


def example_rows(comparison: Comparison) -> dict[str, tuple[list[int], list[int]]]:
    """Typical songs of each theme: historical rows, then modern ones (or all, without eras).

    At most one song of a recording stands there while there are others.
    """
    songs = comparison.songs
    names = songs["theme"].to_numpy(object)
    eras = comparison.eras.of_song if comparison.eras else np.zeros(len(songs), dtype=int)
    sizes = songs["theme"].value_counts()
    order = sorted((n for n in sizes.index if n), key=lambda n: (-sizes[n], n))[:MOST_THEMES]
    result = {}
    for name in order or [""]:
        sides = []
        for era in (0, 1):
            rows = np.flatnonzero((names == name) & (eras == era))
            strength = songs["cluster_probability"].to_numpy()[rows]
            typical = rows[np.argsort(-strength, kind="stable")]
            first = ~songs["path"].iloc[typical].duplicated().to_numpy()
            chosen = np.concatenate([typical[first], typical[~first]])[:EXAMPLES]
            sides.append([int(row) for row in chosen])
        result[name] = (sides[0], sides[1])
    return result
