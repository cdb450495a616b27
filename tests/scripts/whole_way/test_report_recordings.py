"""`chingolo report`: from folders to the report, step by step, and what is kept."""

import contextlib
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.scripts import embed_songs, find_songs
from chingolo.scripts.whole_way import report_recordings
from chingolo.scripts.whole_way.eras_by_name import dates_by_name, eras_by_folder, eras_by_year
from chingolo.synth.tables.files import InputError

RATE = 22_050


def song(start_hz: float, stop_hz: float, seed: int) -> np.ndarray:
    """Half a second of a sweep on faint noise, a little else for every seed."""
    random = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    ratio = random.normal(1, 0.01)
    phase = 2 * np.pi * ratio * (start_hz * time + (stop_hz - start_hz) * time**2)
    return 0.3 * np.sin(phase) * np.hanning(len(time)) + 1e-3 * random.normal(size=len(time))


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of eight recordings, each of one song."""
    root = tmp_path_factory.mktemp("field")
    for number, era in enumerate(("1966", "2020")):
        (root / era).mkdir()
        for bird in range(8):
            kind = (3000, 5000) if bird % 2 else (6000, 4000)
            name = root / era / f"{'tape' if number == 0 else 'phone'}-{era}-05-0{1 + bird}.wav"
            soundfile.write(name, song(*kind, seed=10 * number + bird), RATE)
    return root


def run(*words: object) -> int:
    few = ("--permutations", "19", "--bootstraps", "10", "--min-cluster-size", "4")
    same = ("--same-recorder",)
    return report_recordings.main([*map(str, words), *few, *same])


@pytest.mark.slow
def test_two_folders_become_two_eras_and_steps_are_done_once(field, tmp_path, capsys):
    out = tmp_path / "out"
    words = (field / "1966", field / "2020", "--era-from", "folder", "--detector", "none")
    assert run(*words, "--out", out) == 0
    songs = pd.read_csv(out / "songs.csv")
    assert songs.groupby("era").size().to_dict() == {1966: 8, 2020: 8}
    results = json.loads((out / "report" / "results.json").read_text())
    assert results["claims"]["repertoire"]["verdict"] != "changed"
    assert [line.split()[1] for line in (out / "commands.txt").read_text().splitlines()] == [
        "embed",
        "compare",
    ]
    before = {path: path.stat().st_mtime_ns for path in (out / "latent.parquet",)}
    capsys.readouterr()
    assert run(*words, "--out", out, "--seed", 1) == 0
    told = capsys.readouterr().err
    assert told.count("as it was") == 2  # the table and the vectors; only the comparison is new
    assert {path: path.stat().st_mtime_ns for path in before} == before

    # what a reader fills in enters the next report, and is not lost when recordings change
    songs["individual"] = [f"b{row // 2}" for row in range(len(songs))]
    songs.to_csv(out / "songs.csv", index=False)
    assert run(*words, "--out", out) == 0
    assert pd.read_csv(out / "report" / "songs.csv")["individual"].nunique() == 8
    os.utime(field / "1966" / "tape-1966-05-01.wav", (0, 0))
    new = field / "2020" / "phone-2020-05-09.wav"
    soundfile.write(new, song(3000, 5000, seed=99), RATE)
    assert run(*words, "--out", out) == 2
    assert "was edited" in capsys.readouterr().err
    assert "individual" in pd.read_csv(out / "songs.csv").columns
    assert run(out / "songs.csv", "--out", out) == 0  # as it says
    assert "individual" in pd.read_csv(out / "songs.csv").columns
    new.unlink()


def test_eras_are_the_folders_that_were_named_or_those_in_the_one(tmp_path):
    for name in ("a/x/1.wav", "a/2.wav", "b/y/3.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    paths = [str(tmp_path / name) for name in ("a/x/1.wav", "a/2.wav", "b/y/3.wav")]
    assert eras_by_folder(paths, (tmp_path / "a", tmp_path / "b")) == ["a", "a", "b"]
    assert eras_by_folder(paths, (tmp_path,)) == ["a", "a", "b"]
    assert eras_by_folder(paths[:1], (tmp_path / "table.csv",)) == ["x"]
    with pytest.raises(InputError, match=r"2\.wav lies in .* itself"):
        eras_by_folder(paths[:2], (tmp_path / "a",))
    with pytest.raises(InputError, match=r"3\.wav lies in none"):
        eras_by_folder(paths, (tmp_path / "a", tmp_path / "a" / "x"))


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("XC11293-2002-12-12.flac", "2002-12-12"),
        ("20200503_061500.WAV", "2020-05-03"),
        ("rufous 1966 tape 3.wav", "1966"),
        ("1966.10.03 south.wav", "1966-10-03"),
        ("bird_1998_05_07-1998.wav", "1998-05-07"),
    ],
)
def test_dates_stand_in_names(name: str, date: str):
    assert dates_by_name([f"/x/2011/{name}"]) == [date]


@pytest.mark.parametrize("name", ["tape 3.wav", "19661332.wav", "1966 or 1967.wav", "120201.wav"])
def test_names_that_tell_no_date_or_several_are_refused(name: str):
    with pytest.raises(InputError, match=r"no date|several dates"):
        dates_by_name([name])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--era-from", "date"), "no column `date`"),
        (("--cut-date", "1990-01-01"), "--cut-date"),
        (("--era-from", "filename", "--cut-date", "soon"), "soon"),
        (("--run", "nobird"), "nobird"),
        (("--detector", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(field, tmp_path, capsys, words, told):
    assert run(field, "--out", tmp_path / "out", *words) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert told in said
    assert said.startswith("chingolo report: ")


def test_years_of_a_table_are_eras_and_orders_are_asked_for_before_all_is_heard(
    field, tmp_path, capsys, monkeypatch
):
    files = sorted(str(path) for path in field.rglob("*.wav"))
    table = pd.DataFrame({"path": files, "date": ["1966-05-01"] * 8 + ["2020"] * 8})
    assert eras_by_year(table, "date") == ["1966"] * 8 + ["2020"] * 8
    with pytest.raises(InputError, match="1 years"):
        eras_by_year(table[:8], "date")
    with pytest.raises(InputError, match="row 3"):
        eras_by_year(table.assign(date=["1966", "2020", "", *["1966"] * 13]), "date")
    monkeypatch.setattr(embed_songs, "command", None)  # is never come to
    table = table.assign(era=["early"] * 8 + ["late"] * 8)
    table.to_csv(tmp_path / "t.csv", index=False)
    assert run(tmp_path / "t.csv", "--out", tmp_path / "out") == 2
    assert "older" in capsys.readouterr().err
    (tmp_path / "copy.wav").write_bytes(Path(files[0]).read_bytes())
    table["era"] = table["date"].str[:4]
    table.loc[8, "path"] = str(tmp_path / "copy.wav")
    table.to_csv(tmp_path / "t.csv", index=False)
    assert run(tmp_path / "t.csv", "--out", tmp_path / "out") == 2
    assert "another era" in capsys.readouterr().err


def test_what_was_found_is_not_lost_and_what_cannot_be_heard_stops_nothing(
    field, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(embed_songs, "command", lambda config: None)
    found = []

    def find(config):
        found.append(config.out)
        config.out.write_text("path\n" + "".join(f"{path}\n" for path in here.glob("*.wav")))
        raise InputError("1 of 3 recordings not read to the end")

    monkeypatch.setattr(find_songs, "command", find)
    here = tmp_path / "in"
    here.mkdir()
    for path in list((field / "1966").iterdir())[:2]:
        (here / path.name).write_bytes(path.read_bytes())
    (here / "gone.wav").symlink_to("/nowhere.wav")
    out = tmp_path / "out"
    with contextlib.suppress(FileNotFoundError):  # of the vectors that were not made
        run(here, "--out", out)
    assert "not read to the end" in capsys.readouterr().err
    assert len(pd.read_csv(out / "songs.csv")) == 3
    with (out / "found.csv").open("a") as file:
        file.write("\n")
    (here / "gone.wav").unlink()
    assert run(here, "--out", out) == 2
    assert "was edited" in capsys.readouterr().err
    assert len(found) == 1


def test_a_table_goes_alone(field, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("path\n")
    assert run(tmp_path / "t.csv", field, "--out", tmp_path / "out") == 2
    assert "goes alone" in capsys.readouterr().err
    assert run(tmp_path / "t.csv", "--out", tmp_path / "out", "--detector", "none") == 2
    assert "--detector" in capsys.readouterr().err
