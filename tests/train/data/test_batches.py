import dataclasses
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from chingolo.synth.spectra.log_mel import log_mel
from chingolo.synth.tables.files import InputError
from chingolo.train.data.batches import batches
from chingolo.train.data.corpus import Corpus
from chingolo.train.data.pool import PoolOrder, pooled
from chingolo.train.data.prefetch import prefetch
from chingolo.train.parallel import shard
from tests.small_training import SMALL, chirp, chirp_pairs


def test_order_is_pure_in_seed_and_step():
    rate = SMALL.front_end.sample_rate
    rng = np.random.default_rng(0)
    corpus = Corpus(
        songs=[chirp(i % 4, rng, 9000, rate) for i in range(7)], label=np.arange(7, dtype=np.int32)
    )
    whole = list(batches(SMALL, corpus, chirp_pairs, seed=5, start=0))
    late = list(prefetch(batches(SMALL, corpus, chirp_pairs, seed=5, start=4), dict))
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
    assert not any("second" in batch for batch in only)  # each song is its own pair
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


@pytest.mark.parametrize("threads", [1, 3])
def test_who_draws_changes_nothing(threads: int):
    def slowly(seed: int, count: int) -> dict[str, np.ndarray]:
        time.sleep(0.003 * (seed % 3))
        return {"drawn": np.random.default_rng(seed).random(count)}

    order = PoolOrder(source_stream=4, choice_stream=3, block=4, own_rows=True)

    def steps(executor: Executor | None) -> list[np.ndarray]:
        pool = pooled(slowly, order, pool=3, renew_every=2, count=10, seed=1, start=4,
                      executor=executor)  # fmt: skip
        return [next(pool)[0]["drawn"] for _ in range(9)]

    with ThreadPoolExecutor(threads) as executor:
        for ours, theirs in zip(steps(executor), steps(None), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_processes_draw_what_is_drawn_here():
    settings = dataclasses.replace(SMALL, steps=3)
    beside = list(prefetch(batches(settings, None, chirp_pairs, seed=5, start=0, workers=2), dict))
    here = list(batches(settings, None, chirp_pairs, seed=5, start=0))
    for ours, theirs in zip(beside, here, strict=True):
        for name, value in theirs.items():
            np.testing.assert_array_equal(ours[name], value)


def vanish(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A source whose process the system kills."""
    del seed, count
    os._exit(9)


def test_a_process_that_was_killed_is_told():
    with pytest.raises(InputError, match="one of 1 processes that draw songs ended"):
        next(prefetch(batches(SMALL, None, vanish, seed=5, start=0, workers=1), dict))


def test_what_is_made_ahead_is_laid_out_and_ends_with_its_reader():
    ended = threading.Event()

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            ended.set()

    stream = prefetch(numbers(), lambda number: (number, threading.current_thread()), ahead=2)
    first, thread = next(stream)
    assert first == 0
    assert thread is not threading.current_thread()
    stream.close()
    assert ended.is_set()
    assert not thread.is_alive()


def test_batches_reach_the_device_as_they_were_sung():
    """In float32 to the last bit: 16-bit integers would move log-mel by more than 1e-4."""
    first, second, theme = chirp_pairs(0, 4)
    laid = next(prefetch(iter([{"first": first, "second": second, "label": theme}]), shard))
    for name, sent in (("first", first), ("second", second), ("label", theme)):
        arrived = np.asarray(laid[name]).reshape(sent.shape)
        assert arrived.dtype == sent.dtype
        np.testing.assert_array_equal(arrived, sent)
    scale = np.abs(first).max(axis=1, keepdims=True) / 32_767
    coarse = (np.round(first / scale) * scale).astype(np.float32)
    moved = np.abs(np.asarray(log_mel(coarse, SMALL.front_end) - log_mel(first, SMALL.front_end)))
    assert moved.max() > 1e-4
