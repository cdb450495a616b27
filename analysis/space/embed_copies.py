"""Songs heard through other recorders: recordings go through each whole, songs are cut after."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.analysis.space.embed import Embedder, embed_waves, make_embedder
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.recorder.wide import WideRecorder, heard_at, through, wide_recorder
from chingolo.synth.tables.audio import load_stretch
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.run.trained_encoder import load_encoder

FAMILY = "wide-1"
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


def random_recorders(count: int, family: str = FAMILY) -> tuple[WideRecorder, ...]:
    """The first recorders of a family by their seeds; the same for every table."""
    return tuple(wide_recorder(seed, family) for seed in range(count))


def hear_again(
    latents: LatentTable,
    run: Path,
    count: int,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> np.ndarray:
    """[recorders, songs, dimensions] copies of a latent table's songs through `random_recorders`.

    Args:
        latents: the songs.
        run: the training run, or exported encoder, that made the latent table.
        count: of recorders.
        tell: takes lines of progress.

    Raises:
        InputError: if a recording cannot be read, or the run is not the latent table's.
    """
    embedder = make_embedder(load_encoder(run))
    theirs, ours = latents.made_by.get("checkpoint"), embedder.about["checkpoint"]
    if theirs and theirs != ours:
        raise InputError(f"{run}: not the run that made the latent table (other checkpoint)")
    return embed_copies(latents.songs, embedder, random_recorders(count), tell=tell)


def embed_copies(
    table: pd.DataFrame,
    embedder: Embedder,
    recorders: Sequence[WideRecorder],
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> np.ndarray:
    """Vectors of songs whose recordings were sent through recorders.

    A recording goes through whole (or a minute of it at a time), and songs are cut from what comes
    out, where it then has them: what a recorder does to a song depends on what is heard before it.

    Args:
        table: song table with absolute paths.
        embedder: of `make_embedder`.
        recorders: as of `random_recorders`.
        tell: takes lines of progress.

    Returns:
        [recorders, songs, dimensions] float32 of length 1.

    Raises:
        InputError: if audio cannot be read, or a vector is not finite.
    """
    front_end = embedder.encoder.settings.front_end
    copies = np.zeros((len(recorders), len(table), embedder.encoder.settings.encoder.dimensions))
    stretches = list(find_stretches(table))
    done = 0
    waiting: list[tuple[int, int, Excerpt]] = []

    def flush() -> None:
        z, _ = embed_waves([excerpt for _, _, excerpt in waiting], embedder)
        for (recorder, row, _), vector in zip(waiting, z, strict=True):
            copies[recorder, row] = vector
        waiting.clear()

    for stretch in stretches:
        for recorder, row, excerpt in _heard(
            stretch, table, recorders, front_end.sample_rate, front_end.context_s, front_end.n_fft
        ):
            waiting.append((recorder, row, excerpt))
        if len(waiting) >= 8 * embedder.batch:
            flush()
        before, done = done, done + len(stretch.rows)
        if before // 200 != done // 200:
            tell(f"{done} of {len(table)} songs through {len(recorders)} recorders")
    if waiting:
        flush()
    return copies.astype(np.float32)


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
    for key, rows in table.reset_index(drop=True).groupby(columns, dropna=False).indices.items():
        key = key if isinstance(key, tuple) else (key,)
        channel = int(key[1]) if len(key) > 1 and not pd.isna(key[1]) else None
        together: list[int] = []
        for row in rows[np.argsort(starts[rows], kind="stable")]:
            if together and (
                starts[row] - np.nanmax(ends[together]) > 2 * AROUND_S
                or ends[row] - starts[together[0]] > LONGEST_S
            ):
                yield _stretch(str(key[0]), channel, together, starts, ends)
                together = []
            together.append(int(row))
        yield _stretch(str(key[0]), channel, together, starts, ends)


def _stretch(
    path: str, channel: int | None, rows: list[int], starts: np.ndarray, ends: np.ndarray
) -> Stretch:
    last = ends[rows]
    end = None if np.isnan(last).any() else float(last.max())
    return Stretch(path, channel, float(starts[rows].min()), end, tuple(rows))


def _heard(
    stretch: Stretch,
    table: pd.DataFrame,
    recorders: Sequence[WideRecorder],
    sample_rate: int,
    context_s: float,
    least: int,
) -> Iterator[tuple[int, int, Excerpt]]:
    """Number of the recorder, row, and the song as it comes out, for each recorder and song."""
    loaded = load_stretch(
        stretch.path,
        sample_rate=sample_rate,
        start_s=stretch.start_s,
        end_s=stretch.end_s,
        channel=stretch.channel,
        context_s=AROUND_S,
    )
    wave, begins = loaded.wave, stretch.start_s - loaded.start / sample_rate
    duration = len(wave) / sample_rate
    # weather and noise are those of the recording, whatever folder it lies in
    take = zlib.crc32(f"{Path(stretch.path).name} {stretch.start_s:.3f}".encode())
    edges = np.array([_edges(table.iloc[row], begins, duration) for row in stretch.rows])
    context = round(context_s * sample_rate)
    for number, recorder in enumerate(recorders):
        out = through(recorder, wave, sample_rate, take=take)
        moved = np.round(heard_at(recorder, edges, duration) * sample_rate).astype(int)
        for row, (start, stop) in zip(stretch.rows, moved.clip(0, len(out)), strict=True):
            if stop - start < least:
                start = max(min(start, len(out) - least), 0)
                stop = min(start + least, len(out))
            first, last = max(start - context, 0), min(stop + context, len(out))
            yield number, row, Excerpt(out[first:last], start - first, stop - first)


def _edges(song: pd.Series, begins: float, duration: float) -> tuple[float, float]:
    """Start and end of a song within audio that begins at `begins`, s."""
    start, end = (
        float(song[column]) if column in song.index and pd.notna(song[column]) else default
        for column, default in (("start_s", 0.0), ("end_s", begins + duration))
    )
    return start - begins, end - begins
