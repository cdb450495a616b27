"""Batches of recorded songs and fresh synthetic pairs; their order is pure in (seed, step)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chingolo.synth.spectra.clip import clip_of, clip_samples
from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.train.data.corpus import Corpus
from chingolo.train.data.draws import drawn_pairs, most_pairs
from chingolo.train.data.pool import Arrays, PoolOrder, pooled
from chingolo.train.data.workers import drawing_processes
from chingolo.train.settings.training import TrainingSettings

PAIRS = PoolOrder(source_stream=4, choice_stream=3, block=16, own_rows=True)
"""Pairs are drawn sixteen together."""


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
    """The songs of a step, none of them twice; see `drawn_pairs`.

    Each song gives twice the same clip, at a random place within it (or it within the clip); where
    it has renditions, the second clip is of one of them. Of the `count` songs only those at the
    places `own` are cut out; None takes all.

    Raises:
        ValueError: if the corpus has not that many; see `most_pairs`.
    """
    samples = clip_samples(front_end)
    first, second = drawn_pairs(corpus, seed=seed, step=step, count=count)
    position = np.random.default_rng((seed, 2, step)).random((2, count))
    copy = np.random.default_rng((seed, 6, step)).integers(1 + len(corpus.copies), size=(2, count))
    places = range(count) if own is None else own

    def clips(
        rows: np.ndarray, position: np.ndarray, copy: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        heard = [corpus.heard(int(rows[i]), int(copy[i])) for i in places]
        cut = [clip_of(song, samples, position[i]) for song, i in zip(heard, places, strict=True)]
        return np.stack([clip for clip, _ in cut]), np.array([edges for _, edges in cut])

    one = clips(first, position[0], copy[0])
    # of a song that is its own rendition both clips are of one place, or views would share nothing
    place = position[0] if corpus.sung is None else position[1]
    other = one if corpus.is_its_own_pair else clips(second, place, copy[1])
    return {
        "first": one[0],
        "second": other[0],
        "edges": np.stack([one[1], other[1]], axis=1).astype(np.int32),
        "label": corpus.label[first[list(places)]],
    }


def places(settings: TrainingSettings, corpus: Corpus | None, synthetic: bool) -> tuple[int, int]:
    """How many songs of a batch are synthetic, and how many recorded.

    No recorded song stands in a batch twice, for what tells songs apart (SimCLR, KoLeo) would push
    it away from itself: where there are too few, synthetic ones take their places, or else the
    batch is smaller.

    Args:
        settings: size of the batch, and share of synthetic songs.
        corpus: recorded songs.
        synthetic: whether there are synthetic songs.
    """
    if corpus is None:
        return (settings.batch, 0) if synthetic else (0, 0)
    made = round(settings.batch * settings.synthetic_share) if synthetic else 0
    recorded = min(settings.batch - made, most_pairs(corpus))
    return (settings.batch - recorded if synthetic else 0), recorded


def batches(
    settings: TrainingSettings,
    corpus: Corpus | None,
    source: PairSource | None,
    *,
    seed: int,
    start: int,
    classes: int = 0,
    own: range | None = None,
    workers: int = 0,
) -> Iterator[Arrays]:
    """Batches from step `start` to the last one.

    Args:
        settings: batch size, share of synthetic songs, number of steps.
        corpus: recorded songs.
        source: makes synthetic pairs, whose labels are the first classes.
        seed: with the step, decides everything.
        start: first step.
        classes: number of classes, for multilabel rows.
        own: rows of the whole batch to make, those of this host; None makes all.
        workers: processes that draw synthetic pairs, whose source must then be one that can be sent
            to them; their number changes nothing of what is drawn.

    Yields:
        `first`, `second` [rows, samples] float32, `edges` [rows, 2, 2] int32 (of the song in first
        and second, samples) and `label` [rows] int32 (multilabel: [rows, classes] float32);
        synthetic and recorded songs are spread evenly over the whole batch. Where every song is
        its own pair there is no `second`: it is `first`.

    Raises:
        InputError: if one of the processes ends before its time.
    """
    synthetic, recorded = places(settings, corpus, source is not None)
    # where each kind stands in the batch: of both kinds, every host gets its part
    share = [(np.arange(count) + 0.5) / max(count, 1) for count in (synthetic, recorded)]
    rows = range(synthetic + recorded) if own is None else own
    order = np.argsort(np.concatenate(share), kind="stable")[rows.start : rows.stop]
    mine = np.sort(order)
    of_synthetic = range(*_ends(mine[mine < synthetic]))
    of_recorded = range(*_ends(mine[mine >= synthetic] - synthetic))
    place = np.argsort(np.argsort(order))
    alone = source is None and corpus is not None and corpus.is_its_own_pair
    names = ("first", "edges", "label") if alone else ("first", "second", "edges", "label")
    with drawing_processes(workers if len(of_synthetic) else 0) as executor:
        pairs = None
        if source is not None and len(of_synthetic):
            pairs = pooled(
                LabelledPairs(source, classes if settings.method.multilabel else None),
                PAIRS,
                pool=settings.pool,
                renew_every=settings.renew_every,
                count=synthetic,
                seed=seed,
                start=start,
                own=of_synthetic,
                executor=executor,
            )
        for step in range(start, settings.steps):
            parts = []
            if pairs is not None:
                parts.append(next(pairs)[0])
            if corpus is not None and len(of_recorded):
                parts.append(
                    recorded_batch(
                        corpus,
                        settings.front_end,
                        seed=seed,
                        step=step,
                        count=recorded,
                        own=of_recorded,
                    )
                )
            yield {name: np.concatenate([part[name] for part in parts])[place] for name in names}


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs by name; with a number of `classes`, each theme as a multilabel row."""

    source: PairSource
    classes: int | None

    def __call__(self, seed: int, count: int) -> Arrays:
        """As `pool.Source`."""
        first, second, theme = self.source(seed, count)
        if self.classes is not None:
            theme = np.eye(self.classes, dtype=np.float32)[theme]
        edges = np.broadcast_to(np.array([0, first.shape[1]], np.int32), (len(first), 2, 2))
        return {"first": first, "second": second, "edges": edges, "label": theme}


def _ends(rows: np.ndarray) -> tuple[int, int]:
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 0)
