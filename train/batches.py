"""Batches of recorded songs and fresh synthetic pairs; their order is pure in (seed, step)."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import numpy as np

from train.data import Corpus, clip_samples, fit_clip
from train.presets import FrontEnd, Preset

Arrays = dict[str, np.ndarray]


class PairSource(Protocol):
    """Makes pairs of synthetic songs; `synth.pairs.draw_pairs` behind a repertoire."""

    def __call__(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns first, second [count, samples] float32 and theme [count] int32."""
        ...


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


def prefetch(items: Iterator[Arrays], ahead: int = 4) -> Generator[Arrays, None, None]:
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
