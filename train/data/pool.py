"""A pool of freshly drawn examples that batches are taken from, renewed bit by bit."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Arrays = dict[str, np.ndarray]


class Source(Protocol):
    """Makes examples."""

    def __call__(self, seed: int, count: int) -> Arrays:
        """Returns arrays [count, ...] by name, a pure function of the seed."""
        ...


@dataclass(frozen=True)
class PoolOrder:
    """How a pool is laid out and which random streams it draws from."""

    source_stream: int
    """Number of the stream that seeds the source."""

    choice_stream: int
    """Number of the stream that chooses from the pool."""

    block: int | None
    """Places of a batch that are drawn together; None draws all as one."""

    own_rows: bool
    """Whether a place takes examples that were drawn for it alone, or any of its block's."""


def pooled(
    source: Source,
    order: PoolOrder,
    *,
    pool: int,
    renew_every: int,
    count: int,
    seed: int,
    start: int,
    own: range | None = None,
    executor: Executor | None = None,
) -> Iterator[tuple[Arrays, np.random.Generator]]:
    """Batches of fresh examples from step `start` on, without end; each is pure in (seed, step).

    Every place of a batch has `pool` examples, of which a step takes one at random. Places are
    drawn in blocks; after every `renew_every` steps a block's oldest examples give way to fresh
    ones, each block at steps of its own, so that the work is even. An example is thus taken
    `renew_every` times in the mean. Only the blocks of the places `own` are ever drawn.

    Args:
        source: makes examples.
        order: blocks and random streams.
        pool: examples of a place.
        renew_every: steps after which the oldest give way.
        count: places of the whole batch.
        seed: with the step, decides everything.
        start: first step.
        own: places to make; None makes all.
        executor: draws blocks ahead of their steps; the source must be one that can be sent to it.
            None draws them here, when they are wanted.

    Yields:
        Arrays [places, ...], and the step's generator, for what else is drawn at random.
    """
    block_size = order.block or count
    blocks = -(-count // block_size)
    places = range(count) if own is None else own
    drawn: dict[tuple[int, int], Future[Arrays]] = {}

    def draw(block: int, number: int) -> Future[Arrays]:
        sequence = np.random.SeedSequence((seed, order.source_stream, number, block))
        of_source = int(sequence.generate_state(1)[0] >> 1)
        size = min(block_size, count - block * block_size)
        if executor is not None:
            return executor.submit(source, of_source, size)
        here: Future[Arrays] = Future()
        here.set_result(source(of_source, size))
        return here

    def oldest(block: int, step: int) -> int:
        return (step + block * renew_every // blocks) // renew_every

    own_blocks = sorted({place // block_size for place in places})
    # whatever is renewed within a round of renewals, while the steps before it are taken
    ahead = 0 if executor is None else renew_every
    step = start
    while True:
        random = np.random.default_rng((seed, order.choice_stream, step))
        age = random.integers(pool, size=count)
        row = np.arange(count) % block_size
        if not order.own_rows:
            row = random.integers(block_size, size=count)
        wanted = [
            (block, oldest(block, soon) + later)
            for soon in range(step, step + ahead + 1)
            for block in own_blocks
            for later in range(pool)
        ]
        drawn = {
            name: drawn[name] if name in drawn else draw(*name) for name in dict.fromkeys(wanted)
        }
        chosen = [
            ((place // block_size, oldest(place // block_size, step) + int(age[place])), row[place])
            for place in places
        ]
        parts = {name: drawn[name].result() for name, _ in chosen}
        first = parts[chosen[0][0]]
        batch = {part: np.stack([parts[name][part][at] for name, at in chosen]) for part in first}
        yield batch, random
        step += 1
