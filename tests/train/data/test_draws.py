"""No song twice in a batch, whatever the corpus."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.train.data.corpus import Corpus, make_corpus
from chingolo.train.data.draws import drawn_pairs, most_pairs, systematic_sample


def corpus_of(sung: list[int] | None, songs: int, weight: np.ndarray | None = None) -> Corpus:
    names = None if sung is None else np.array(sung)
    return Corpus([np.zeros(1)] * songs, np.zeros(songs, np.int32), names, weight)


@given(
    sung=st.lists(st.integers(0, 6), min_size=1, max_size=25),
    weighted=st.booleans(),
    share=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_no_song_stands_in_a_batch_twice(sung, weighted, share, seed):
    weight = np.random.default_rng(seed).exponential(size=len(sung)) ** 3 if weighted else None
    corpus = corpus_of(sung, len(sung), weight)
    of_name = [sung.count(name) for name in set(sung)]
    most = sum(max(1, count // 2) for count in of_name)
    assert most_pairs(corpus) == most
    count = max(1, int(share * most))
    for step in range(4):
        first, second = drawn_pairs(corpus, seed=seed, step=step, count=count)
        assert len(first) == len(second) == count
        alone = first == second
        everyone = [*first, *second[~alone]]
        assert len(set(everyone)) == len(everyone)
        assert [sung[row] for row in first] == [sung[row] for row in second]
        assert all(sung.count(sung[row]) == 1 for row in first[alone])
        again = drawn_pairs(corpus, seed=seed, step=step, count=count)
        np.testing.assert_array_equal(again[0], first)
    with pytest.raises(ValueError, match="for a batch"):
        drawn_pairs(corpus, seed=seed, step=0, count=most + 1)


def test_a_round_goes_through_all_songs():
    corpus = corpus_of(None, 12)
    rows = [drawn_pairs(corpus, seed=3, step=step, count=4)[0] for step in range(6)]
    for round_of_three in (rows[:3], rows[3:]):
        assert sorted(np.concatenate(round_of_three)) == list(range(12))
    assert [*rows[0]] != [*rows[3]]
    # 14 songs in batches of 4: two of them sit each round out, not always the same
    corpus = corpus_of(None, 14)
    seen = [drawn_pairs(corpus, seed=3, step=step, count=4)[0] for step in range(60)]
    assert set(np.concatenate(seen).tolist()) == set(range(14))


def test_shares_are_kept_as_far_as_no_song_repeats():
    random, share = np.random.default_rng(1), np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05])
    times = np.zeros(7)
    for _ in range(4000):
        times[systematic_sample(share, 3, random)] += 1
    # the first would be drawn 1.5 times of 3: once for certain; two places are left for the rest
    expected = np.array([1, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2])
    np.testing.assert_allclose(times / 4000, expected, atol=0.03)
    assert times[0] == 4000
    assert sorted(systematic_sample(share, 7, random)) == list(range(7))
    silent = corpus_of(None, 3, np.array([1.0, 0.0, 2.0]))
    assert most_pairs(silent) == 2
    assert set(drawn_pairs(silent, seed=0, step=0, count=2)[0].tolist()) == {0, 2}


def test_songs_of_one_name_take_memory_by_their_number():
    """20,000 songs of one name: lists of all renditions for each took 3 GB."""
    songs = [np.zeros(1, np.float32)] * 20_000
    tracemalloc.start()
    corpus = make_corpus(songs, pairs=["one name"] * len(songs))
    part = corpus.choose(np.arange(0, 20_000, 2))
    drawn_pairs(part, seed=0, step=0, count=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
    assert most_pairs(part) == 5_000
