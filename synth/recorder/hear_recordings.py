"""Songs heard through other recorders: recordings go through each whole, songs are cut after."""

import dataclasses
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.recorder.wide import WideRecorder, heard_at, through
from chingolo.synth.tables.audio import load_stretch
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.song_table import channel_of

AROUND_S = 2.0
"""Of a recording, before and behind its songs: echoes and gains reach so far."""
LONGEST_S = 60.0
"""Of a recording in memory."""


@dataclass(frozen=True)
class Stretch:
    """Songs that lie so near each other that they go through a recorder together."""

    path: str
    channel: int | None
    start_s: float
    """Of the first song."""
    end_s: float | None
    """Of the last; None: the end of the file."""
    rows: tuple[int, ...]

    @property
    def number(self) -> int:
        """What tells it from others, whatever folder its recording lies in."""
        return zlib.crc32(f"{Path(self.path).name} {self.start_s:.3f}".encode())


@dataclass(frozen=True)
class Hearing:
    """One song through one recorder."""

    recorder: int
    """Its place among those of the stretch."""
    row: int
    song: Excerpt


def hear_recordings(
    table: pd.DataFrame,
    recorders: Callable[[Stretch], Sequence[WideRecorder]],
    *,
    sample_rate: int,
    context_s: float,
    shortest: int,
) -> Iterator[Hearing]:
    """The songs of a table through recorders, stretch by stretch.

    A recording goes through whole (or a minute of it at a time), and songs are cut from what comes
    out, where it then has them: what a recorder does to a song depends on what is heard before it.

    Args:
        table: song table with absolute paths; rows count from 0.
        recorders: those that a stretch goes through.
        sample_rate: Hz.
        context_s: of the recording around each song that is kept, s.
        shortest: samples that a song is widened to, where it moved over an end of its recording.

    Raises:
        InputError: if a recording cannot be read.
    """
    for stretch, loaded in _loaded(table, sample_rate):
        begins = stretch.start_s - loaded.start / sample_rate
        duration = len(loaded.wave) / sample_rate
        edges = np.array([_edges(table.iloc[row], begins, duration) for row in stretch.rows])
        for number, recorder in enumerate(recorders(stretch)):
            wave, moved = hear(recorder, loaded.wave, edges, sample_rate, take=stretch.number)
            for row, (start, stop) in zip(stretch.rows, moved, strict=True):
                song = _cut(wave, start, stop, round(context_s * sample_rate), shortest)
                yield Hearing(number, row, song)


def _loaded(table: pd.DataFrame, sample_rate: int) -> Iterator[tuple[Stretch, Excerpt]]:
    """The stretches with what is heard of them; songs around a fault each by itself."""

    def load(stretch: Stretch) -> Excerpt:
        return load_stretch(
            stretch.path,
            sample_rate=sample_rate,
            start_s=stretch.start_s,
            end_s=stretch.end_s,
            channel=stretch.channel,
            context_s=AROUND_S,
        )

    for stretch in find_stretches(table):
        loaded = load(stretch)
        if loaded.broken and len(stretch.rows) > 1:
            for row in stretch.rows:
                alone = next(find_stretches(table.iloc[[row]]))
                yield dataclasses.replace(alone, rows=(row,)), load(alone)
        else:
            yield stretch, loaded


def hear(
    recorder: WideRecorder, wave: np.ndarray, edges: np.ndarray, sample_rate: int, *, take: int
) -> tuple[np.ndarray, np.ndarray]:
    """A recording through a recorder, and [songs, 2] samples where its songs then stand.

    Args:
        recorder: to go through.
        wave: [samples].
        edges: [songs, 2] starts and ends of songs, s.
        sample_rate: Hz.
        take: number of the recording; see `through`.
    """
    out = through(recorder, wave, sample_rate, take=take)
    moved = np.round(heard_at(recorder, edges, len(wave) / sample_rate) * sample_rate)
    return out, moved.astype(int).clip(0, len(out))


def find_stretches(table: pd.DataFrame) -> Iterator[Stretch]:
    """Stretches of recordings that hold the songs of a table, each song in one."""
    columns = [column for column in ("path", "channel") if column in table.columns]
    starts, ends = (
        table[column].to_numpy(np.float64)
        if column in table.columns
        else np.full(len(table), np.nan)
        for column in ("start_s", "end_s")
    )
    starts = np.nan_to_num(starts)
    number = table.groupby(columns, dropna=False, sort=False).ngroup().to_numpy()
    for rows in np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1]):
        path = str(table["path"].iloc[rows[0]])
        channel = channel_of(table.iloc[rows[0]])
        together: list[int] = []
        for row in rows[np.argsort(starts[rows], kind="stable")].tolist():
            if together and (
                starts[row] - np.nanmax(ends[together]) > 2 * AROUND_S
                or ends[row] - starts[together[0]] > LONGEST_S
            ):
                yield _stretch(path, channel, together, starts, ends)
                together = []
            together.append(row)
        yield _stretch(path, channel, together, starts, ends)


def _stretch(
    path: str, channel: int | None, rows: list[int], starts: np.ndarray, ends: np.ndarray
) -> Stretch:
    last = ends[rows]
    end = None if np.isnan(last).any() else float(last.max())
    return Stretch(path, channel, float(starts[rows].min()), end, tuple(rows))


def _edges(song: pd.Series, begins: float, duration: float) -> tuple[float, float]:
    """Start and end of a song within audio that begins at `begins`, s."""
    start, end = (
        float(song[column]) if column in song.index and pd.notna(song[column]) else default
        for column, default in (("start_s", 0.0), ("end_s", begins + duration))
    )
    return start - begins, end - begins


def _cut(wave: np.ndarray, start: int, stop: int, context: int, shortest: int) -> Excerpt:
    if stop - start < shortest:
        start = max(min(start, len(wave) - shortest), 0)
        stop = min(start + shortest, len(wave))
    first, last = max(start - context, 0), min(stop + context, len(wave))
    # a copy, or the song would keep its whole recording in memory
    return Excerpt(wave[first:last].copy(), start - first, stop - first)
