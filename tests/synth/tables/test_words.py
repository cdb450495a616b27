"""Names in one spelling, and the days that a date may mean."""

import numpy as np
import pandas as pd
import pytest

from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import TEXT_COLUMNS, read_song_table
from chingolo.synth.tables.words import alike, days, likeness, numbers, words

COMPOSED, DECOMPOSED = "Jos\u00e9 Luis", "Jose\u0301 Luis"


@pytest.mark.parametrize("spelling", [DECOMPOSED, f" {COMPOSED}\u00a0", "Jos\u00e9  Luis\ufeff"])
def test_names_that_look_alike_are_one(spelling: str):
    assert words([COMPOSED, spelling]).tolist() == [COMPOSED, COMPOSED]


def test_names_that_look_unlike_stay_two():
    assert words(["José", "Jose", "jose", "007", "7", "1.0.0"]).tolist() == [
        "José",
        "Jose",
        "jose",
        "007",
        "7",
        "1.0.0",
    ]


def test_missing_words_in_any_case_and_kind():
    missing = ["NA", "n/a", "?", " - ", "Unknown", "NONE", "nan", "", None, float("nan"), pd.NA]
    assert words(missing).tolist() == [""] * len(missing)


def test_missing_as_spreadsheets_and_fieldworkers_write_it():
    missing = ["#N/A", "n.a.", "--", "\u2014", "??", "...", "unk.", "Not known", "not  recorded"]
    assert words(missing).tolist() == [""] * len(missing)
    missing = ["Unknown bird", "unidentified male", "unclassified", "Indet.", "unknown song type"]
    assert words(missing).tolist() == [""] * len(missing)
    names = ["-1", "A-", "?A", "Una", "Nan Shan", "no", "Unknown Pleasures", "Na song", "type"]
    assert words(names).tolist() == names
    assert numbers(pd.Series(["1.5", "#N/A", "--", "-2"])).tolist()[::3] == [1.5, -2.0]
    assert numbers(pd.Series(["#N/A", "\u2013", "."])).isna().all()


def test_names_that_people_write_in_several_ways_are_alike():
    for names in (["M-01", "m 1", "M1?", "(m1)"], ["R/G", "R-G", "r g"], ["José 2", "JOSE_2"]):
        assert len({likeness(name) for name in names}) == 1
        assert alike([*names, "M2", ""]) == [sorted(names)]
    unlike = ["A", "A'", "A+", "A*", "AB", "A1", "A10", "A1.1", "-1", "1", "11", "?"]
    assert alike(unlike) == []
    assert alike(["A", "A"]) == []


def test_controls_make_no_other_name():
    assert words(["1966\0", "\x1b1966", "19\x7f66"]).tolist() == ["1966"] * 3
    assert words(["a\tb", "a\x85b", "a\x1cb"]).tolist() == ["a b"] * 3


@pytest.mark.parametrize("column", [[True, False], [np.True_, 1.0], [1.0, "True"]])
def test_truth_is_no_number(column: list):
    with pytest.raises(ValueError, match="True"):
        numbers(pd.Series(column))


def test_whole_numbers_lose_the_decimals_of_a_spreadsheet():
    assert words([1966.0, "1966.0", 1966, 2.5]).tolist() == ["1966", "1966", "1966", "2.5"]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1990", "1990-01-01", "1990-12-31"),
        ("1992-02", "1992-02-01", "1992-02-29"),
        ("1990-5-3", "1990-05-03", "1990-05-03"),
        ("1990/05/03", "1990-05-03", "1990-05-03"),
        ("19900503", "1990-05-03", "1990-05-03"),
        ("1990-05-03 00:00:00", "1990-05-03", "1990-05-03"),
        ("1990-05-03T23:30:00.5-03:00", "1990-05-03", "1990-05-03"),
        ("1990-05-03T05:30Z", "1990-05-03", "1990-05-03"),
    ],
)
def test_days_that_a_date_may_mean(text: str, first: str, last: str):
    assert days(text) == (np.datetime64(first), np.datetime64(last))


@pytest.mark.parametrize(
    "text", ["12/10/1966", "12.5.1990", "May 1966", "1966-02-30", "196605", "1966-05/12", "66"]
)
def test_dates_that_cannot_be_read(text: str):
    with pytest.raises(ValueError, match=text):
        days(text)


@pytest.mark.parametrize("column", TEXT_COLUMNS)
def test_every_column_of_names_goes_through(tmp_path, column: str):
    value = {"date": "1966", "origin": "recorded"}.get(column, COMPOSED)
    file = tmp_path / "songs.csv"
    file.write_text(f"path,{column}\na.wav, {value} \nb.wav,n/a\n", encoding="utf-8")
    assert read_song_table(file)[column].tolist() == [value, ""]


def test_a_bad_date_names_file_row_value_and_form(tmp_path):
    file = tmp_path / "songs.csv"
    file.write_text("path,date\na.wav,1966-10-12\nb.wav,?\nc.wav,12/10/1966\n")
    told = r"songs\.csv: row 3 \(line 4\): 'date' is '12/10/1966', no date; expected 1966, 1966-05"
    with pytest.raises(InputError, match=told):
        read_song_table(file)
