"""Tables of Raven and Audacity, and CSV, as hands leave them: written here byte by byte."""

import json
import re
from pathlib import Path

import pytest

from chingolo.scripts import convert_table
from chingolo.synth.tables.annotations import read_annotations
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.audacity import from_audacity
from chingolo.synth.tables.song_table import read_song_table
from chingolo.synth.tables.words import word

RAVEN = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Begin File"]
ROWS = [
    ["1", "Spectrogram 1", "1", "1.5", "2.5", "rec.wav"],
    ["2", "Spectrogram 1", "1", "3.5", "4.5", "rec.wav"],
]


def raven(folder: Path, names: list[str], rows: list[list[str]], end: str = "\n") -> Path:
    file = folder / "marks.txt"
    file.write_bytes(end.join("\t".join(row) for row in [names, *rows]).encode())
    return file


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "names",
    [
        [name.lower() for name in RAVEN],
        [name.upper() for name in RAVEN],
        [f" {name} " for name in RAVEN],
    ],
)
def test_a_raven_table_is_known_by_its_names_in_any_case(tmp_path, names: list[str], end: str):
    table = read_annotations(raven(tmp_path, names, ROWS, end))
    assert table["start_s"].tolist() == [1.5, 3.5]
    assert table["end_s"].tolist() == [2.5, 4.5]
    assert {Path(path).name for path in table["path"]} == {"rec.wav"}


@pytest.mark.parametrize("lacking", ["Begin Time (s)", "End Time (s)"])
def test_a_raven_table_without_a_time_is_not_taken_for_labels(tmp_path, lacking: str):
    at = RAVEN.index(lacking)
    names, *rows = (row[:at] + row[at + 1 :] for row in [RAVEN, *ROWS])
    file = raven(tmp_path, names, rows)
    with pytest.raises(InputError, match=re.escape(f"no column '{lacking}'")):
        read_annotations(file)


def test_a_raven_table_without_a_row_says_so(tmp_path):
    with pytest.raises(InputError, match="no selection in it"):
        read_annotations(raven(tmp_path, RAVEN, []))


@pytest.mark.parametrize("empty", ["", "nan", "NA"])
def test_selections_without_a_begin_are_told(tmp_path, empty: str):
    told: list[str] = []
    rows = [ROWS[0], [*ROWS[1][:3], empty, *ROWS[1][4:]]]
    table = read_annotations(raven(tmp_path, RAVEN, rows), tell=told.append)
    assert table["start_s"].isna().tolist() == [False, True]
    assert ["1 selection without a begin" in line for line in told] == [True]


def test_selections_without_an_offset_among_others_are_told(tmp_path):
    told: list[str] = []
    rows = [[*ROWS[0], ""], [*ROWS[1][:3], "12", "13", "b.wav", "2"]]
    file = raven(tmp_path, [*RAVEN, "File Offset (s)"], rows)
    table = read_annotations(file, tell=told.append)
    assert table["start_s"].tolist() == [1.5, 2]
    assert ["1 selection of several files has no 'File Offset (s)'" in line for line in told] == [
        True
    ]


def test_joined_tables_need_no_offset_and_a_sequence_is_told(tmp_path):
    joined: list[str] = []
    rows = [*ROWS, [*ROWS[0][:3], "0.5", "0.9", "b.wav"]]
    assert len(read_annotations(raven(tmp_path, RAVEN, rows), tell=joined.append)) == 3
    assert not joined
    rows[2] = [*ROWS[0][:3], "12.5", "12.9", "b.wav"]
    sequence: list[str] = []
    read_annotations(raven(tmp_path, RAVEN, rows), tell=sequence.append)
    assert len(sequence) == 1
    assert "3 selections of several files have no 'File Offset (s)'" in sequence[0]


def test_what_audacity_shows_counts_before_part_of_a_time_beside_it(tmp_path):
    noted = json.dumps({"path": "rec.wav", "start_s": "9", "label": "A"})
    (tmp_path / "labels.txt").write_text(f"1.5\t2.5\tA {noted}\n")
    table = read_annotations(tmp_path / "labels.txt")
    assert (table["start_s"].item(), table["end_s"].item()) == (1.5, 2.5)


def test_a_text_that_is_no_labels_says_what_it_was_taken_for(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("# made by hand\n1.5\t2.5\tA\n")
    assert convert_table.main([str(tmp_path / "a.txt"), str(tmp_path / "a.csv")]) == 2
    assert "line 1: expected start, end and label with tabs" in (told := capsys.readouterr().err)
    assert "Audacity" in told


@pytest.mark.parametrize("blank", ["\u00a0", "\u2007", " ", "\u3000"])
def test_blanks_around_a_number_are_none_of_it(tmp_path, blank: str):
    (tmp_path / "a.csv").write_text(f"path,start_s,end_s\na.wav,{blank}1.5,2.5{blank}\n")
    table = read_song_table(tmp_path / "a.csv")
    assert (table["start_s"].item(), table["end_s"].item()) == (1.5, 2.5)


@pytest.mark.parametrize("mark", list(",;\t"))
def test_the_separator_is_the_one_that_parts_known_names(tmp_path, mark: str):
    others = [other for other in ",;" if other != mark]
    names = mark.join(["path", "start_s", f"note{others[0]} more", "individual"])
    cells = mark.join(["a.wav", "1", f"x{others[0]}y", "k7"])
    (tmp_path / "a.csv").write_text(f"{names}\n{cells}\n")
    table = read_song_table(tmp_path / "a.csv")
    assert table["individual"].tolist() == ["k7"]
    assert table.columns[2] == f"note{others[0]} more"


@pytest.mark.parametrize("letter", list("\u200e\u200f\u202a\u202c\u200b\u2060\ufeff\u00ad"))
def test_letters_that_nobody_sees_make_no_other_name(letter: str):
    assert word(f"{letter}K7{letter}") == "K7"
    assert word(f"K{letter}7") == "K7"


def test_a_workbook_is_named_so(tmp_path):
    (tmp_path / "songs.csv").write_bytes(b"PK\3\4\x14\0\6\0\x08\0\0\0!\0")
    with pytest.raises(
        InputError, match="a workbook or another zip; save its table as 'CSV UTF-8'"
    ):
        read_song_table(tmp_path / "songs.csv")


@pytest.mark.parametrize("name", ["end", "Duration", "End Time (s)"])
def test_an_end_under_another_name_beside_a_begin_is_refused(tmp_path, name: str):
    (tmp_path / "a.csv").write_text(f"path,start_s,{name}\na.wav,1,2\n")
    with pytest.raises(InputError, match="expected the times of songs in 'start_s' and 'end_s'"):
        read_song_table(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("path,duration\na.wav,2\n")  # of a whole recording
    assert len(read_song_table(tmp_path / "a.csv")) == 1


def test_a_second_line_of_frequencies_for_one_label_is_refused(tmp_path: Path):
    track = tmp_path / "labels.txt"
    track.write_text("0.5\t1.0\ta\n\\\t1000\t2000\n1.5\t2.0\tb\n\\\t1000\t2000\n\\\t3000\t4000\n")
    with pytest.raises(InputError, match=r"line 5: a second line of frequencies .* line 3"):
        from_audacity(track.read_text(), track)


def test_cells_may_be_quoted_after_a_separator_and_blanks(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text('"path", "start_s", "label"\n"a, b.wav", "1.5", "A"\n c.wav,2.5,\n')
    (tmp_path / "a, b.wav").touch()
    table = read_song_table(file)
    assert [Path(path).name for path in table["path"]] == ["a, b.wav", "c.wav"]
    assert table["start_s"].tolist() == [1.5, 2.5]
    assert table["label"].tolist() == ["A", ""]


def test_views_whose_times_are_written_unlike_are_one_song(tmp_path):
    times = (("1.0", "2.0"), ("1.000", "2"))
    rows = [["1", f"{kind} 1", "1", *at, "rec.wav"] for kind, at in zip("WS", times, strict=True)]
    told: list[str] = []
    table = read_annotations(raven(tmp_path, RAVEN, rows), tell=told.append)
    assert table[["start_s", "end_s"]].to_numpy().tolist() == [[1.0, 2.0]]
    assert "1 row was a further view of a selection; merged" in told[0]


def test_recordings_that_are_not_there_are_told(tmp_path, capsys):
    file = tmp_path / "songs.csv"
    file.write_text("path\nthere.wav\nnowhere.wav\ngone.wav\ngone.wav\n")
    (tmp_path / "there.wav").touch()
    assert convert_table.main([str(file), str(tmp_path / "out.selections.txt")]) == 0
    told = f"{file}: 2 of 3 recordings named are not there: {tmp_path / 'nowhere.wav'} first"
    assert told in capsys.readouterr().err
