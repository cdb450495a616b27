"""Eras by a date, and by names in whatever spelling."""

import re

import pandas as pd
import pytest

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.compare_types import compare_types, read_song_types
from chingolo.analysis.settings import CompareSettings
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.words import days, word

OLD, NEW, NEITHER = 0, 1, -1


def eras_of(cut: str, column: str = "era", **columns: list) -> list[int]:
    found = find_eras(pd.DataFrame(columns), CompareSettings(cut_date=cut, era_column=column))
    assert found is not None
    return found.of_song.tolist()


def test_a_year_that_the_cut_falls_into_is_of_neither_era():
    years = ["1989", "1990", "1990-05", "1990-06", "1990-06-30", "1991", ""]
    told = [OLD, NEITHER, OLD, NEW, NEW, NEW, NEITHER]
    assert eras_of("1990-06-01", date=years) == told


def test_an_error_of_days_may_reach_over_the_cut():
    dates = ["1990-05-29", "1990-05-30", "1990-06-02", "1990-06-03"]
    told = [OLD, NEITHER, NEITHER, NEW]
    assert eras_of("1990-06-01", date=dates, date_error_days=[2.0] * 4) == told


def test_zones_and_times_leave_the_day_as_written():
    dates = ["1990-05-31T23:30:00-03:00", "1990-06-01T00:30:00+12:00", "1990-05-31 12:00"]
    assert eras_of("1990-06-01", date=dates) == [OLD, NEW, OLD]


def test_an_era_column_that_was_asked_for_goes_before_dates():
    years = [1966.0, 2020.0]
    assert eras_of("1990", "year", year=years, date=["", ""]) == [OLD, NEW]
    assert eras_of("1990", "year", year=years, date=["2020", "1966"]) == [OLD, NEW]
    assert eras_of("1990", era=years, date=["", ""]) == [OLD, NEW]
    assert eras_of("1990", era=["a", "b"], date=["1966", "2020"]) == [OLD, NEW]


@pytest.mark.parametrize("cut", ["12.5.1990", "May 1990", "1990-13-01", "soon"])
def test_a_cut_that_is_no_date(cut: str):
    with pytest.raises(InputError, match="--cut-date"):
        eras_of(cut, date=["1966", "2020"])


def test_years_that_cannot_be_read_are_refused():
    with pytest.raises(InputError, match=r"row 2: 'era' is 'about 1966', no date"):
        eras_of("1990", era=["2020", "about 1966"])


def test_eras_named_by_a_word_in_another_spelling():
    songs = pd.DataFrame({"era": ["e\u0301poque", "\u00e9poque ", "now", "unknown"]})
    told = CompareSettings(historical="\u00e9poque", modern="now ")
    found = find_eras(songs, told)
    assert found is not None
    assert found.of_song.tolist() == [OLD, OLD, NEW, NEITHER]


def birds(spellings: list[str], types: list[str]) -> pd.DataFrame:
    """Four birds in each of two eras, 12 songs a bird, of three types."""
    names = ["Jos\u00e9", "Mar\u00eda", "In\u00e9s", "Ram\u00f3n"]
    rows = []
    for era in ("1966", "2020"):
        for bird, name in enumerate(names):
            for song in range(12):
                rows.append(
                    {
                        "era": era,
                        "individual": spell(name, spellings[song % len(spellings)]),
                        "site": "north",
                        "song_type": spell(types[(bird + song * (era == "2020")) % 3], spellings[0])
                        + " " * (song % 2) * (len(spellings) > 1),
                    }
                )
    return pd.DataFrame(rows)


def spell(name: str, how: str) -> str:
    import unicodedata

    return {"NFC": name, "NFD": unicodedata.normalize("NFD", name), "blank": f"{name} "}[how]


def test_one_bird_in_three_spellings_is_one_bird(tmp_path):
    types = ["\u00e0", "\u00e9", "\u00f6"]
    told = []
    for number, spellings in enumerate((["NFC"], ["NFD", "NFC", "blank"])):
        file = tmp_path / f"{number}.csv"
        birds(spellings, types).to_csv(file, index=False)
        settings = CompareSettings(permutations=99, bootstraps=20)
        for songs in (read_song_types(file, "song_type"), birds(spellings, types)):
            results = compare_types(songs, "song_type", settings).results
            assert results["effort"]["historical"]["individuals"] == 4
            told.append((results["verdict"], results["tests"], results["themes"]))
    assert all(one[:2] == told[0][:2] for one in told)
    assert [[theme["name"] for theme in one[2]] for one in told] == [types] * 4


def test_missing_words_are_no_bird_and_no_site():
    songs = birds(["NFC"], ["a", "b", "c"]).assign(individual="NA", site="Unknown")
    settings = CompareSettings(permutations=19, bootstraps=5)
    results = compare_types(songs, "song_type", settings).results
    assert results["unit"] != "individual"
    assert results["block"] == "none"
    assert results["effort"]["modern"]["sites"] == 0


def test_rows_longer_than_the_header_shift_no_type(tmp_path):
    file = tmp_path / "types.csv"
    file.write_text("era,song_type\n1966,a,x\n2020,b,x\n")
    with pytest.raises(InputError, match="more cells than the header"):
        read_song_types(file, "song_type")


@pytest.mark.parametrize("cut", [" 1991 ", "1991.0", "1991\u200b"])
def test_eras_are_named_by_the_date_in_its_one_spelling(cut: str):
    eras = find_eras(pd.DataFrame({"date": ["1966", "2020"]}), CompareSettings(cut_date=cut))
    assert eras is not None
    assert (eras.historical, eras.modern) == ("before 1991", "from 1991")


@pytest.mark.parametrize("cut", ["nan", " ", "?", "12.5.1990"])
def test_a_cut_that_is_no_date_is_told_as_it_was_written(cut: str):
    with pytest.raises(InputError, match=re.escape(f"--cut-date: '{cut}' is no date; expected")):
        find_eras(pd.DataFrame({"date": ["1966", "2020"]}), CompareSettings(cut_date=cut))


@pytest.mark.parametrize(
    "date",
    ["1966/05/12", "19660512", "1966-5-12", "1966-05-12T04:30:00+02:00", "1966-05-12 04:30 Z"],
)
def test_dates_that_the_page_says_are_read(date: str):
    assert days(word(date)) == days("1966-05-12")
    assert days(word("1966.0")) == days("1966")
