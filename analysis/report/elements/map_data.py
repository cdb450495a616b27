"""What the report's map tells of each song: its place, era, caption and groups."""

from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.report.elements.colours import COLOURS, ERA_COLOURS
from chingolo.analysis.results import Comparison


def song_marks(comparison: Comparison) -> dict[str, Any]:
    """Places in the unit square, eras, captions and groups of the songs, for the page's script."""
    songs, eras = comparison.songs, comparison.eras
    place = _unit_square(comparison.map)
    return {
        "x": np.round(place[:, 0], 4).tolist(),
        "y": np.round(place[:, 1], 4).tolist(),
        "era": [1] * len(songs) if eras is None else eras.of_song.tolist(),
        "text": [_caption(comparison, row) for row in range(len(songs))],
        "groups": _groups(comparison),
    }


def _unit_square(points: np.ndarray) -> np.ndarray:
    low, high = points.min(axis=0), points.max(axis=0)
    return (points - low) / np.where(high > low, high - low, 1.0)


def _caption(comparison: Comparison, row: int) -> str:
    song = comparison.songs.iloc[row]
    parts = [Path(str(song["path"])).name]
    for column in ("era", "individual", "site"):
        if song.get(column, ""):
            parts.append(f"{column} {song[column]}")
    parts.append(song["theme"] or "no theme")
    return ", ".join(parts)


def _groups(comparison: Comparison) -> dict[str, dict[str, Any]]:
    songs = comparison.songs
    columns = {"theme": songs["theme"].to_numpy(object)}
    if comparison.eras is not None:
        names = np.array([comparison.eras.historical, comparison.eras.modern, ""], dtype=object)
        columns = {"era": names[comparison.eras.of_song], **columns}
    columns["cluster"] = np.where(
        songs["cluster"] >= 0, "cluster " + songs["cluster"].astype(str), ""
    )
    for column in ("label", "species", "site", "individual"):
        if column in songs.columns:
            columns[column] = songs[column].astype(str).to_numpy(object)
    groups = {}
    for column, values in columns.items():
        names = sorted(set(values.tolist()) - {""})
        if column == "era" and comparison.eras is not None:
            names = [comparison.eras.historical, comparison.eras.modern]
        if not names or len(names) > 40:
            continue
        index = {name: i for i, name in enumerate(names)}
        colours = ERA_COLOURS if column == "era" else COLOURS
        groups[column] = {
            "names": names,
            "of": [index.get(value, -1) for value in values],
            "colours": list(colours),
        }
    return groups
