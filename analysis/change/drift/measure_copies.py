"""Songs measured again as random recorders hear them."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from chingolo.analysis.change.drift.song_measures import (
    RATE,
    SHORTEST_SONG,
    SongMeasures,
    measure_song,
    some_of_each,
)
from chingolo.synth.recorder.hear_recordings import hear_recordings
from chingolo.synth.recorder.wide import WideRecorder
from chingolo.synth.tables.files import counted

SONGS = 20
"""Of each era that are heard through every recorder: a tenth of a second each time. A recorder
moves all songs of a theme alike, so that few tell what it does."""


def measure_copies(
    songs: pd.DataFrame,
    among: Sequence[np.ndarray],
    recorders: Sequence[WideRecorder],
    *,
    most: int = SONGS,
    tell: Callable[[str], None] = lambda line: None,
) -> list[list[SongMeasures | None]]:
    """Measures some songs of a table through recorders, their recordings sent through whole.

    Args:
        songs: song table with absolute paths.
        among: for each era [songs] bool: of these some are taken, as many of each bird.
        recorders: that each of them is heard through.
        most: songs of each era that are.
        tell: takes lines of progress.

    Returns:
        [recorders] of [songs] measures; None for a song that was not taken.

    Raises:
        InputError: if a recording cannot be read.
    """
    taken = []
    for inside in map(np.flatnonzero, among):
        own = songs.iloc[inside].reset_index(drop=True)
        taken.append(inside[some_of_each(own, most)])
    chosen = np.concatenate(taken)
    measured: list[list[SongMeasures | None]] = [[None] * len(songs) for _ in recorders]
    hearings = hear_recordings(
        songs.iloc[chosen].reset_index(drop=True),
        lambda stretch: recorders,
        sample_rate=RATE,
        context_s=0.0,
        shortest=round(SHORTEST_SONG * RATE),
    )
    for done, hearing in enumerate(hearings, 1):
        song = hearing.song
        heard = measure_song(song.wave[song.start : song.stop], RATE)
        measured[hearing.recorder][chosen[hearing.row]] = heard
        if done % 200 == 0:
            tell(f"{done} of {counted(len(chosen) * len(recorders), 'copy', 'copies')} measured")
    return measured
