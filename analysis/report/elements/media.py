"""Pictures and sounds of a comparison's songs: every recording is read once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chingolo.analysis.report.elements.examples import example_rows
from chingolo.analysis.report.elements.map_data import song_marks
from chingolo.analysis.report.elements.pictures import (
    data_uri,
    load_or_reason,
    shade,
    sound_mp3,
    spectrogram_png,
    sprite_sheets,
)
from chingolo.analysis.results import Comparison
from chingolo.synth.spectra.front_end import front_end_of

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


def collect_media(
    comparison: Comparison, *, tell: Callable[[str], None] = lambda line: None
) -> Media:
    """Loads every song once and keeps its thumbnail, and the sound of as many as fit.

    Args:
        comparison: what was found.
        tell: takes lines of progress.
    """
    songs = comparison.songs
    ear = front_end_of(comparison.results["run"])
    width, height = (128, 60) if len(songs) <= FEW_SONGS else (64, 32)
    examples = {row for pair in example_rows(comparison).values() for side in pair for row in side}
    wanted = _sound_order(comparison, examples)
    rank = {row: place for place, row in enumerate(wanted)}
    # sounds are made while songs pass by; about twice as many as fit are enough
    candidates = {row for row in wanted if rank[row] < 800}
    shades, thumb, pictures, missing, sounds = [], [], {}, {}, {}
    for row in range(len(songs)):
        samples, reason = load_or_reason(songs.iloc[row], sample_rate=ear.sample_rate)
        if samples is None:
            missing[row] = reason
            thumb.append(-1)
            continue
        thumb.append(len(shades))
        shades.append(shade(samples, ear, width=width, height=height))
        if row in examples:
            pictures[row] = data_uri(spectrogram_png(samples, ear), "image/png")
        if row in candidates:
            sounds[row] = sound_mp3(samples, ear.sample_rate)
        if (row + 1) % 500 == 0:
            tell(f"{row + 1} of {len(songs)} pictures")
    kept, size = {}, 0
    for row in wanted:
        if row in sounds and size + len(sounds[row]) <= SOUND_BYTES:
            size += len(sounds[row])
            kept[str(row)] = data_uri(sounds[row], "audio/mpeg")
    block = song_marks(comparison) | {
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
