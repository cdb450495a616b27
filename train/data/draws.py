"""Which songs of a corpus a step takes: none twice, paired with their renditions."""

import numpy as np

from chingolo.train.data.corpus import Corpus


def most_pairs(corpus: Corpus) -> int:
    """Number of songs that a batch can hold at most, if no recording is to be in it twice.

    Of the renditions of one thing half serve as partners of the other half; a single song pairs
    with itself. Songs without a share of the draws do not count.
    """
    rows = _drawable(corpus)
    if corpus.sung is None:
        return len(rows)
    renditions = np.bincount(corpus.sung[rows])
    return int(np.maximum(renditions // 2, renditions > 0).sum())


def drawn_pairs(
    corpus: Corpus, *, seed: int, step: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The songs of a step and their partners, a pure function of (seed, step).

    Renditions pair up anew for every round, and a round is gone through in batches; what is left
    behind its last whole batch sits that round out. Where songs have shares of the draws, every
    step draws by them (`systematic_sample`).

    Args:
        corpus: songs, what they sing, and their shares.
        seed: with the step, decides everything.
        step: number of the step.
        count: number of songs.

    Returns:
        Two arrays [count] of rows. A row stands once in both together, or at one place of both if
        no other song is a rendition of it.

    Raises:
        ValueError: if `count` is more than `most_pairs`.
    """
    most = most_pairs(corpus)
    if not 0 < count <= most:
        raise ValueError(f"{count} songs of a corpus that has {most} for a batch")
    if corpus.weight is not None:
        random = np.random.default_rng((seed, 2, step, 1))
        first, second = _paired(corpus, random)
        share = (corpus.weight[first] + corpus.weight[second]) / 2
        chosen = systematic_sample(share, count, random)
        return first[chosen], second[chosen]
    batches = most // count
    first, second = _paired(corpus, np.random.default_rng((seed, 1, step // batches)))
    of_step = slice(step % batches * count, (step % batches + 1) * count)
    return first[of_step], second[of_step]


def systematic_sample(share: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Draws rows without repeating one, each with a probability proportional to its share.

    Systematic sampling of randomly ordered rows (Madow 1949). What would have to be drawn more than
    once is drawn for certain, and the others share the rest (Särndal, Swensson & Wretman 1992,
    section 3.6).

    Args:
        share: [rows] positive.
        count: rows to draw, at most as many as there are.
        random: generator.

    Returns:
        [count] rows in random order.
    """
    certain = np.zeros(len(share), bool)
    while True:
        left = count - certain.sum()
        chance = np.where(certain, 1.0, left * share / share[~certain].sum() if left else 0.0)
        more = chance > 1.0
        if not more.any():
            break
        certain |= more
    order = random.permutation(len(share))
    passed = np.cumsum(chance[order])
    passed *= count / passed[-1]  # rounding apart, it ends there already
    passed[-1] = count
    marks = np.ceil(passed - random.random()).clip(0, count)
    return random.permutation(order[np.diff(marks, prepend=0) > 0])


def _drawable(corpus: Corpus) -> np.ndarray:
    if corpus.weight is None:
        return np.arange(len(corpus.songs))
    return np.flatnonzero(corpus.weight > 0)


def _paired(corpus: Corpus, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All songs in random order, in pairs of renditions; a song too many sits out."""
    order = random.permutation(_drawable(corpus))
    if corpus.sung is None:
        return order, order
    order = order[np.argsort(corpus.sung[order], kind="stable")]
    _, start, size = np.unique(corpus.sung[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(start, size)
    alone = np.repeat(size == 1, size)
    first = (place % 2 == 0) & (place + 1 < np.repeat(size, size)) | alone
    at = random.permutation(np.flatnonzero(first))
    return order[at], order[np.where(alone[at], at, at + 1)]
