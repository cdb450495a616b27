from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import song_reference
from chingolo.train.data.batches import recorded_batch
from chingolo.train.data.corpus import (
    Corpus,
    balanced_weight,
    make_corpus,
    split_by_group,
    with_labels,
)
from chingolo.train.data.read_songs import (
    TableOptions,
    load_corpus,
    read_songs,
)
from tests.small_training import SMALL


def test_whole_birds_are_held_out():
    groups = [f"bird {i % 9}" for i in range(60)]
    held = split_by_group(groups, 0.25, seed=1)
    assert 0.2 <= held.mean() <= 0.4
    assert not {g for g, h in zip(groups, held, strict=True) if h} & {
        g for g, h in zip(groups, held, strict=True) if not h
    }
    with pytest.raises(InputError, match="all songs are of one group"):
        split_by_group(["a"] * 5, 0.2, seed=0)


def test_renditions_pair_up_and_weights_balance():
    corpus = Corpus(
        songs=[np.full(9000, value, np.float32) for value in (1, 2, 3, 4)],
        label=np.array([0, 0, 0, 1], np.int32),
        sung=np.array([0, 1, 0, 2]),
        weight=balanced_weight(["a", "a", "a", "b"]),
    )
    drawn = [
        recorded_batch(corpus, SMALL.front_end, seed=0, step=step, count=1) for step in range(400)
    ]
    assert 0.4 < np.mean([batch["label"] for batch in drawn]) < 0.6
    pairs = {(batch["first"].max(), batch["second"].max()) for batch in drawn}
    assert pairs == {(1, 3), (3, 1), (2, 2), (4, 4)}
    chosen = corpus.choose(np.array([1, 2]))
    assert chosen.sung is not None
    assert chosen.sung.tolist() == [1, 0]


def test_recordings_pair_up_with_their_resyntheses(tmp_path: Path):
    soundfile.write(tmp_path / "day.wav", np.ones(22_050), 22_050)
    table = pd.DataFrame({"path": [str(tmp_path / "day.wav")] * 4})
    table = table.assign(start_s=[0.0, 0.5, 0.0, 0.25], end_s=[0.25, 0.75, 0.25, 0.5])
    reference = song_reference(table.iloc[1])
    assert reference.endswith("day.wav#t=0.5,0.75")
    table["fitted_from"] = ["", None, reference, reference]
    corpus = load_corpus(table, SMALL.front_end, pair_column="fitted_from")
    assert corpus.sung is not None
    assert corpus.sung.tolist() == [0, 1, 1, 1]
    with pytest.raises(InputError, match="fitted_from"):
        load_corpus(table.drop(columns="fitted_from"), SMALL.front_end, pair_column="fitted_from")


def test_songs_that_cannot_be_used_are_left_out_and_told(tmp_path: Path):
    for name, seconds, level in (
        ("a", 1.0, 0.1),
        ("b", 0.01, 0.1),
        ("d", 1.0, 0.2),
        ("e", 1.0, 0.3),
    ):
        wave = np.full(round(seconds * 22_050), level)
        soundfile.write(tmp_path / f"{name}.wav", wave, 22_050)
    (tmp_path / "c.wav").write_bytes(b"no audio")
    rows = {"path": [f"{name}.wav" for name in "abcde"], "individual": list("vwxyz")}
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    table = pd.DataFrame({**rows, "label": list("pqrst")})
    table[:3].to_csv(first, index=False)
    table[3:].to_csv(second, index=False)
    told: list[str] = []
    options = TableOptions(label_column="label", weights=(1.0, 1.0))
    read = read_songs([first, second], SMALL.front_end, options, tell=told.append)
    assert list(read.faults) == [1, 2]
    assert "row 2: " in read.faults[1]
    assert "shorter than one window" in read.faults[1]
    assert "not audio" in read.faults[2]
    assert told[:2] == ["reading 5 songs", "2 of 5 songs skipped:"]
    assert read.classes == ("p", "s", "t")  # no class without a song
    assert read.corpus.label.tolist() == [0, 1, 2]
    assert read.corpus.weight is not None
    assert read.corpus.weight.tolist() == [1.0, 0.5, 0.5]
    strict = TableOptions(strict=True)
    with pytest.raises(InputError, match=r"row 2: .* shorter than one window"):
        read_songs([first, second], SMALL.front_end, strict)
    table[1:3].to_csv(first, index=False)
    with pytest.raises(InputError, match="none of 2 songs can be used; the first: row 1"):
        read_songs([first], SMALL.front_end, TableOptions())


def test_songs_in_memory_make_a_corpus():
    songs = [np.full(9000, value, np.float32) for value in (1, 2, 3)]
    assert with_labels(("b",), ["a+b", "", "c"], multilabel=True) == ("b", "a", "c")
    assert with_labels((), ["a+b", "", "c"], multilabel=False) == ("a+b", "c")
    corpus = make_corpus(songs, labels=["x", "", "y"], classes=("x", "y"), pairs=["", "p", "p"])
    assert corpus.label.tolist() == [0, -1, 1]
    assert corpus.sung is not None
    assert corpus.sung.tolist() == [0, 1, 1]
    with pytest.raises(InputError, match="2 labels for 3 songs"):
        make_corpus(songs, labels=["x", "y"])
    with pytest.raises(InputError, match="song 1: holds samples that are not finite"):
        make_corpus([songs[0], np.full(9000, np.nan, np.float32)])
