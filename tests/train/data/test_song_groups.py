from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.labels.agreement import singers
from chingolo.train.data.corpus import split_by_group
from chingolo.train.data.read_songs import TableOptions, held_out_groups, read_songs
from tests.small_training import SMALL


def parts(groups) -> set[frozenset[int]]:
    """Which rows are together."""
    return {frozenset(np.flatnonzero(np.array(groups) == name).tolist()) for name in set(groups)}


def sets(*rows: tuple[int, ...]) -> set[frozenset[int]]:
    return {frozenset(row) for row in rows}


def test_a_song_without_a_bird_goes_with_its_recording():
    tapes = [f"/tapes/{number}.wav" for number in (0, 0, 1, 2, 3, 3)]
    table = pd.DataFrame({"path": tapes, "individual": ["a", "", "", "a", "b", "c"]})
    # tape 0 is of bird a, who sings on tape 2 as well; tape 1 is of a bird unknown; two sing on 3
    right = sets((0, 1, 3), (2,), (4,), (5,))
    assert parts(held_out_groups(table, "individual")) == right
    assert parts(singers(table).tolist()) == right
    assert parts(held_out_groups(table, "path")) == sets((0, 1), (2,), (3,), (4, 5))

    alone = table.assign(individual=["a", "a", "", "a", "b", "c"])
    named = ["a", "a", "recording /tapes/1.wav", "a", "b", "c"]
    assert held_out_groups(alone, "individual") == named
    assert singers(alone).tolist() == ["a", "a", "/tapes/1.wav", "a", "b", "c"]


@pytest.mark.parametrize(
    "reference",
    [
        "tapes/1.wav",
        "tapes/1.wav#t=0.5,0.75",
        "tapes/1.wav#t=.5000001,0.7500000004",
        "tapes/1.wav#t=12",
        "tapes/1.wav#t=,3.25",
        "tapes/1.wav#t=5e-05,1&track=2",
        "tapes/1.wav#track=1",
        "linked/1.wav#t=0.25,1",
        "tapes/../tapes/1.wav#t=0,1",
        "{base}/linked/1.wav#t=0,1",
    ],
)
@pytest.mark.parametrize("column", ["path", "individual", "label"])
def test_copies_go_with_their_recording_however_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, column: str
):
    (tmp_path / "field" / "tapes").mkdir(parents=True)
    (tmp_path / "field" / "linked").symlink_to("tapes")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    random = np.random.default_rng(5)
    for number in range(3):
        noise = 0.1 * random.normal(size=30_000)
        soundfile.write(tmp_path / "field" / "tapes" / f"{number}.wav", noise, 22_050)
    soundfile.write(tmp_path / "field" / "copy.wav", noise, 22_050)
    rows = [("tapes/0.wav", 0.1, 0.9), ("linked/1.wav", 0.1, 0.5), ("tapes/1.wav", 0.6, 1.2)]
    rows.append(("tapes/2.wav", 0.0, 1.0))
    songs = pd.DataFrame(rows, columns=["path", "start_s", "end_s"])
    songs = songs.assign(individual=["a", "b", "b", ""], label=["x", "", "", "y"])
    songs.to_csv(tmp_path / "field" / "songs.csv", index=False)
    origin = reference.format(base=tmp_path / "field")
    made = pd.DataFrame(
        {"path": ["copy.wav"], "individual": "", "label": "", "fitted_from": origin}
    )
    made.to_csv(tmp_path / "field" / "made.csv", index=False)
    tables = [tmp_path / "field" / "songs.csv", tmp_path / "field" / "made.csv"]
    copy = len(soundfile.read(tmp_path / "field" / "copy.wav")[0])
    cut = {0: 0.8, 1: 0.4, 2: 0.6, 3: 1.0, 4: copy / 22_050}
    rate = SMALL.front_end.sample_rate
    seen = set()
    for seed in range(8):
        options = TableOptions(hold_out=0.3, group_column=column)
        read = read_songs(tables, SMALL.front_end, options, seed=seed)
        assert read.held_out is not None
        length = [len(song) / rate for song in read.held_out.songs]
        held = {row for row, s in cut.items() if any(abs(s - one) < 0.01 for one in length)}
        assert len(held) == len(length)
        assert held & {1, 2, 4} in (set(), {1, 2, 4})
        seen |= {frozenset(held)}
    assert len(seen) > 1


def test_copies_of_songs_without_a_bird_are_held_out_with_them():
    songs = pd.DataFrame({"path": [f"/tapes/{n}.wav" for n in (0, 0, 1, 2)]})
    songs = songs.assign(individual=["a", "", "", "d"], start_s=[0.0, 1, 0, 0])
    copies = pd.DataFrame({"path": [f"/made/{n}.wav" for n in range(4)]})
    # the last is of a re-synthesis, and of no recording that the tables hold
    copies["fitted_from"] = [
        "/tapes/0.wav#t=1.01,1.6", "/tapes/1.wav", "/other/2.wav#t=1,2", "/made/1.wav#t=0,1"
    ]  # fmt: skip
    both = pd.concat([songs, copies], ignore_index=True)
    right = sets((0, 1, 4), (2, 5, 7), (3,), (6,))
    groups = held_out_groups(both, "individual")
    assert parts(groups) == right
    assert parts(singers(both).tolist()) == right
    for seed in range(9):
        held = split_by_group(groups, 0.4, seed)
        assert held[2] == held[5] == held[7]


def test_names_of_files_with_blanks_and_number_signs_are_told_apart():
    table = pd.DataFrame(
        {
            "path": ["/t/a  b.wav", "/t/a#1.wav", "/t/a#2.wav", "/m/0.wav", "/m/1.wav"],
            "individual": ["p", "q", "r", "", ""],
            "fitted_from": ["", "", "", "/t/a  b.wav#t=0,1", "/t/a#2.wav#t=0,1"],
        }
    )
    assert parts(held_out_groups(table, "individual")) == sets((0, 3), (1,), (2, 4))
