"""Batches of recorded songs and fresh synthetic pairs; their order is pure in (seed, step)."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import numpy as np

from chingolo.synth.spectra.clip import clip_samples, fit_clip
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.data.corpus import Corpus
from chingolo.train.settings.training import Preset

Arrays = dict[str, np.ndarray]
BLOCK = 16
"""Synthetic pairs drawn together."""


class PairSource(Protocol):
    """Makes pairs of synthetic songs; `pairs.draw_pairs` behind a repertoire."""

    def __call__(self, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns first, second [count, samples] float32 and theme [count] int32."""
        ...


def recorded_batch(
    corpus: Corpus,
    front_end: FrontEnd,
    *,
    seed: int,
    step: int,
    count: int,
    own: range | None = None,
) -> Arrays:
    """Songs number step x count on, of an endless sequence of shuffled rounds through the corpus.

    Each song gives twice the same clip, at a random place within it (or it within the clip); where
    it has renditions, the second clip is of one of them. Of the `count` songs only those at the
    places `own` are cut out; None takes all.
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
    places = range(count) if own is None else own

    def clips(rows: list[int], position: np.ndarray) -> np.ndarray:
        return np.stack([fit_clip(corpus.songs[rows[i]], samples, position[i]) for i in places])

    first = second = clips(chosen, position[0])
    if corpus.renditions is not None:
        partners = [int(random.choice(_others(corpus.renditions[i], i))) for i in chosen]
        second = clips(partners, position[1])
    return {
        "first": first,
        "second": second,
        "label": corpus.label[[chosen[i] for i in places]],
    }


def _others(renditions: np.ndarray, song: int) -> np.ndarray:
    others = renditions[renditions != song]
    return others if len(others) else renditions


class SyntheticPairs:
    """A pool of fresh synthetic pairs, renewed bit by bit; a step's are pure in (seed, step).

    Every place of a batch has `pool` pairs, of which a step takes one at random. Places are drawn
    in blocks; after every `renew_every` steps a block's oldest pairs give way to fresh ones, each
    block at steps of its own, so that the work is even. A pair is thus heard `renew_every` times in
    the mean, through other views each time. Only the blocks of the places `own` are ever drawn.
    """

    def __init__(
        self,
        source: PairSource,
        preset: Preset,
        *,
        seed: int,
        count: int,
        own: range,
        classes: int | None = None,
    ):
        """Takes pairs at the places `own` of `count`; `classes` asks for multilabel rows."""
        self._classes = classes
        self._source = source
        self._preset = preset
        self._seed = seed
        self._count = count
        self._own = own
        self._drawn: dict[tuple[int, int], Arrays] = {}

    def batch(self, step: int) -> Arrays:
        """The pairs of this step."""
        pool, every = self._preset.pool, self._preset.renew_every
        blocks = -(-self._count // BLOCK)
        age = np.random.default_rng((self._seed, 3, step)).integers(pool, size=self._count)
        wanted: dict[tuple[int, int], None] = {}
        chosen = []
        for place in self._own:
            block = place // BLOCK
            oldest = (step + block * every // blocks) // every
            wanted |= dict.fromkeys((block, oldest + later) for later in range(pool))
            chosen.append(((block, oldest + int(age[place])), place % BLOCK))
        self._drawn = {
            name: self._drawn[name] if name in self._drawn else self._draw(*name) for name in wanted
        }
        return {
            part: np.stack([self._drawn[name][part][row] for name, row in chosen])
            for part in ("first", "second", "label")
        }

    def _draw(self, block: int, number: int) -> Arrays:
        sequence = np.random.SeedSequence((self._seed, 4, number, block))
        seed = int(sequence.generate_state(1)[0] >> 1)
        first, second, theme = self._source(seed, min(BLOCK, self._count - block * BLOCK))
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
    own: range | None = None,
) -> Iterator[Arrays]:
    """Batches from step `start` to the last one.

    Args:
        preset: batch size, share of synthetic songs, number of steps.
        corpus: recorded songs.
        source: makes synthetic pairs, whose labels are the first classes.
        seed: with the step, decides everything.
        start: first step.
        classes: number of classes, for multilabel rows.
        own: rows of the whole batch to make, those of this host; None makes all.

    Yields:
        `first`, `second` [rows, samples] float32 and `label` [rows] int32 (multilabel: [rows,
        classes] float32); synthetic and recorded songs are spread evenly over the whole batch.
    """
    synthetic = 0
    if source is not None:
        synthetic = preset.batch if corpus is None else round(preset.batch * preset.synthetic_share)
    recorded = preset.batch - synthetic if corpus is not None else 0
    # where each kind stands in the batch: of both kinds, every host gets its part
    share = [(np.arange(count) + 0.5) / max(count, 1) for count in (synthetic, recorded)]
    order = np.argsort(np.concatenate(share), kind="stable")[slice_of(own)]
    mine = np.sort(order)
    of_synthetic = range(*_ends(mine[mine < synthetic]))
    of_recorded = range(*_ends(mine[mine >= synthetic] - synthetic))
    pairs = None
    if source is not None and len(of_synthetic):
        width = classes if preset.method.multilabel else None
        pairs = SyntheticPairs(
            source, preset, seed=seed, count=synthetic, own=of_synthetic, classes=width
        )
    place = np.argsort(np.argsort(order))
    for step in range(start, preset.steps):
        parts = []
        if pairs is not None:
            parts.append(pairs.batch(step))
        if corpus is not None and len(of_recorded):
            parts.append(
                recorded_batch(
                    corpus,
                    preset.front_end,
                    seed=seed,
                    step=step,
                    count=recorded,
                    own=of_recorded,
                )
            )
        yield {
            name: np.concatenate([part[name] for part in parts])[place]
            for name in ("first", "second", "label")
        }


def slice_of(rows: range | None) -> slice:
    """The slice of consecutive rows; None is all."""
    return slice(None) if rows is None else slice(rows.start, rows.stop)


def _ends(rows: np.ndarray) -> tuple[int, int]:
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)


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
