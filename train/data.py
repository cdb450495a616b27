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
    """[songs] int32, index of the class, -1 for none; multilabel: [songs, classes] float32."""

    renditions: list[np.ndarray] | None = None
    """For each song the songs that are renditions of it (itself among them); None: only itself."""

    weight: np.ndarray | None = None
    """[songs] share of the draws; None goes through all songs in shuffled rounds."""

    def choose(self, rows: np.ndarray) -> "Corpus":
        """The corpus of these rows alone; renditions outside them are left out."""
        renditions = None
        if self.renditions is not None:
            place = {int(row): index for index, row in enumerate(rows)}
            renditions = [
                np.array([place[i] for i in self.renditions[row].tolist() if i in place])
                for row in rows
            ]
        return Corpus(
            [self.songs[row] for row in rows],
            self.label[rows],
            renditions,
            None if self.weight is None else self.weight[rows],
        )


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
    multilabel: bool = False,
    pair_column: str | None = None,
    weight: np.ndarray | None = None,
) -> Corpus:
    """Decodes the songs of a table.

    Args:
        table: a song table with absolute paths.
        front_end: gives the sample rate.
        label_column: column that holds labels; None leaves every song unlabelled.
        classes: names of the classes; "" in the column means no label.
        multilabel: labels may co-occur, written `a+b`.
        pair_column: column that names what is sung; songs of one name (such as a recording and its
            re-synthesised copies) are renditions of each other and pair up.
        weight: [songs] share of the draws.

    Raises:
        InputError: if audio is missing or unreadable, or a column does not exist.
    """
    names = [""] * len(table) if label_column is None else labels(table, label_column)

    def load(row: int) -> np.ndarray:
        return load_song(table.iloc[row], sample_rate=front_end.sample_rate)

    with ThreadPoolExecutor(4) as pool:
        songs = list(pool.map(load, range(len(table))))
    renditions = None
    if pair_column is not None:
        sung = labels(table, pair_column)
        members: dict[str, list[int]] = {}
        for row, name in enumerate(sung):
            members.setdefault(name or f"row {row}", []).append(row)
        renditions = [np.array(members[name or f"row {row}"]) for row, name in enumerate(sung)]
    return Corpus(songs, encode_labels(names, classes, multilabel), renditions, weight)


def encode_labels(names: Sequence[str], classes: Sequence[str], multilabel: bool) -> np.ndarray:
    """Labels as numbers: [songs] int32 with -1 for none, or [songs, classes] with rows of -1."""
    position = {name: index for index, name in enumerate(classes)}
    if not multilabel:
        return np.array([position.get(name, -1) for name in names], np.int32)
    coded = np.full((len(names), len(classes)), -1, np.float32)
    for row, name in enumerate(names):
        present = [position[part] for part in name.split("+") if part in position]
        if present:
            coded[row] = 0
            coded[row, present] = 1
    return coded


def balanced_weight(names: Sequence[str]) -> np.ndarray:
    """[songs] shares of the draws that give every label (and no label, as one) the same number."""
    _, label, count = np.unique(
        np.asarray(names, dtype=str), return_inverse=True, return_counts=True
    )
    return 1.0 / (count[label] * len(count))


def split_by_group(groups: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Chooses songs to hold out: whole groups (birds or recordings), never single clips.

    Args:
        groups: group of each song.
        share: of the songs to hold out, nearly.
        seed: of the choice.

    Returns:
        [songs] bool, True for held out.

    Raises:
        InputError: if there are fewer than two groups.
    """
    names, index, count = np.unique(
        np.asarray(groups, dtype=str), return_inverse=True, return_counts=True
    )
    if len(names) < 2:
        raise InputError(f"cannot hold out: all songs are of one group, '{names[0]}'")
    order = np.random.default_rng((seed, 5)).permutation(len(names))
    before = np.cumsum(count[order]) - count[order]
    chosen = order[before < share * len(index)]
    return np.isin(index, chosen[: len(names) - 1])


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

    Each song gives twice the same clip, at a random place within it (or it within the clip); where
    it has renditions, the second clip is of one of them.
    """
    samples = clip_samples(front_end)
    total = len(corpus.songs)
    random = np.random.default_rng((seed, 2, step))
    if corpus.weight is None:
        number = step * count + np.arange(count)
        orders = {
            rounds: np.random.default_rng((seed, 1, rounds)).permutation(total)
            for rounds in np.unique(number // total).tolist()
        }
        chosen = [int(orders[n // total][n % total]) for n in number.tolist()]
    else:
        chosen = random.choice(total, count, p=corpus.weight / corpus.weight.sum()).tolist()
    position = random.random((2, count))

    def clips(rows: list[int], places: np.ndarray) -> np.ndarray:
        return np.stack(
            [fit_clip(corpus.songs[i], samples, p) for i, p in zip(rows, places, strict=True)]
        )

    first = second = clips(chosen, position[0])
    if corpus.renditions is not None:
        partners = [int(random.choice(_others(corpus.renditions[i], i))) for i in chosen]
        second = clips(partners, position[1])
    return {"first": first, "second": second, "label": corpus.label[chosen]}


def _others(renditions: np.ndarray, song: int) -> np.ndarray:
    others = renditions[renditions != song]
    return others if len(others) else renditions


class SyntheticPairs:
    """A rotating pool of fresh synthetic pairs; what a step sees is pure in (seed, step)."""

    def __init__(
        self,
        source: PairSource,
        preset: Preset,
        *,
        seed: int,
        count: int,
        classes: int | None = None,
    ):
        """Takes `count` pairs a step from `source`; `classes` asks for multilabel rows."""
        self._classes = classes
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
        if self._classes is not None:
            theme = np.eye(self._classes, dtype=np.float32)[theme]
        return {"first": first, "second": second, "label": theme}


def batches(
    preset: Preset,
    corpus: Corpus | None,
    source: PairSource | None,
    *,
    seed: int,
    start: int,
    classes: int = 0,
) -> Iterator[Arrays]:
    """Batches from step `start` to the last one.

    Args:
        preset: batch size, share of synthetic songs, number of steps.
        corpus: recorded songs.
        source: makes synthetic pairs, whose labels are the first classes.
        seed: with the step, decides everything.
        start: first step.
        classes: number of classes, for multilabel rows.

    Yields:
        `first`, `second` [batch, samples] float32 and `label` [batch] int32 (multilabel: [batch,
        classes] float32).
    """
    synthetic = 0
    if source is not None:
        synthetic = preset.batch if corpus is None else round(preset.batch * preset.synthetic_share)
    pairs = None
    if source is not None:
        width = classes if preset.method.multilabel else None
        pairs = SyntheticPairs(source, preset, seed=seed, count=synthetic, classes=width)
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
