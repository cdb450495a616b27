"""Tables as spreadsheets, other machines and other tongues write them: read, or refused."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.synth.tables.annotations import read_annotations, write_annotations
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table
from chingolo.synth.tables.words import numbers

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin Path\tAnnotation\n"
    "1\tSpectrogram 1\t1\t1.5\t2.25\ta.wav\tJosé\n"
)
CSV = "path,start_s,end_s,label\na.wav,1.5,2.25,José\n"
LABELS = "1.5\t2.25\tJosé\n"


def semicolons(text: str) -> str:
    return text.replace(",", ";").replace(".5", ",5").replace(".25", ",25")


WRITTEN = {
    "bom": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16 of a Mac": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\n", "\r").encode(),
    "decimal commas": lambda text: semicolons(text).encode(),
    "semicolons": lambda text: text.replace(",", ";").encode(),
    "tabs": lambda text: text.replace(",", "\t").encode(),
    "blank lines": lambda text: ("\n".join(text.split("\n")) + "\n \n\n").encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", CSV), ("a.selections.txt", RAVEN), ("a.txt", LABELS)]
)
def test_a_table_is_read_whoever_wrote_it(tmp_path, name: str, text: str, how: str):
    (tmp_path / name).write_bytes(WRITTEN[how](text))
    audio = None if "path" in text or "Path" in text else tmp_path / "a.wav"
    table = read_annotations(tmp_path / name, audio=audio)
    assert table[["start_s", "end_s", "label"]].to_numpy().tolist() == [[1.5, 2.25, "José"]]
    assert table["path"].tolist() == [str((tmp_path / "a.wav").resolve())]


@pytest.mark.parametrize("coding", ["latin-1", "cp1252", "cp1250", "mac_roman"])
@pytest.mark.parametrize(
    ("name", "text", "line"),
    [("a.csv", CSV, 2), ("a.selections.txt", RAVEN, 2), ("a.txt", LABELS, 1)],
)
def test_other_codings_are_refused_not_guessed(tmp_path, name, text, line, coding: str):
    (tmp_path / name).write_bytes(text.encode(coding))
    with pytest.raises(InputError, match=f"line {line}: not a text in UTF-8; save it so"):
        read_annotations(tmp_path / name, audio=tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "2,250"], [1.5, 2.25]),
        ([",5", "-1,25"], [0.5, -1.25]),
        (["", "NA", "?", "NaN", " 3 "], [np.nan] * 4 + [3]),
        ([1, 2.5, None], [1, 2.5, np.nan]),
    ],
)
def test_numbers_as_people_write_them(cells: list, expected: list[float]):
    np.testing.assert_array_equal(numbers(pd.Series(cells, dtype=object)), expected)


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        (["1,234"], 0),  # thousands, or 1.234?
        (["1.5", "2,5"], 1),
        (["1", "1,234.5"], 1),
        (["00:01:05"], 0),
        (["1", "inf"], 1),
        (["1e400"], 0),
        (["1.5 s"], 0),
    ],
)
def test_what_may_be_two_numbers_is_refused(cells: list[str], row: int):
    with pytest.raises(ValueError, match=re.escape(cells[row])) as told:
        numbers(pd.Series(cells, dtype=object))
    assert told.value.args == (row, cells[row])


def test_a_bad_number_names_row_line_and_value(tmp_path):
    (tmp_path / "a.csv").write_text("path,start_s\n\na.wav,1\n,\na.wav,00:01:05\n")
    told = r"row 2 \(line 5\): 'start_s' is not a number, but '00:01:05'"
    with pytest.raises(InputError, match=told):
        read_song_table(tmp_path / "a.csv")


def test_rows_of_separators_are_no_songs(tmp_path):
    (tmp_path / "a.csv").write_text("path,start_s,\na.wav,1,\n,,\nb.wav,2,\n,,\n,,\n")
    assert read_song_table(tmp_path / "a.csv")["start_s"].tolist() == [1, 2]


KINDS = {
    "nullable": {"start_s": pd.array([1, None], "Int64"), "label": pd.array(["A", None], "string")},
    "categorical": {"start_s": pd.Categorical([1.0, None]), "label": pd.Categorical(["A", None])},
    "durations": {"start_s": pd.to_timedelta([1.0, np.nan], "s"), "label": ["A", ""]},
    "bytes": {"start_s": [1.0, np.nan], "label": [b"A", None]},
    "half": {"start_s": np.array([1, np.nan], "f2"), "label": ["A", "?"]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_parquet_of_any_type_is_read(tmp_path, kind: str):
    table = pd.DataFrame({"path": pd.Categorical(["a.wav", "b.wav"]), **KINDS[kind]})
    for name in ("a.parquet", "A.PARQUET"):
        table.to_parquet(tmp_path / name)
        read = read_song_table(tmp_path / name)
        np.testing.assert_array_equal(read["start_s"], [1, np.nan])
        assert read["label"].tolist() == ["A", ""]
    table.set_index("path").to_parquet(tmp_path / "indexed.parquet")
    assert read_song_table(tmp_path / "indexed.parquet")["path"].tolist() == read["path"].tolist()


def test_columns_of_several_names_are_refused(tmp_path):
    columns = pd.MultiIndex.from_tuples([("path", "a"), ("x", "b")])
    pd.DataFrame([["a.wav", "1"]], columns=columns).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="columns have several names"):
        read_song_table(tmp_path / "a.parquet")


@pytest.mark.parametrize("dates", ["1966-05-12", pd.Timestamp("1966-05-12", tz="UTC")])
def test_dates_of_any_type(tmp_path, dates):
    pd.DataFrame({"path": ["a.wav"], "date": [dates]}).to_parquet(tmp_path / "a.parquet")
    assert read_song_table(tmp_path / "a.parquet")["date"][0].startswith("1966-05-12")


def test_labels_are_text_as_they_stand(tmp_path):
    (tmp_path / "a.csv").write_text("path,label\na.wav,1\na.wav,1.0\na.wav,01\na.wav,1e3\n")
    assert read_song_table(tmp_path / "a.csv")["label"].tolist() == ["1", "1", "01", "1e3"]


@pytest.mark.parametrize(
    "name",
    ["a#b.wav", "a%20b.wav", "a'b.wav", 'a"b.wav', " a.wav ", "A.WAV", "ü.wav", "a,b;c.wav", "~a"],
)
@pytest.mark.parametrize("ending", ["csv", "parquet", "selections.txt", "txt"])
def test_a_recording_of_any_name_is_found_again(tmp_path, name: str, ending: str):
    wave = np.random.default_rng(0).normal(0, 0.1, 8000)
    soundfile.write(tmp_path / name, wave, 8000, format="WAV")
    table = pd.DataFrame({"path": [str(tmp_path / name)], "start_s": 0.25, "end_s": 0.5})
    write_annotations(table, tmp_path / f"songs.{ending}")
    read = read_annotations(tmp_path / f"songs.{ending}")
    assert len(load_song(read.iloc[0], sample_rate=8000)) == 2000


def test_what_a_text_cannot_hold_is_told_or_refused(tmp_path):
    table = pd.DataFrame({"path": [str(tmp_path / "a.wav")], "start_s": 0.0, "end_s": 1.0})
    told: list[str] = []
    write_annotations(
        table.assign(note="two\nlines"), tmp_path / "a.selections.txt", tell=told.append
    )
    assert told == [
        f"{tmp_path / 'a.selections.txt'}: 1 cell holds tabs or line breaks, 'note' first; blanks "
        "stand for them"
    ]
    broken = table.assign(path=str(tmp_path / "a\nb.wav"))
    with pytest.raises(InputError, match="line break in its name; rename it"):
        write_annotations(broken, tmp_path / "b.selections.txt")
    assert not (tmp_path / "b.selections.txt").exists()


def test_a_selection_without_an_end_is_told(tmp_path):
    (tmp_path / "a.selections.txt").write_text(RAVEN.replace("2.25", ""))
    told: list[str] = []
    table = read_annotations(tmp_path / "a.selections.txt", tell=told.append)
    assert np.isnan(table["end_s"][0])
    assert "1 selection without an end lasts to the end" in told[0]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "DOUBLE", "ULAW", "GSM610", "IMA_ADPCM"])
def test_wavs_of_any_coding(tmp_path, subtype: str):
    wave = 0.5 * np.sin(np.arange(8000))
    soundfile.write(tmp_path / "a.WAV", wave, 8000, subtype=subtype)
    song = pd.Series({"path": str(tmp_path / "a.WAV")})
    assert np.abs(load_song(song, sample_rate=8000)[1000:7000] - wave[1000:7000]).max() < 0.2


def test_links_in_a_circle_and_folders_are_no_recordings(tmp_path):
    (tmp_path / "a.wav").symlink_to(tmp_path / "b.wav")
    (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    (tmp_path / "songs.csv").write_text("path\na.wav\n")
    with pytest.raises(InputError, match="row 1"):
        load_song(read_song_table(tmp_path / "songs.csv").iloc[0], sample_rate=8000)
    for path in (tmp_path, Path(tmp_path / "a.wav")):
        with pytest.raises(InputError, match="no such"):
            load_song(pd.Series({"path": str(path)}), sample_rate=8000)
        with pytest.raises(InputError, match="no such"):
            read_song_table(path)


@pytest.mark.parametrize("form", ["WAV", "RF64", "FLAC", "OGG", "AIFF", "AU", "CAF", "MP3"])
@pytest.mark.parametrize("level", [0.0, 0.1])
def test_a_recording_in_a_tables_place_is_told_so(tmp_path: Path, form: str, level: float):
    path = tmp_path / "songs.csv"
    wave = level * np.random.default_rng(0).standard_normal(8000)
    soundfile.write(path, wave, 22050, format=form)
    with pytest.raises(InputError, match="a recording, not a table"):
        read_song_table(path)


def test_a_table_that_begins_like_a_recording_is_a_table(tmp_path: Path):
    (tmp_path / "songs.csv").write_text("FORMAT,path\nwav,a.wav\n")
    assert list(read_song_table(tmp_path / "songs.csv")["FORMAT"]) == ["wav"]
