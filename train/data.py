"""Songs as arrays: tables, synthetic pairs, and batches whose order is pure in (seed, step)."""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from synth.files import InputError
from synth.songs import load_song
from train.presets import FrontEnd, Preset

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Corpus:
    """Recorded songs, decoded once."""

    songs: list[np.ndarray]
    """Audio of each song, float32 at the front end's rate, each of its own length."""

    label: np.ndarray
    """[songs] int32, index of the class; -1 for none."""


class PairSource(Protocol):
    """Makes pairs of synthetic songs; `synth.pairs.draw_pairs` behind a repertoire."""

    def __call__(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns first, second [count, samples] float32 and theme [count] int32."""
        ...


def load_corpus(
    table: pd.DataFrame,
    front_end: FrontEnd,
    *,
    label_column: str | None = None,
    classes: Sequence[str] = (),
) -> Corpus:
    """Decodes the songs of a table.

    Args:
        table: a song table with absolute paths.
        front_end: gives the sample rate.
        label_column: column that holds labels; None leaves every song unlabelled.
        classes: names of the classes; "" in the column means no label.

    Raises:
        InputError: if audio is missing or unreadable, or the column does not exist.
    """
    label = np.full(len(table), -1, np.int32)
    if label_column is not None:
        position = {name: index for index, name in enumerate(classes)}
        label = np.array([position.get(name, -1) for name in labels(table, label_column)], np.int32)

    def load(row: int) -> np.ndarray:
        return load_song(table.iloc[row], sample_rate=front_end.sample_rate)

    with ThreadPoolExecutor(4) as pool:
        songs = list(pool.map(load, range(len(table))))
    return Corpus(songs=songs, label=label)


def labels(table: pd.DataFrame, column: str) -> list[str]:
    """The column's values as str, "" where empty.

    Raises:
        InputError: if there is no such column.
    """
    if column not in table.columns:
        raise InputError(f"no column '{column}' for labels; found {', '.join(table.columns)}")
    return table[column].fillna("").astype(str).tolist()


def clip_samples(front_end: FrontEnd) -> int:
    """Length of a clip, samples."""
    return round(front_end.clip_s * front_end.sample_rate)


def fit_clip(song: np.ndarray, samples: int, position: float) -> np.ndarray:
    """Brings a song to a clip's length.

    A shorter song is placed in digital silence, which the front end takes for background (see
    `train.frontend.above_noise`); of a longer one, a stretch is cut.

    Args:
        song: [any] float32.
        samples: length of the clip.
        position: 0 for the earliest place (or cut), 1 for the latest.
    """
    start = round(position * abs(len(song) - samples))
    if len(song) >= samples:
        return song[start : start + samples]
    clip = np.zeros(samples, np.float32)
    clip[start : start + len(song)] = song
    return clip


def recorded_batch(
    corpus: Corpus, front_end: FrontEnd, *, seed: int, step: int, count: int
) -> Arrays:
    """Songs number step x count on, of an endless sequence of shuffled rounds through the corpus.

    Each song gives twice the same clip, at a random place within it (or it within the clip).
    """
    samples = clip_samples(front_end)
    total = len(corpus.songs)
    number = step * count + np.arange(count)
    orders = {
        rounds: np.random.default_rng((seed, 1, rounds)).permutation(total)
        for rounds in np.unique(number // total).tolist()
    }
    chosen = [int(orders[n // total][n % total]) for n in number.tolist()]
    position = np.random.default_rng((seed, 2, step)).random(count)
    clips = np.stack(
        [fit_clip(corpus.songs[i], samples, p) for i, p in zip(chosen, position, strict=True)]
    )
    return {"first": clips, "second": clips, "label": corpus.label[chosen]}


class SyntheticPairs:
    """A rotating pool of fresh synthetic pairs; what a step sees is pure in (seed, step)."""

    def __init__(self, source: PairSource, preset: Preset, *, seed: int, count: int):
        """Takes `count` pairs a step from `source`."""
        self._source = source
        self._preset = preset
        self._seed = seed
        self._count = count
        self._chunks: dict[int, Arrays] = {}

    def batch(self, step: int) -> Arrays:
        """The pairs of this step."""
        newest = step // self._preset.renew_every + self._preset.pool - 1
        wanted = range(newest - self._preset.pool + 1, newest + 1)
        self._chunks = {
            number: self._chunks[number] if number in self._chunks else self._draw(number)
            for number in wanted
        }
        rng = np.random.default_rng((self._seed, 3, step))
        chosen = rng.permutation(self._preset.pool * self._count)[: self._count]
        return {
            name: np.concatenate([chunk[name] for chunk in self._chunks.values()])[chosen]
            for name in ("first", "second", "label")
        }

    def _draw(self, number: int) -> Arrays:
        seed = int(np.random.SeedSequence((self._seed, 4, number)).generate_state(1)[0] >> 1)
        first, second, theme = self._source(seed, self._count)
        return {"first": first, "second": second, "label": theme}


def batches(
    preset: Preset,
    corpus: Corpus | None,
    source: PairSource | None,
    *,
    seed: int,
    start: int,
) -> Iterator[Arrays]:
    """Batches from step `start` to the last one.

    Args:
        preset: batch size, share of synthetic songs, number of steps.
        corpus: recorded songs.
        source: makes synthetic pairs, whose labels are the first classes.
        seed: with the step, decides everything.
        start: first step.

    Yields:
        `first`, `second` [batch, samples] float32 and `label` [batch] int32.
    """
    synthetic = 0
    if source is not None:
        synthetic = preset.batch if corpus is None else round(preset.batch * preset.synthetic_share)
    pairs = SyntheticPairs(source, preset, seed=seed, count=synthetic) if source else None
    for step in range(start, preset.steps):
        parts = []
        if pairs is not None and synthetic:
            parts.append(pairs.batch(step))
        if corpus is not None and synthetic < preset.batch:
            count = preset.batch - synthetic
            parts.append(
                recorded_batch(corpus, preset.front_end, seed=seed, step=step, count=count)
            )
        yield {
            name: np.concatenate([part[name] for part in parts])
            for name in ("first", "second", "label")
        }


def prefetch(items: Iterator[Arrays], ahead: int = 2) -> Generator[Arrays, None, None]:
    """Runs an iterator in a thread of its own, `ahead` items ahead; its errors are raised here."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=ahead)
    stop = threading.Event()
    end = object()

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    return
            put(end)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not end:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
