"""Cases of users, each by the command that was given: rows of other programs, names and dates."""

import json
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from chingolo.scripts import compare_eras, convert_table

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are given in the folder of the case."""
    monkeypatch.chdir(tmp_path)


def convert(source: str, target: str) -> list[dict[str, str]]:
    """The rows of a CSV that a conversion writes."""
    assert convert_table.main([source, target]) == 0
    if not target.endswith(".csv"):
        return []
    return pd.read_csv(target, dtype=str, keep_default_na=False).to_dict("records")


def test_case_birdnet_table_by_its_name(capsys):
    name = "rec.BirdNET.selection.table.txt"
    Path(name).write_text(
        f"{RAVEN}\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
        "1\tSpectrogram 1\t1\t3.0\t6.0\t0\t15000\t"
        "Rufous-collared Sparrow\trucspa1\t0.91\trec.wav\t3.0\n"
    )
    (row,) = convert(name, "songs.csv")
    assert (row["path"], row["start_s"], row["end_s"]) == ("rec.wav", "3.0", "6.0")
    assert row["Common Name"] == "Rufous-collared Sparrow"
    assert "songs.csv: 1 songs" in capsys.readouterr().out


def test_case_raven_annotation_is_no_label():
    Path("marked.selections.txt").write_text(
        f"{RAVEN}\tBegin File\tAnnotation\n"
        "1\tSpectrogram 1\t1\t1.5\t2.5\t2000\t7000\trec.wav\tA\n"
        "2\tSpectrogram 1\t1\t3.5\t4.5\t2000\t7000\trec.wav\tB\n"
    )
    convert("marked.selections.txt", "labels.txt")
    lines = [line.split("\t") for line in Path("labels.txt").read_text().splitlines()]
    assert [line[:2] for line in lines[::2]] == [["1.5", "2.5"], ["3.5", "4.5"]]
    assert [line[2].split(" ")[0] for line in lines[::2]] == ["A", "B"]
    assert lines[1::2] == [["\\", "2000.0", "7000.0"]] * 2
    rows = convert("marked.selections.txt", "songs.csv")
    assert [row["label"] for row in rows] == ["A", "B"]
    assert {(float(row["low_hz"]), float(row["high_hz"])) for row in rows} == {(2000, 7000)}


def test_case_repeated_selection_numbers(capsys):
    times = {"a.wav": [(1, 2), (3, 4), (5, 6)], "b.wav": [(0.5, 1.5), (2.5, 3.5)]}
    lines = [
        f"{number}\tSpectrogram 1\t1\t{start}\t{end}\t2000\t7000\t{name}\tA\n"
        for name, songs in times.items()
        for number, (start, end) in enumerate(songs, start=1)
    ]
    Path("all.selections.txt").write_text(f"{RAVEN}\tBegin File\tAnnotation\n" + "".join(lines))
    rows = convert("all.selections.txt", "songs.csv")
    told = [(row["path"], float(row["start_s"]), float(row["end_s"])) for row in rows]
    assert told == [(name, *time) for name, songs in times.items() for time in songs]
    assert "songs.csv: 5 songs" in capsys.readouterr().out


def test_case_raven_table_of_several_files(capsys):
    for name, seconds in (("a.flac", 10), ("b.flac", 12)):
        soundfile.write(name, [0.0] * 8000 * seconds, 8000)
    text = "path,start_s,end_s,label\na.flac,1,2,A\na.flac,7,8,B\nb.flac,2,3,A\nb.flac,9,10,B\n"
    Path("songs.csv").write_text(text)
    convert("songs.csv", "songs.selections.txt")
    names, *rows = (
        line.split("\t") for line in Path("songs.selections.txt").read_text().splitlines()
    )
    read = [dict(zip(names, row, strict=True)) for row in rows]
    told = [
        [float(row[name]) for name in ("Begin Time (s)", "End Time (s)", "File Offset (s)")]
        for row in read
    ]
    assert told == [[1, 2, 1], [7, 8, 7], [12, 13, 2], [19, 20, 9]]
    back = convert("songs.selections.txt", "back.csv")
    assert [(row["path"], float(row["start_s"])) for row in back] == [
        ("a.flac", 1),
        ("a.flac", 7),
        ("b.flac", 2),
        ("b.flac", 9),
    ]
    Path("a.flac").unlink()
    assert convert_table.main(["songs.csv", "missing.selections.txt"]) == 0
    assert "a.flac: no such audio file" in capsys.readouterr().err


def test_case_label_edited_in_audacity():
    Path("songs.csv").write_text(
        "path,start_s,end_s,label\nrec.wav,1.0,2.0,A\nrec.wav,3.0,4.0,A\nrec.wav,5.0,6.0,B\n"
    )
    convert("songs.csv", "labels.txt")
    written = Path("labels.txt").read_text()
    assert json.loads(written.split(" ", 1)[1].split("\n")[0])["label"] == "A"
    Path("labels.txt").write_text(written.replace("\tA ", "\tZeep ", 1))
    rows = convert("labels.txt", "back.csv")
    assert [row["label"] for row in rows] == ["Zeep", "A", "B"]


def of_types(rows: list[dict], out: str, *words: str) -> dict:
    """The results of a comparison of song types."""
    pd.DataFrame(rows).to_csv(f"{out}.csv", index=False)
    quick = ["--permutations", "199", "--bootstraps", "19"]
    told = [f"{out}.csv", "--type-column", "song_type", "--out", out, *words, *quick]
    assert compare_eras.main(told) == 0
    return json.loads((Path(out) / "results.json").read_text())


def test_case_dates_written_by_hand(capsys):
    """Old: all but the last two birds sing A; new: all sing B; the day before the month."""

    def songs(old: list[str], new: list[str]) -> list[dict]:
        kinds = {"old": "AAAAAB", "new": "BBBBBB"}
        return [
            {
                "path": f"{era}_{bird}_{song}.wav",
                "date": day,
                "individual": f"{era}{bird}",
                "site": "north",
                "song_type": kinds[era][bird],
            }
            for era, days in (("old", old), ("new", new))
            for bird, day in enumerate(days)
            for song in range(4)
        ]

    iso = [[f"1966-10-{12 + bird}" for bird in range(6)], [f"2020-11-0{b}" for b in range(3, 9)]]
    hand = [["/".join(reversed(day.split("-"))) for day in days] for days in iso]
    cut = ["--cut-date", "1990-01-01"]
    assert of_types(songs(*iso), "iso", *cut)["verdict"] == "changed"
    capsys.readouterr()
    mixed = [hand[0][:4] + iso[0][4:], iso[1]]
    for name, days in (("some", mixed), ("all", hand)):
        pd.DataFrame(songs(*days)).to_csv(f"{name}.csv", index=False)
        words = [f"{name}.csv", "--type-column", "song_type", *cut, "--out", f"report_{name}"]
        assert compare_eras.main(words) == 2
        told = capsys.readouterr().err
        assert f"{name}.csv: row 1: 'date' is '12/10/1966', no date; expected 1966" in told
        assert told.count("\n") == 1
        assert not Path(f"report_{name}").exists()
    known = songs(*iso)
    for row in known[:4]:  # only an empty one is unknown
        row["date"] = ""
    assert of_types(known, "unknown", *cut)["effort"]["historical"]["songs"] == 20


def test_case_one_bird_three_spellings():
    birds = {
        "1966": {"José": "A", "Núñez": "A", "Peña": "A", "Muñoz": "B"},
        "2020": {"Inés": "B", "Íñigo": "B", "Andrés": "B", "Bendaña": "A"},
    }
    decomposed = {"é": "e\u0301", "ú": "u\u0301", "ñ": "n\u0303", "Í": "I\u0301"}
    spellings = [
        lambda name: name,
        lambda name: "".join(decomposed.get(letter, letter) for letter in name),
        lambda name: f"{name} ",
    ]
    rows = [
        {
            "path": f"{era}_{bird}_{song}.wav",
            "era": era,
            "individual": spellings[song % 3](name),
            "site": "north",
            "song_type": kind,
        }
        for era, names in birds.items()
        for bird, (name, kind) in enumerate(names.items())
        for song in range(12)
    ]
    alike = [
        row | {"individual": list(birds[row["era"]])[int(row["path"].split("_")[1])]}
        for row in rows
    ]
    assert len({row["individual"] for row in rows}) == 24
    one, three = of_types(alike, "one"), of_types(rows, "three")
    assert [era["units"] for era in three["effort"].values()] == [4, 4]
    assert three["verdict"] == one["verdict"] == "no change shown"
    assert three["tests"] == one["tests"]
