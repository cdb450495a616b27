"""Rows of one song: as one where they agree, refused where they contradict, in any order."""

import json

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.change.design.repeats import first_of_each
from chingolo.analysis.compare_types import compare_types, read_song_types
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable, write_latent_table
from chingolo.scripts import compare_eras
from chingolo.synth.tables.files import InputError

FEW = CompareSettings(permutations=9, bootstraps=9)
QUICK = ["--permutations", "9", "--bootstraps", "9"]


def songs_of_birds():
    """Twelve songs of six birds, two of each, in six files."""
    bird = np.arange(12) // 2
    return pd.DataFrame(
        {
            "path": [f"/nowhere/{number}.wav" for number in bird],
            "start_s": np.arange(12) % 2 * 2.0,
            "end_s": np.arange(12) % 2 * 2.0 + 1.5,
            "era": np.where(bird < 3, "1966", "2020"),
            "individual": [f"b{number}" for number in bird],
            "kind": ["A", "B"] * 6,
        }
    )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("column", "value"),
    [("era", "2020"), ("individual", "b9"), ("site", "north"), ("date", "1999"), ("label", "x")],
)
def test_one_song_of_two_minds_is_refused(column, value, reverse, tmp_path, capsys):
    songs = songs_of_birds().assign(site="south", date="1966", label="y")
    songs = pd.concat([songs, songs.iloc[[3]].assign(**{column: value})], ignore_index=True)
    songs = songs.iloc[::-1].reset_index(drop=True) if reverse else songs
    z = np.random.default_rng(0).standard_normal((13, 4)).astype(np.float32)
    write_latent_table(LatentTable(songs, z, {}), tmp_path / "z.parquet")
    out = tmp_path / "out"
    assert compare_eras.main([str(tmp_path / "z.parquet"), "--out", str(out), *QUICK]) == 2
    told = capsys.readouterr().err
    rows = "rows 1 and 10 are" if reverse else "rows 4 and 13 are"
    assert rows in told
    assert f"differ in {column} (" in told
    assert f"'{value}'" in told
    assert not out.exists()


def test_repeats_that_agree_are_dropped_on_the_console(tmp_path, capsys):
    songs = songs_of_birds()
    songs = pd.concat([songs, songs.iloc[[3, 5]].assign(quality="worse")], ignore_index=True)
    z = np.random.default_rng(0).standard_normal((14, 4)).astype(np.float32)
    write_latent_table(LatentTable(songs, z, {}), tmp_path / "z.parquet")
    out = tmp_path / "out"
    assert compare_eras.main([str(tmp_path / "z.parquet"), "--out", str(out), *QUICK]) == 0
    told = "2 of 14 rows that repeat a song"
    assert told in capsys.readouterr().err
    results = json.loads((out / "results.json").read_text())
    assert results["songs"] == 12
    assert any(note.startswith(told) for note in results["notes"])


def test_a_song_heard_twice_is_no_repeat():
    songs = songs_of_birds().iloc[[0, 0, 1, 1]].reset_index(drop=True)
    songs["rendition"] = ["r1", "r1", "", ""]
    songs["device"] = ["tape", "phone", "tape", "tape"]
    assert first_of_each(songs).tolist() == [True, True, True, False]


def test_types_repeat_by_their_times_alone():
    songs = songs_of_birds()
    twice = pd.concat([songs, songs.iloc[[0]]], ignore_index=True)
    assert compare_types(twice, "kind", FEW).results["songs"] == 12
    other = pd.concat([songs, songs.iloc[[0]].assign(kind="B")], ignore_index=True)
    with pytest.raises(InputError, match=r"rows 1 and 13 are .* in kind \('A' and 'B'\)"):
        compare_types(other, "kind", FEW)
    untimed = twice.drop(columns=["start_s", "end_s"])
    assert compare_types(untimed, "kind", FEW).results["songs"] == 13


def test_songs_without_a_type_are_told(tmp_path, capsys):
    kind = ["A", "", "B", "A", "NA", "B", "A", "B", "A", "n/a", "B", "A"]
    table = songs_of_birds().assign(kind=kind).drop(columns=["path", "start_s", "end_s"])
    table.to_csv(tmp_path / "songs.csv", index=False)
    out = tmp_path / "out"
    words = [str(tmp_path / "songs.csv"), "--type-column", "kind", "--out", str(out), *QUICK]
    assert compare_eras.main(words) == 0
    told = "3 of 12 songs have no type and entered no test."
    assert told in capsys.readouterr().err
    results = json.loads((out / "results.json").read_text())
    assert told in results["notes"]
    assert told in results["table_check"]["remarks"]
    effort = results["effort"]
    assert [effort[era]["songs"] for era in ("historical", "modern")] == [4, 5]
    assert len(pd.read_csv(out / "songs.csv")) == 12
    # as if the rows were not there
    songs = read_song_types(tmp_path / "songs.csv", "kind")
    typed = compare_types(songs[songs["kind"].isin(["A", "B"])], "kind", FEW).results
    assert typed["effort"] == effort
    counts = [[row[era]["songs"] for era in ("historical", "modern")] for row in typed["themes"]]
    assert counts == [[2, 3], [2, 2]]


def test_an_era_without_types_is_refused():
    songs = songs_of_birds()
    songs.loc[songs["era"] == "2020", "kind"] = ""
    with pytest.raises(InputError, match="no song of era '2020' has a type in 'kind'"):
        compare_types(songs, "kind", FEW)
