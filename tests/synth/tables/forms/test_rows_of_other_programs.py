"""Rows that come in from other programs come out, or it is said why not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.scripts.convert_table import main
from chingolo.synth.tables.annotations import read_annotations, write_annotations
from chingolo.synth.tables.audio import load_audio, load_song
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table, song_reference

HEADER = [
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin File",
    "Annotation",
]


def raven(folder: Path, *rows: str, name: str = "x.selections.txt", header: str = "") -> Path:
    """A selection table; cells of a row are parted by `|`."""
    lines = [header or "|".join(HEADER), *rows]
    file = folder / name
    file.write_text("".join(line.replace("|", "\t") + "\n" for line in lines))
    return file


def test_numbers_that_begin_again_with_each_file_are_songs_of_their_own(tmp_path):
    file = raven(
        tmp_path,
        *(f"{n}|Spectrogram 1|1|{2 * n}|{2 * n + 1}|2000|7000|a.wav|A" for n in (1, 2, 3)),
        *(f"{n}|Spectrogram 1|1|{2 * n}|{2 * n + 1}|2000|7000|b.wav|A" for n in (1, 2)),
    )
    table = read_annotations(file)
    assert [Path(path).name for path in table["path"]] == ["a.wav"] * 3 + ["b.wav"] * 2
    assert table["start_s"].tolist() == [2, 4, 6, 2, 4]


def test_views_of_a_selection_are_one_song_that_keeps_what_each_knows(tmp_path, capsys):
    raven(
        tmp_path,
        "1|Waveform 1|1|1|2|||a.wav|A",
        "1|Spectrogram 1|1|1|2|2000|7000|a.wav|A",
        "2|Spectrogram 1|1|3|4|2100|7100|a.wav|B",
    )
    assert main([str(tmp_path / "x.selections.txt"), str(tmp_path / "songs.csv")]) == 0
    assert "1 row was a further view of a selection" in capsys.readouterr().err
    table = read_song_table(tmp_path / "songs.csv")
    assert table["low_hz"].tolist() == [2000, 2100]
    assert table["high_hz"].tolist() == [7000, 7100]
    assert table["label"].tolist() == ["A", "B"]


def test_a_quotation_mark_is_a_letter(tmp_path):
    file = raven(
        tmp_path,
        '1|Spectrogram 1|1|1|2|1|2|a.wav|"zeep',
        "2|Spectrogram 1|1|3|4|1|2|a.wav|B",
        '3|Spectrogram 1|1|5|6|1|2|a.wav|C"',
    )
    assert read_annotations(file)["label"].tolist() == ['"zeep', "B", 'C"']


def test_a_table_whose_program_quotes_names_quotes_cells(tmp_path):
    quoted = "|".join(f'"{name}"' for name in HEADER)
    row = '"1"|"Spectrogram 1"|"1"|"1"|"2"|"1"|"2"|"a.wav"|"B"'
    assert read_annotations(raven(tmp_path, row, header=quoted))["label"].tolist() == ["B"]


def test_more_cells_than_names_are_refused_on_their_line(tmp_path):
    file = raven(tmp_path, "", "1|Spectrogram 1|1|1|2|1|2|a.wav|A|more")
    with pytest.raises(InputError, match="line 3: more cells"):
        read_annotations(file)


def test_the_first_line_tells_a_raven_table_by_any_name(tmp_path):
    file = raven(tmp_path, "1|Spectrogram 1|1|3.0|6.0|0|15000|r.wav|A", name="r.BirdNET.TXT")
    table = read_annotations(file)
    assert (table["start_s"][0], table["end_s"][0], table["channel"][0]) == (3, 6, 1)


def test_a_path_of_windows_is_looked_for_beside_the_table(tmp_path):
    file = raven(
        tmp_path,
        "1|1|2|C:\\tapes\\a.wav",
        "2|3|4|old\\b.wav",
        header="Selection|Begin Time (s)|End Time (s)|Begin Path",
    )
    paths = read_annotations(file)["path"].tolist()
    assert paths == [str(tmp_path / "a.wav"), str(tmp_path / "old" / "b.wav")]


@pytest.mark.parametrize("name", ["x.selections.txt", "songs.csv"])
def test_the_recording_that_is_given_counts(tmp_path, name):
    raven(tmp_path, "1|Spectrogram 1|1|1|2|1|2|a.wav|A", "2|Spectrogram 1|1|3|4|1|2|b.wav|A")
    (tmp_path / "songs.csv").write_text("path,start_s,end_s\na.wav,1,2\nb.wav,3,4\n")
    there = tmp_path / "there"
    table = read_annotations(tmp_path / name, audio=there / "b.wav")
    assert table["path"].tolist() == [str(tmp_path / "a.wav"), str(there / "b.wav")]
    with pytest.raises(InputError, match="none of them"):
        read_annotations(tmp_path / name, audio=there / "c.wav")


def test_a_song_table_without_paths_is_of_the_recording_given(tmp_path):
    (tmp_path / "songs.csv").write_text("start_s,end_s\n1,2\n")
    table = read_annotations(tmp_path / "songs.csv", audio=tmp_path / "a.wav")
    assert table["path"].tolist() == [str(tmp_path / "a.wav")]


def recordings(folder: Path) -> pd.DataFrame:
    """a.wav lasts 10 s, b.wav 12 s; two songs in each, those of b first."""
    for name, seconds in (("a", 10), ("b", 12)):
        soundfile.write(folder / f"{name}.wav", np.zeros(8000 * seconds), 8000)
    paths = [str(folder / f"{name}.wav") for name in "bbaa"]
    return pd.DataFrame(
        {"path": paths, "start_s": [2.0, 9.0, 1.0, 7.0], "end_s": [3.0, 10.0, 2.0, 8.0]}
    )


def test_times_of_several_files_count_from_the_start_of_their_sequence(tmp_path):
    table, file = recordings(tmp_path), tmp_path / "x.selections.txt"
    write_annotations(table, file)
    shown = pd.read_csv(file, sep="\t")
    assert shown["Begin Time (s)"].tolist() == [12, 19, 1, 7]
    assert shown["End Time (s)"].tolist() == [13, 20, 2, 8]
    assert shown["File Offset (s)"].tolist() == [2, 9, 1, 7]
    again = read_annotations(file)[table.columns.tolist()]
    pd.testing.assert_frame_equal(again, table, check_dtype=False)


def test_a_recording_that_is_missing_in_a_sequence_is_told(tmp_path):
    table, file, told = recordings(tmp_path), tmp_path / "x.selections.txt", []
    (tmp_path / "a.wav").unlink()
    write_annotations(table, file, tell=told.append)
    assert "a.wav: no such audio file" in told[0]
    assert read_annotations(file)["start_s"].tolist() == table["start_s"].tolist()


def test_types_and_frequencies_have_one_name_in_every_form(tmp_path):
    file = raven(tmp_path, "1|Spectrogram 1|2|1.5|2.5|2000|7000|a.wav|A")
    table = read_annotations(file)
    assert set(table.columns) == {
        "path",
        "start_s",
        "end_s",
        "channel",
        "low_hz",
        "high_hz",
        "label",
    }
    write_annotations(table, tmp_path / "labels.txt")
    lines = (tmp_path / "labels.txt").read_text().splitlines()
    assert lines[0].startswith("1.5\t2.5\tA ")
    assert lines[1] == "\\\t2000.0\t7000.0"
    for form in ("labels.txt", "y.csv", "y.parquet", "y.selections.txt"):
        write_annotations(table, tmp_path / form)
        again = read_annotations(tmp_path / form)[table.columns.tolist()]
        pd.testing.assert_frame_equal(again, table, check_dtype=False)


def test_what_is_edited_in_audacity_counts(tmp_path):
    file = tmp_path / "labels.txt"
    file.write_text(
        '1.0\t2.0\tZeep {"path": "a.wav", "label": "A"}\n'
        '3.0\t4.0\tA {"path": "a.wav", "label": "A"} bis\n'
        '5.0\t6.0\t{"path": "a.wav", "label": "B"}\n'
        '7.5\t8.0\t {"path": "a.wav", "start_s": "", "end_s": ""}\n'
        "9.0\t9.5\tnew\n"
    )
    table = read_annotations(file)
    assert table["label"].tolist() == ["Zeep", "A bis", "", "", "new"]
    assert table["start_s"].tolist() == [1, 3, 5, 7.5, 9]
    assert set(table["path"]) == {str(tmp_path / "a.wav")}


def test_points_are_left_out_and_told(tmp_path):
    file, told = tmp_path / "labels.txt", []
    file.write_text("1.0\t2.0\tA\n\\\t2000\t-1.0\n3.0\t3.0\there\n")
    table = read_annotations(file, audio=tmp_path / "a.wav", tell=told.append)
    assert table["label"].tolist() == ["A"]
    assert np.isnan(table["high_hz"][0])
    assert "1 point in time left out, the first on line 3" in told[0]
    file.write_text("3.0\t3.0\there\n")
    with pytest.raises(InputError, match="line 1: a point in time"):
        read_annotations(file, audio=tmp_path / "a.wav")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("1.0\t2.0\tA\n\\\t2000\t8000\n\n4.0\t3.0\tB\n")
    with pytest.raises(InputError, match=r"row 2 \(line 4\): 'end_s' is not after"):
        read_annotations(labels, audio=tmp_path / "a.wav")
    (tmp_path / "songs.csv").write_text('path,note,start_s\na,"x\ny",1\n\nb,,soon\n')
    with pytest.raises(InputError, match=r"row 2 \(line 5\): 'start_s' is not a number"):
        read_song_table(tmp_path / "songs.csv")


def test_a_channel_is_that_of_the_recording(tmp_path):
    time = np.arange(8000) / 8000
    two = np.stack([0.5 * np.sin(2 * np.pi * 500 * time), 0.2 * np.cos(2 * np.pi * 900 * time)], 1)
    soundfile.write(tmp_path / "two.wav", two, 8000, subtype="FLOAT")
    (tmp_path / "songs.csv").write_text("path,channel\n" + "two.wav,1\ntwo.wav,2\ntwo.wav,\n")
    table = read_song_table(tmp_path / "songs.csv")
    waves = [load_song(song, sample_rate=8000) for _, song in table.iterrows()]
    for wave, truth in zip(waves, [two[:, 0], two[:, 1], two.mean(axis=1)], strict=True):
        np.testing.assert_allclose(wave, truth, atol=1e-6)
    assert len({song_reference(song) for _, song in table.iterrows()}) == 3
    with pytest.raises(InputError, match=r"no channel 3 \(it has 2\)"):
        load_audio(tmp_path / "two.wav", sample_rate=8000, channel=3)
    for bad in ("0", "1.5", "left"):
        (tmp_path / "songs.csv").write_text(f"path,channel\ntwo.wav,{bad}\n")
        with pytest.raises(InputError, match=r"row 1 \(line 2\): 'channel' is not"):
            read_song_table(tmp_path / "songs.csv")


def test_channels_that_cancel_are_told(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, (8000, 2))
    song = np.sin(np.arange(8000)) * 0.8
    soundfile.write(tmp_path / "a.wav", 0.01 * noise + np.stack([song, -song], 1), 8000)
    soundfile.write(tmp_path / "b.wav", noise, 8000)
    with pytest.raises(InputError, match="channels cancel each other"):
        load_audio(tmp_path / "a.wav", sample_rate=8000)
    assert np.ptp(load_audio(tmp_path / "a.wav", sample_rate=8000, channel=2)) > 1.5
    assert len(load_audio(tmp_path / "b.wav", sample_rate=8000)) == 8000


def test_a_song_that_ends_after_its_recording_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(8000 * 5), 8000)
    (tmp_path / "songs.csv").write_text("path, start_s, end_s\na.wav, 1, 5.01\na.wav, 4.8, 7.8\n")
    table = read_song_table(tmp_path / "songs.csv")
    assert table["start_s"].tolist() == [1, 4.8]
    assert len(load_song(table.iloc[0], sample_rate=8000)) == 8000 * 4
    with pytest.raises(InputError, match=r"row 2: .*a.wav: a song from 4.8 to 7.8 s ends after"):
        load_song(table.iloc[1], sample_rate=8000)


def test_songs_of_long_recordings_have_names_of_their_own():
    songs = [
        pd.Series({"path": "a.wav", "start_s": 12345.625 + step, "end_s": 12347.0})
        for step in (0, 0.125)
    ]
    assert song_reference(songs[0]) == "a.wav#t=12345.625,12347"
    assert song_reference(songs[1]) == "a.wav#t=12345.75,12347"


OF_RAVEN = ["Begin Time (s)", "end time (S)", "Begin Path", "File Offset (s)", "Channels Heard"]


@pytest.mark.parametrize("name", OF_RAVEN)
def test_no_column_takes_the_place_of_the_times_or_the_path(tmp_path, name: str, capsys):
    (tmp_path / "songs.csv").write_text(f"path,start_s,end_s,{name}\na.wav,1,2,99\n")
    out = tmp_path / "x.selections.txt"
    assert main([str(tmp_path / "songs.csv"), str(out)]) == 2
    assert f"a column '{name}', which Raven has for the times, channel" in capsys.readouterr().err
    assert not out.exists()


def test_a_channel_under_two_names_is_refused(tmp_path, capsys):
    (tmp_path / "songs.csv").write_text("path,start_s,end_s,channel,Channel\na.wav,1,2,1,2\n")
    assert main([str(tmp_path / "songs.csv"), str(tmp_path / "x.selections.txt")]) == 2
    assert "a column 'Channel'" in capsys.readouterr().err
    (tmp_path / "songs.csv").write_text("path,start_s,end_s,View,view\na.wav,1,2,A,B\n")
    assert main([str(tmp_path / "songs.csv"), str(tmp_path / "x.selections.txt")]) == 2
    assert "two columns would be 'View' to Raven" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["txt", "csv", "parquet"])
def test_columns_named_as_in_other_forms_ride_along(tmp_path, form: str):
    names = [*OF_RAVEN, "start", "Start_S", "Label", "label"]
    cells = ["99", "98", "b.wav", "97", "96", "95", "94", "A", "B"]
    header, row = ",".join(names), ",".join(cells)
    (tmp_path / "songs.csv").write_text(f"path,start_s,end_s,{header}\na.wav,1,2,{row}\n")
    assert main([str(tmp_path / "songs.csv"), str(tmp_path / f"y.{form}"), "--force"]) == 0
    again = read_annotations(tmp_path / f"y.{form}")
    assert again[names].to_numpy().tolist() == [cells]
    assert again[["start_s", "end_s"]].to_numpy().tolist() == [[1, 2]]
    assert again["path"].tolist() == [str(tmp_path / "a.wav")]


@pytest.mark.parametrize("label", ['song {"note":"x"}', '{"a": "b"} A', "A {}", '{"note": "x"}'])
def test_what_a_person_writes_is_the_label(tmp_path, label: str):
    (tmp_path / "labels.txt").write_text(f"1.0\t2.0\t{label}\n")
    table = read_annotations(tmp_path / "labels.txt", audio=tmp_path / "a.wav")
    assert table["label"].tolist() == [label]
    assert set(table.columns) == {"path", "start_s", "end_s", "label"}
    write_annotations(table, tmp_path / "again.txt")
    assert read_annotations(tmp_path / "again.txt")["label"].tolist() == [label]


@pytest.mark.parametrize("column", ["Species", "Song Type", "Annotation"])
def test_views_that_contradict_each_other_are_both_kept(column: str, tmp_path):
    names = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", column]
    names += ["Max Power (dB)", "Begin Path"]
    rows = [
        ["1", "Waveform 1", "1", "0.5", "1.9", "a", "", "r.wav"],
        ["1", "Spectrogram 1", "1", "0.5", "1.9", "b", "40", "r.wav"],
        ["2", "Waveform 1", "1", "2.5", "2.9", "c", "10", "r.wav"],
        ["2", "Spectrogram 1", "1", "2.5", "2.9", "c", "20", "r.wav"],
    ]
    file = tmp_path / "a.selections.txt"
    file.write_text("".join("\t".join(row) + "\n" for row in [names, *rows]))
    told: list[str] = []
    table = read_annotations(file, tell=told.append)
    name = {"Annotation": "label", "Species": "species"}.get(column, column)
    assert table[name].tolist() == ["a", "b", "c"]
    assert told[0].endswith(
        f"line 3: views of one selection differ in '{column}' ('a', 'b'); all are kept"
    )
    assert told[1].endswith("1 row was a further view of a selection; merged")


def test_rows_without_a_recording_are_told(tmp_path):
    names = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin Path\n"
    rows = ["1\tSpectrogram 1\t1\t0.5\t1.9\tC:\\rec\\r.wav\n", "2\tSpectrogram 1\t1\t3\t4\t\n"]
    file = tmp_path / "a.selections.txt"
    file.write_text(names + "".join(rows))
    told: list[str] = []
    table = read_annotations(file, tell=told.append)
    assert table["path"].tolist() == [str(tmp_path / "r.wav")] * 2
    assert "1 row names no recording, row 2 (line 3) first" in told[0]
    file.write_text(names + "".join(rows) + "3\tSpectrogram 1\t1\t5\t6\tC:\\rec\\other.wav\n")
    with pytest.raises(InputError, match=r"row 2 \(line 3\) names no recording, and the others"):
        read_annotations(file)
