"""Header lines and rows as hands and other programs leave them: read, told or refused."""

from pathlib import Path

import pytest

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.compare_types import compare_types, read_song_types
from chingolo.analysis.settings import CompareSettings
from chingolo.scripts.convert_table import main
from chingolo.synth.tables.annotations import read_annotations
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.forms.headers import one_spelling, set_aside, times_of_others, told_aside
from chingolo.synth.tables.song_table import read_song_table


def song_table(folder: Path, text: str | bytes) -> Path:
    file = folder / "songs.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_known_names_are_known_in_any_case():
    names = ["Path", "START_S", " end s ", "Era", "Notes"]
    known = {"path", "start_s", "end_s", "era"}
    assert one_spelling(names, known) == ["path", "start_s", "end_s", "era", "Notes"]
    assert one_spelling(["era", "Era"], known) == ["era", "Era"]
    assert one_spelling(["e\u0301poque", 3], known) == ["\u00e9poque", 3]


def test_a_bird_column_in_capitals_is_heeded(tmp_path):
    """Four birds an era, six songs each: without their names they would count as 24."""
    rows = [
        f"{era},{era}-{bird},{'AB'[(bird + song) % 2]}"
        for era in ("1966", "2020")
        for bird in range(4)
        for song in range(6)
    ]
    file = song_table(tmp_path, "\n".join(["ERA,Individual, Song type ", *rows]))
    songs = read_song_types(file, "Song type")
    settings = CompareSettings(permutations=19, bootstraps=5)
    assert compare_types(songs, "Song type", settings).results["unit"] == "individual"
    label = song_table(tmp_path, "\n".join(["era,individual,Label", *rows]))
    assert set(read_song_types(label, "Label")["Label"]) == {"A", "B"}


@pytest.mark.parametrize(
    "name", ["start", "Start (s)", "Begin Time", "onset_s", "OFFSET", "end", "stop_ms"]
)
def test_times_under_another_name_are_not_the_whole_recording(tmp_path, name: str):
    assert times_of_others([name]) == [name]
    file = song_table(tmp_path, f"path,{name}\na.wav,3\n")
    with pytest.raises(InputError, match="expected the times of songs in 'start_s' and 'end_s'"):
        read_song_table(file)
    # beside a begin of a song table, another begin rides along, and another end would go unheard
    song_table(tmp_path, f"path,start_s,{name}\na.wav,1,3\n")
    if name in ("OFFSET", "end", "stop_ms"):
        with pytest.raises(InputError, match=f"a column '{name}', which is none of a song table"):
            read_song_table(file)
    else:
        assert read_song_table(file)["start_s"].tolist() == [1]


@pytest.mark.parametrize(
    "names",
    [
        "tmin|tmax",
        "min_t|max_t",
        "T_MIN|T_MAX",
        "xmin|xmax",
        "t_start|t_end",
        "time_start|time_end",
        "t_begin",
        "start.time|end.time",
        "begin.time",
        "Start [s]|End [s]",
        "start.s",
        "startTime|endTime",
        "from|to",
        "from_s|to_s",
        "t0|t1",
        "start_frame|end_frame",
        "first_sample|last_sample",
        "start_second",
        "start_min",
        "start_offset_s",
        "segment_start|segment_end",
        "song_start|song_end",
        "Begin Clock Time|End Clock Time",
        "Begin Time - ss.msec",
        "Start Time (hh:mm:ss)",
        "File Offset (s)",
        "Beg File Samp (samples)",
        "time_s",
        "inicio|fin",
        "Début (s)",
    ],
)
def test_times_of_other_programs_are_known_by_their_words(tmp_path, names: str):
    columns = names.split("|")
    assert times_of_others(["path", *columns]) == columns
    row = ",".join("12"[: len(columns)])
    file = song_table(tmp_path, f"path,{','.join(columns)}\na.wav,{row}\n")
    with pytest.raises(InputError, match="expected the times of songs in 'start_s' and 'end_s'"):
        read_song_table(file)
    song_table(tmp_path, f"path,start_s,end_s,{','.join(columns)}\na.wav,1,2,{row}\n")
    assert set(read_song_table(file).columns) == {"path", "start_s", "end_s", *columns}


OTHERS = """
end_of_tape starter stopped weekend offset_error date time time_of_day recording_time start_year
start_date start_hour from_site from to first last first_seen on off start_note end_syllable
time_to_call time_since_sunrise start_freq start_hz min max min_freq position clip frame sample note
signal window label recording_start recording_start_time recording_length_s file_duration_s
session_start hora_inicio fecha_inicio peak_time time_frame timestamp temp_min start_code
noise_offset_db wing_length x y t tape duration length song_length
"""


@pytest.mark.parametrize("name", OTHERS.split())
def test_other_names_are_not_times(name: str):
    for spelled in (name, name.replace("_", " "), name.title().replace("_", ".")):
        assert times_of_others(["path", spelled]) == []


def test_raven_names_of_files_and_days_are_not_times():
    names = ["Begin File", "End File", "Begin Path", "Begin Date", "Begin Date Time", "Begin Hour"]
    assert times_of_others(names) == []


def test_a_length_beside_a_begin_is_a_time():
    for name in ("duration", "Duration (s)", "length_s", "dur", "song_length", "Delta Time (s)"):
        assert times_of_others(["path", "start_s", name]) == [name]
        assert times_of_others(["path", "start", name]) == ["start", name]
        assert times_of_others(["path", name]) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,start_s,end_s\na.wav,1,2\nb.wav,1\n", "line 3: a row of 2 cells, and the header"),
        ("path,start_s\na.wav,1\n\nTotal\n", "line 4: a row of 1 cell,"),
        ("path,start_s\na.wav,1,2\n", "line 2: a row holds more cells"),
        ('path,label\na.wav,"A\nb.wav,B\n', "line 2, a quotation mark"),
        ('path,label\na.wav,"A\nb.wav,"B"\n', "line 2, a quotation mark"),
        ("path,note,note \na.wav,1,2\n", "two columns are named 'note'"),
        ("path,end_s\na.wav,0\n", "'end_s' is not after the start of the recording"),
        ("path,start_s,end_s\na.wav,,-2\n", "'end_s' is not after the start"),
        ("path,latitude\na.wav,95\n", "'latitude' is not in degrees, -90 to 90"),
        ("path,longitude\na.wav,-361\n", "'longitude' is not in degrees"),
        ("path,low_hz\na.wav,-1\n", "'low_hz' is negative"),
        ("path,low_hz,high_hz\na.wav,7000,2000\n", "'high_hz' is below 'low_hz'"),
        ("path,start_s\na.wav,1\n".encode("utf-16-le"), "not a text in UTF-8"),
        ("path,start_s\na.wav,1\n".encode("utf-16-be"), "not a text in UTF-8"),
        ("path,start_s\na.wav,1\n".encode("utf-32"), "not a text in UTF-8"),
    ],
)
def test_what_would_be_misread_is_refused(tmp_path, text: str | bytes, told: str):
    with pytest.raises(InputError, match=told):
        read_song_table(song_table(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "path,start_s,,\na.wav,1,,\n,,,\n",
        "\n  \npath;start_s\na.wav;1\n",
        'path,start_s\r"a.wav",1',
        "path,start_s,\na.wav,1\n",
    ],
    ids=["columns without name", "blank lines before", "CR and no end", "a comma behind the names"],
)
def test_what_hands_leave_changes_nothing(tmp_path, text: str):
    table = read_song_table(song_table(tmp_path, text))
    assert table.columns.tolist() == ["path", "start_s"]
    assert table["path"].tolist() == [str((tmp_path / "a.wav").resolve())]
    assert table["start_s"].tolist() == [1]


@pytest.mark.parametrize("mark", [";", "\t", "|", ","])
@pytest.mark.parametrize("first", ["sep={}\n", "SEP={}\r\n", '"sep={}"\n', "sep={};;\n"])
def test_the_line_of_excel_that_names_the_separator_is_heeded(tmp_path, mark: str, first: str):
    rows = "path,note,start_s\na.wav,x,1\nb.wav,y,{}\n".replace(",", mark)
    file = song_table(tmp_path, first.format(mark) + rows.format(2))
    table = read_song_table(file)
    assert table.columns.tolist() == ["path", "note", "start_s"]
    assert table["start_s"].tolist() == [1, 2]
    song_table(tmp_path, first.format(mark) + rows.format("soon"))
    with pytest.raises(InputError, match=r"row 2 \(line 4\): 'start_s' is not a number"):
        read_song_table(file)


def test_blanks_around_a_path_are_dropped_where_only_so_it_is_there(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / " b.wav").touch()
    table = read_song_table(song_table(tmp_path, "path,start_s\n a.wav ,1\n b.wav,1\n"))
    assert [Path(path).name for path in table["path"]] == ["a.wav", " b.wav"]


def test_times_of_several_files_without_offsets_are_told(tmp_path, capsys):
    header = "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File"
    file = tmp_path / "x.selections.txt"
    file.write_text(f"{header}\n1\t1\t2\ta.wav\n2\t13\t14\tb.wav\n")
    assert main([str(file), str(tmp_path / "songs.csv")]) == 0
    told = "2 selections of several files have no 'File Offset (s)'; their times are taken from"
    assert told in capsys.readouterr().err
    file.write_text(f"{header}\n1\t1\t2\ta.wav\n2\t13\t14\ta.wav\n")
    lines: list[str] = []
    assert len(read_annotations(file, tell=lines.append)) == 2
    assert not lines


def test_names_that_differ_in_case_alone_are_told(tmp_path):
    birds = ["m1", "M1", "m2", "m3"]
    sites = {"m1": "North", "M1": "North", "m2": "north", "m3": "north"}
    rows = [
        f"{era},{bird},{sites[bird]},A"
        for era in ("1966", "2020")
        for bird in birds
        for _ in range(2)
    ]
    file = song_table(tmp_path, "\n".join(["era,individual,site,song_type", *rows]))
    settings = CompareSettings(permutations=19, bootstraps=5)
    found = compare_types(read_song_types(file, "song_type"), "song_type", settings).results
    remarks = " ".join(found["table_check"]["remarks"])
    assert "alone count as one bird: 'M1' and 'm1'." in remarks
    assert "alone count as several: 'North' and 'north'." in remarks


@pytest.mark.filterwarnings("error")
def test_any_error_of_a_date_reaches_over_the_cut(tmp_path):
    rows = "a.wav,1966,1e300\nb.wav,1966,0\nc.wav,2020,\n"
    songs = read_song_table(song_table(tmp_path, f"path,date,date_error_days\n{rows}"))
    eras = find_eras(songs, CompareSettings(cut_date="1990"))
    assert eras is not None
    assert eras.of_song.tolist() == [-1, 0, 1]


def test_columns_that_would_be_written_over_are_set_aside():
    assert set_aside(["path", "theme"], ["cluster", "theme"]) == {"theme": "theme_before"}
    names = ["theme", "theme_before", "theme_before_2"]
    assert set_aside(names, ["theme"]) == {"theme": "theme_before_3"}
    assert set_aside(["path"], ["theme"]) == {}
    assert told_aside({}) == []
