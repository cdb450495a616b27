"""A pool of freshly drawn examples that batches are taken from, renewed bit by bit."""

from collections.abc import Iterator
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

    Yields:
        Arrays [places, ...], and the step's generator, for what else is drawn at random.
    """
    block_size = order.block or count
    blocks = -(-count // block_size)
    places = range(count) if own is None else own
    drawn: dict[tuple[int, int], Arrays] = {}

    def draw(block: int, number: int) -> Arrays:
        sequence = np.random.SeedSequence((seed, order.source_stream, number, block))
        of_source = int(sequence.generate_state(1)[0] >> 1)
        return source(of_source, min(block_size, count - block * block_size))

    step = start
    while True:
        random = np.random.default_rng((seed, order.choice_stream, step))
        age = random.integers(pool, size=count)
        row = np.arange(count) % block_size
        if not order.own_rows:
            row = random.integers(block_size, size=count)
        wanted: dict[tuple[int, int], None] = {}
        chosen = []
        for place in places:
            block = place // block_size
            oldest = (step + block * renew_every // blocks) // renew_every
            wanted |= dict.fromkeys((block, oldest + later) for later in range(pool))
            chosen.append(((block, oldest + int(age[place])), int(row[place])))
        drawn = {name: drawn[name] if name in drawn else draw(*name) for name in wanted}
        parts = drawn[chosen[0][0]]
        batch = {part: np.stack([drawn[name][part][at] for name, at in chosen]) for part in parts}
        yield batch, random
        step += 1
