"""Fuzz over tables of every form: no row is lost untold; order and spelling change nothing."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from chingolo.synth.tables.annotations import read_annotations, write_annotations
from chingolo.synth.tables.song_table import TEXT_COLUMNS

FUZZ = settings(max_examples=60, deadline=None)
NAMES = [
    "José",
    "Añá 3",
    "007",
    "7",
    "1.5",
    "Ångström ǖ",
    "한국",
    "a#1",
    "50 %",
    'say "hi"',
    "x;y",
    "",
]
BLANKS = ["", " ", "  ", "\u00a0", "\u2009", "\ufeff"]
FORMS = ("csv", "parquet", "selections.txt", "txt")

SONG = st.tuples(
    st.sampled_from(["a.wav", "b c.wav", "d#1%.flac", "ö.wav"]),
    st.integers(0, 10**6).map(lambda ticks: ticks / 1000),
    st.integers(1, 5000).map(lambda ticks: ticks / 1000),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.sampled_from(["1966", "1966-05", "1966-05-12", ""]),
)


def table_of(songs: list[tuple], folder: Path) -> pd.DataFrame:
    columns = ["path", "start_s", "end_s", "label", "individual", "date"]
    table = pd.DataFrame(songs, columns=columns)
    table["end_s"] = (table["start_s"] + table["end_s"]).round(6)
    return table.assign(path=[str(folder / path) for path in table["path"]])


def as_rows(table: pd.DataFrame) -> list[tuple]:
    """Rows as they compare, whatever their types."""
    columns = ["path", "start_s", "end_s", "label", "individual", "date"]
    return list(table[columns].itertuples(index=False, name=None))


@FUZZ
@given(
    songs=st.lists(SONG, min_size=1, max_size=6),
    order=st.randoms(use_true_random=False),
    form=st.sampled_from(FORMS),
    onward=st.sampled_from(FORMS),
)
def test_every_row_comes_through_in_its_place(
    tmp_path_factory, songs: list[tuple], order, form: str, onward: str
):
    """From any form to any other, and in any order, row by row."""
    folder = tmp_path_factory.mktemp("rows").resolve()
    table = table_of(songs, folder)
    write_annotations(table, folder / f"a.{form}")
    read = read_annotations(folder / f"a.{form}")
    assert as_rows(read) == as_rows(table)
    write_annotations(read, folder / f"b.{onward}")
    assert as_rows(read_annotations(folder / f"b.{onward}")) == as_rows(table)
    places = list(range(len(table)))
    order.shuffle(places)
    write_annotations(table.iloc[places].reset_index(drop=True), folder / f"c.{form}")
    shuffled = read_annotations(folder / f"c.{form}")
    assert as_rows(shuffled) == as_rows(table.iloc[places])


@st.composite
def respelled(draw: st.DrawFn, name: str) -> str:
    """The same name as another machine or hand would write it."""
    text = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), name)
    if not text:
        return draw(st.sampled_from(["", " ", "?", "NA", "unknown", "None", "n/a", "-"]))
    inner = draw(st.sampled_from([" ", "  ", "\u00a0"]))
    return draw(st.sampled_from(BLANKS)) + text.replace(" ", inner) + draw(st.sampled_from(BLANKS))


@FUZZ
@given(
    data=st.data(),
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
    column=st.sampled_from([name for name in TEXT_COLUMNS if name not in ("date", "origin")]),
    form=st.sampled_from(FORMS),
)
def test_spelling_changes_no_name(tmp_path_factory, data, names: list[str], column: str, form: str):
    folder = tmp_path_factory.mktemp("names").resolve()
    base = pd.DataFrame({"path": [str(folder / "a.wav")] * len(names)})
    base = base.assign(start_s=np.arange(len(names)) * 1.0, end_s=np.arange(len(names)) + 0.5)
    written = [data.draw(respelled(name)) for name in names]
    write_annotations(base.assign(**{column: written}), folder / f"a.{form}")
    assert read_annotations(folder / f"a.{form}")[column].tolist() == names


RAVEN = st.tuples(
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["Waveform 1", "Spectrogram 1", "Spectrogram 2"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["0.5", "1.25", "7"]),
    st.sampled_from(["0.5", "7.5", "9"]),
    st.sampled_from(["a.wav", "b.wav"]),
    st.sampled_from(["", "A", "B"]),
)


@FUZZ
@given(rows=st.lists(RAVEN, min_size=1, max_size=8))
def test_selections_come_out_or_are_told(tmp_path_factory, rows: list[tuple]):
    rows = [row for row in rows if float(row[3]) <= float(row[4])]
    if all(row[3] == row[4] for row in rows):
        return
    file = tmp_path_factory.mktemp("raven") / "a.selections.txt"
    header = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin Path\tAnnotation"
    file.write_text("\n".join([header, *map("\t".join, rows)]) + "\n")
    told: list[str] = []
    table = read_annotations(file, tell=told.append)
    counts = [
        int(number) for line in told for number in re.findall(r": (\d+) (?:rows?|points?)", line)
    ]
    others = ("File Offset", "all are kept")
    assert len(counts) == len([line for line in told if not any(word in line for word in others)])
    assert len(rows) == len(table) + sum(counts)
    # whatever is merged, no song and no label of it is gone
    songs = {(f, float(a), float(b)) for _, _, _, a, b, f, _ in rows if a != b}
    found = {(Path(str(row.path)).name, row.start_s, row.end_s) for row in table.itertuples()}
    assert found == songs
    labels = {(f, float(a), label) for _, _, _, a, b, f, label in rows if a != b and label}
    assert labels <= {
        (Path(str(row.path)).name, row.start_s, row.label) for row in table.itertuples()
    }


LABEL = st.tuples(
    st.sampled_from(["0.5", "1.250000", "3"]),
    st.sampled_from(["3", "4.0", "0.5"]),
    st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"]), max_size=8),
)


@FUZZ
@given(rows=st.lists(LABEL, min_size=1, max_size=6), ending=st.sampled_from(["\n", "\r\n"]))
def test_labels_come_out_or_are_told(tmp_path_factory, rows: list[tuple], ending: str):
    rows = [row for row in rows if float(row[0]) <= float(row[1])]
    lasting = [row for row in rows if float(row[0]) < float(row[1])]
    if not lasting:
        return
    file = tmp_path_factory.mktemp("labels") / "a.txt"
    file.write_bytes("".join("\t".join(row) + ending for row in rows).encode())
    told: list[str] = []
    table = read_annotations(file, audio=Path("a.wav"), tell=told.append)
    points = sum(int(re.findall(r": (\d+) points?", line)[0]) for line in told)
    assert len(rows) == len(table) + points
    assert table["start_s"].tolist() == [float(row[0]) for row in lasting]
