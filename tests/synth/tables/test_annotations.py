import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.scripts.convert_table import main
from chingolo.synth.tables.annotations import read_annotations, write_annotations
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table, write_song_table
from chingolo.synth.tables.words import word

TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=10)
TIME = st.floats(0, 1e5, allow_subnormal=False)


@given(
    rows=st.lists(st.tuples(TIME, st.floats(0.001, 100), TEXT, TEXT), min_size=1, max_size=5),
    ending=st.sampled_from(["csv", "parquet", "selections.txt", "txt"]),
)
@settings(max_examples=80, deadline=None)
def test_round_trip_is_without_loss(tmp_path_factory, rows, ending):
    folder = tmp_path_factory.mktemp("annotations")
    table = pd.DataFrame(
        {
            "path": [str(folder / f"{number}.wav") for number in range(len(rows))],
            "start_s": [row[0] for row in rows],
            "end_s": [row[0] + row[1] for row in rows],
            "label": [word(row[2]) for row in rows],
            "weather": [row[3] for row in rows],
        }
    )
    table = table[table["end_s"] > table["start_s"]].reset_index(drop=True)
    if not len(table):
        return
    write_annotations(table, folder / f"songs.{ending}")
    again = read_annotations(folder / f"songs.{ending}")
    pd.testing.assert_frame_equal(again[table.columns.tolist()], table, check_dtype=False)
    assert set(again.columns) == set(table.columns)


@pytest.mark.parametrize("ending", ["selections.txt", "txt"])
def test_whole_files_keep_their_missing_times(tmp_path, ending):
    table = pd.DataFrame({"path": [str(tmp_path / "a.wav")], "start_s": np.nan, "end_s": np.nan})
    write_annotations(table, tmp_path / f"a.{ending}")
    again = read_annotations(tmp_path / f"a.{ending}")
    assert np.isnan(again[["start_s", "end_s"]].to_numpy()).all()


def test_a_table_as_raven_writes_it(tmp_path):
    file = tmp_path / "x.Table.1.selections.txt"
    header = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)"
    file.write_text(
        f"{header}\tBegin File\tFile Offset (s)\tSpecies\n"
        "1\tWaveform 1\t1\t61.5\t62.0\t2000\tb.wav\t1.5\tchingolo\n"
        "1\tSpectrogram 1\t1\t61.5\t62.0\t2000\tb.wav\t1.5\tchingolo\n"
    )
    table = read_annotations(file)
    assert len(table) == 1
    assert (table["start_s"][0], table["end_s"][0]) == (1.5, 2.0)
    assert table.loc[0, "path"] == str((tmp_path / "b.wav").resolve())
    assert table.loc[0, "low_hz"] == 2000


def test_labels_as_audacity_writes_them(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text("0.500000\t2.250000\tBC\n\\\t2000.0\t8000.0\n3.0\t4.0\t\n")
    table = read_annotations(file, audio=tmp_path / "a.wav")
    assert table["label"].tolist() == ["BC", ""]
    assert table["low_hz"].fillna(-1).tolist() == [2000, -1]
    with pytest.raises(InputError, match="give it with --audio"):
        read_annotations(file)


@given(content=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.selections.txt", "a.txt"):
        (folder / name).write_bytes(content)
        try:
            read = len(read_annotations(folder / name, audio=Path("a.wav")))
        except InputError:
            read = 1
        assert read


def test_command_and_its_errors(tmp_path, capsys):
    (tmp_path / "songs.csv").write_text("path,start_s,end_s,label\na.wav,0.5,1.5,BC\n")
    source, target = str(tmp_path / "songs.csv"), str(tmp_path / "songs.selections.txt")
    assert main([source, target]) == 0
    assert main([target, str(tmp_path / "labels.txt")]) == 0
    (tmp_path / "bad.txt").write_text("soon\tlater\tBC\n")
    capsys.readouterr()
    assert main([str(tmp_path / "bad.txt"), target, "--force"]) == 2
    assert "line 1: expected start, end and label" in capsys.readouterr().err
    assert main([source, str(tmp_path / "songs.docx")]) == 2
    assert "ends in .csv or .parquet" in capsys.readouterr().err


def test_a_latent_table_is_shown_by_other_programs_without_its_vectors(tmp_path: Path):
    vectors = pa.FixedSizeListArray.from_arrays(pa.array([0.1, 0.2, 0.3, -4.0], pa.float32()), 2)
    columns = {
        "path": ["a.wav", "a.wav"],
        "start_s": [0.5, 2.0],
        "end_s": [1.0, 3.0],
        "theme": ["a", "b"],
        "tags": [["x", "y"], []],
        "more": [{"by": "me"}, None],
        "z": vectors,
    }
    pq.write_table(pa.table(columns), tmp_path / "latent.parquet")
    read = read_annotations(tmp_path / "latent.parquet")
    for name in ("latent.selections.txt", "latent.txt"):
        told: list[str] = []
        write_annotations(read, tmp_path / name, tell=told.append)
        assert "'z' holds vectors, which are left out" in told[0]
        again = read_annotations(tmp_path / name)
        assert again["theme"].tolist() == ["a", "b"]
        assert again["start_s"].tolist() == [0.5, 2.0]
        assert again["tags"].tolist() == ['["x", "y"]', "[]"]
        assert "z" not in again.columns


def test_vectors_and_lists_stand_in_csv_as_json(tmp_path: Path):
    rows = {"path": ["a.wav"], "z": [np.array([0.25, -1.5], np.float32)], "note": [b"caf\xc3\xa9"]}
    table = pd.DataFrame({**rows, "nested": [{"a": [1, 2]}], "gap": [None]})
    write_song_table(table, tmp_path / "songs.csv")
    with (tmp_path / "songs.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert json.loads(row["z"]) == [0.25, -1.5]
    assert json.loads(row["nested"]) == {"a": [1, 2]}
    assert (row["note"], row["gap"]) == ("café", "")


def test_a_cell_of_many_vectors_is_read_back(tmp_path: Path):
    copies = np.random.default_rng(0).standard_normal(20_000)
    table = pd.DataFrame({"path": [str(tmp_path / "a.wav")], "copies": [copies]})
    write_song_table(table, tmp_path / "songs.csv")
    read = read_song_table(tmp_path / "songs.csv")
    np.testing.assert_array_equal(json.loads(read["copies"][0]), copies)


@pytest.mark.parametrize("mark", ['"', "'"])
@pytest.mark.parametrize("shown", ["C:\\rec\\a b.wav", "a b.wav", " a b.wav "])
def test_a_path_as_windows_copies_it_loses_its_quotation_marks(tmp_path, mark, shown):
    (tmp_path / "a b.wav").touch()
    with (tmp_path / "songs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "start_s"], [f"{mark}{shown}{mark}", "1"]])
    read = read_song_table(tmp_path / "songs.csv")
    assert read["path"].tolist() == [str((tmp_path / "a b.wav").resolve())]
    own = tmp_path / "'own'.wav"
    own.touch()
    (tmp_path / "own.csv").write_text("path\n'own'.wav\n")
    assert read_song_table(tmp_path / "own.csv")["path"].tolist() == [str(own.resolve())]


def test_a_path_that_is_a_list_is_refused_with_its_row(tmp_path: Path):
    paths = pa.table({"path": [["a.wav"], ["b.wav"]]})
    pq.write_table(paths, tmp_path / "songs.parquet")
    with pytest.raises(InputError, match=r"songs\.parquet: row 1: 'path' is no path"):
        read_song_table(tmp_path / "songs.parquet")


def test_songs_without_a_line_of_names_lose_none(tmp_path):
    """Sonic Visualiser writes its instants so: the first song was taken for names of columns."""
    (tmp_path / "a.wav").touch()
    file = tmp_path / "instants.csv"
    file.write_text("1.0,A\n2.0,B\n")
    with pytest.raises(InputError, match=r"instants\.csv: the first line names no column"):
        read_annotations(file, audio=tmp_path / "a.wav")


def test_a_number_that_may_have_thousands_is_told_with_what_to_do(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text("path;start_s\na.wav;1,500\n")
    with pytest.raises(InputError, match="'1,500'; write numbers with a decimal point"):
        read_annotations(file)
