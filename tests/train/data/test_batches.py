import dataclasses

import numpy as np

from chingolo.train.data.batches import batches
from chingolo.train.data.corpus import Corpus
from chingolo.train.data.pool import PoolOrder, pooled
from chingolo.train.data.prefetch import prefetch
from tests.small_training import SMALL, chirp, chirp_pairs


def test_order_is_pure_in_seed_and_step():
    rate = SMALL.front_end.sample_rate
    rng = np.random.default_rng(0)
    corpus = Corpus(
        songs=[chirp(i % 4, rng, 9000, rate) for i in range(7)], label=np.arange(7, dtype=np.int32)
    )
    whole = list(batches(SMALL, corpus, chirp_pairs, seed=5, start=0))
    late = list(prefetch(batches(SMALL, corpus, chirp_pairs, seed=5, start=4)))
    for ours, theirs in zip(whole[4:], late, strict=True):
        for name, value in ours.items():
            np.testing.assert_array_equal(value, theirs[name])
    hosts = [
        list(batches(SMALL, corpus, chirp_pairs, seed=5, start=0, own=own))
        for own in (range(5), range(5, 16))
    ]
    for ours, *parts in zip(whole, *hosts, strict=True):
        for name, value in ours.items():
            np.testing.assert_array_equal(value, np.concatenate([part[name] for part in parts]))
    only = list(batches(SMALL, corpus, None, seed=5, start=0))
    # seven songs, wherever sixteen are asked for: none twice, synthetic ones in the other places
    assert [sorted(batch["label"].tolist()) for batch in only] == [list(range(7))] * 6
    mostly = dataclasses.replace(SMALL, synthetic_share=0.25)
    both = next(batches(mostly, corpus, silent_pairs, seed=5, start=0))
    assert len(both["label"]) == 16
    assert sorted(both["label"][both["first"].any(axis=1)].tolist()) == list(range(7))


def silent_pairs(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs that are told from songs by their silence."""
    first, second, theme = chirp_pairs(seed, count)
    return 0 * first, 0 * second, theme


def test_places_with_rows_of_their_own_take_what_was_drawn_for_them():
    drawn = []

    def source(seed: int, count: int) -> dict[str, np.ndarray]:
        drawn.append(seed)
        return {"seed": np.full(count, seed), "row": np.arange(count)}

    def steps(order: PoolOrder, own: range | None = None):
        pool = pooled(source, order, pool=3, renew_every=2, count=10, seed=1, start=4, own=own)
        return [next(pool)[0] for _ in range(8)]

    own = PoolOrder(source_stream=4, choice_stream=3, block=4, own_rows=True)
    whole = steps(own)
    for batch in whole:
        assert batch["row"].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    # 3 at first, then a fresh one every 2 steps: the last block's first already at the second step
    assert len(drawn) == len(set(drawn)) == (3 + 3) + (3 + 3) + (3 + 4)
    for ours, theirs in zip(whole, steps(own, range(4, 8)), strict=True):
        for name, value in theirs.items():
            np.testing.assert_array_equal(value, ours[name][4:8])
    mixed = steps(PoolOrder(source_stream=4, choice_stream=3, block=None, own_rows=False))
    assert any((np.diff(batch["row"]) != 1).any() for batch in mixed)
