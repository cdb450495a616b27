import json

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.labels.labelled_sets import read_labelled_set
from chingolo.synth.tables.files import InputError


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(800), 8000)


def test_folder_of_classes(tmp_path):
    for name in ("blues", "jazz"):
        for i in range(2):
            write(tmp_path / "genres" / name / f"{name}.{i}.wav")
    table = read_labelled_set(tmp_path / "genres")
    assert list(table["label"]) == ["blues", "blues", "jazz", "jazz"]
    assert "fold" not in table.columns


def test_table_with_folds_and_audio_beside_its_folder(tmp_path):
    rows = [{"filename": f"{i}.wav", "fold": i % 5 + 1, "category": "dog"} for i in range(5)]
    (tmp_path / "meta").mkdir()
    pd.DataFrame(rows).to_csv(tmp_path / "meta" / "esc50.csv", index=False)
    with pytest.raises(InputError, match="say --audio"):
        read_labelled_set(tmp_path / "meta" / "esc50.csv")
    for row in rows:
        write(tmp_path / "audio" / row["filename"])
    table = read_labelled_set(tmp_path / "meta" / "esc50.csv")
    assert list(table["fold"]) == ["1", "2", "3", "4", "5"]
    assert table["path"].iloc[0] == str((tmp_path / "audio" / "0.wav").resolve())


def test_json_of_notes(tmp_path):
    notes = {"a_1": {"instrument_family_str": "bass"}, "b_2": {"instrument_family_str": "reed"}}
    (tmp_path / "examples.json").write_text(json.dumps(notes))
    for name in notes:
        write(tmp_path / "audio" / f"{name}.wav")
    table = read_labelled_set(tmp_path / "examples.json")
    assert list(table["label"]) == ["bass", "reed"]


@pytest.mark.parametrize(
    ("text", "expected"), [("a,b\n1,2\n", "no column of files"), ("path\nx.wav\n", "of classes")]
)
def test_tables_without_files_or_classes_are_refused(tmp_path, text, expected):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=expected):
        read_labelled_set(tmp_path / "t.csv")
    with pytest.raises(InputError, match="no such"):
        read_labelled_set(tmp_path / "none")
    with pytest.raises(InputError, match="one folder"):
        read_labelled_set(tmp_path)


def test_units_of_a_recording_are_told_apart_by_their_times(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    table = "path,label,start_s,end_s,channel\na.wav,A,0.5,1.25,1\na.wav,B,2,2.5,2\n"
    (tmp_path / "units.csv").write_text(table)
    songs = read_labelled_set(tmp_path / "units.csv")
    assert songs["start_s"].tolist() == [0.5, 2.0]
    assert songs["end_s"].tolist() == [1.25, 2.5]
    assert songs["channel"].tolist() == [1, 2]


def test_times_of_another_program_are_refused_unless_the_files_are_slices(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    table = tmp_path / "t.csv"
    table.write_text("path,tmin,tmax,label\na.wav,1,2,A\n")
    with pytest.raises(InputError, match="a column 'tmin', which is none of a song table"):
        read_labelled_set(table)
    table.write_text("slice_file_name,fsID,start,end,fold,class\na.wav,7,0.5,4.5,1,dog\n")
    assert read_labelled_set(table)["label"].tolist() == ["dog"]  # as UrbanSound8K comes
    table.write_text("Path;START_S;label\na.wav;0.5;A\n")
    assert read_labelled_set(table)["start_s"].tolist() == [0.5]
