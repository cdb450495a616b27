"""What the report's map holds: places, groups, pictures and sounds of the songs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.compare import Comparison
from chingolo.analysis.report.pictures import (
    data_uri,
    load_or_reason,
    shade,
    sound_mp3,
    spectrogram_png,
    sprite_sheets,
)

# Okabe & Ito (2008), distinguishable with the common colour deficiencies
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6000", "#333333")
ERA_COLOURS = ("#d55e00", "#0072b2")
EXAMPLES = 4
MOST_THEMES = 12
SOUND_BYTES = 2_400_000
FEW_SONGS = 500
COLUMNS, PER_SHEET = 20, 1000


@dataclass(frozen=True)
class Media:
    """Pictures and sounds of a comparison's songs."""

    map: dict[str, Any]
    """The JSON block of the page."""

    examples: dict[int, str]
    """Spectrogram of each example song by row, as a data URI."""

    missing: dict[int, str]
    """Why the audio of a song cannot be had, by row."""


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


def collect_media(
    comparison: Comparison, *, tell: Callable[[str], None] = lambda line: None
) -> Media:
    """Loads every song once and keeps its thumbnail, and the sound of as many as fit.

    Args:
        comparison: what was found.
        tell: takes lines of progress.
    """
    songs = comparison.songs
    width, height = (128, 60) if len(songs) <= FEW_SONGS else (64, 32)
    examples = {row for pair in example_rows(comparison).values() for side in pair for row in side}
    wanted = _sound_order(comparison, examples)
    rank = {row: place for place, row in enumerate(wanted)}
    # sounds are made while songs pass by; about twice as many as fit are enough
    candidates = {row for row in wanted if rank[row] < 800}
    shades, thumb, pictures, missing, sounds = [], [], {}, {}, {}
    for row in range(len(songs)):
        samples, reason = load_or_reason(songs.iloc[row])
        if samples is None:
            missing[row] = reason
            thumb.append(-1)
            continue
        thumb.append(len(shades))
        shades.append(shade(samples, width=width, height=height))
        if row in examples:
            pictures[row] = data_uri(spectrogram_png(samples), "image/png")
        if row in candidates:
            sounds[row] = sound_mp3(samples)
        if (row + 1) % 500 == 0:
            tell(f"{row + 1} of {len(songs)} pictures")
    kept, size = {}, 0
    for row in wanted:
        if row in sounds and size + len(sounds[row]) <= SOUND_BYTES:
            size += len(sounds[row])
            kept[str(row)] = data_uri(sounds[row], "audio/mpeg")
    place = _unit_square(comparison.map)
    block = {
        "x": np.round(place[:, 0], 4).tolist(),
        "y": np.round(place[:, 1], 4).tolist(),
        "era": [1] * len(songs) if comparison.eras is None else comparison.eras.of_song.tolist(),
        "text": [_caption(comparison, row) for row in range(len(songs))],
        "groups": _groups(comparison),
        "thumb": thumb,
        "thumbs": {"width": width, "height": height, "columns": COLUMNS, "perSheet": PER_SHEET},
        "sheets": [
            data_uri(sheet, "image/webp")
            for sheet in sprite_sheets(shades, columns=COLUMNS, per_sheet=PER_SHEET)
        ],
        "sound": kept,
    }
    return Media(block, pictures, missing)


def _sound_order(comparison: Comparison, examples: set[int]) -> list[int]:
    """Rows in the order in which their sound is kept: examples, then themes and eras in turn."""
    songs = comparison.songs
    eras = comparison.eras.of_song if comparison.eras else np.zeros(len(songs), dtype=int)
    turn: dict[tuple[str, int], int] = {}
    keys = []
    for row in range(len(songs)):
        group = (songs["theme"].iloc[row], int(eras[row]))
        turn[group] = turn.get(group, 0) + 1
        keys.append((row not in examples, turn[group], row))
    return [key[2] for key in sorted(keys)]


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
