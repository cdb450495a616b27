"""What a person may have filled in is not written over."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.__main__ import COMMANDS
from chingolo.synth.surrogates.generate_songs import generate_songs
from chingolo.synth.surrogates.sing_songs import SongRequest
from chingolo.synth.tables.content import write_unedited
from chingolo.synth.tables.files import InputError
from chingolo.train.run.config import begin_run

WORDS = {
    "find": ["a.wav", "--out", "there.csv"],
    "convert": ["songs.csv", "there.csv"],
    "embed": ["run", "songs.csv", "--out", "there.parquet"],
    "probe": ["run", "collection", "--out", "there.csv"],
}


@pytest.mark.parametrize("name", WORDS)
def test_a_table_that_is_there_stays(name: str, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(8000), 8000)
    Path("songs.csv").write_text("path\na.wav\n")
    for file in ("there.csv", "there.parquet"):
        Path(file).write_text("filled in by hand")
    assert COMMANDS[name].main(WORDS[name]) == 2
    assert "is there already; --force writes over it" in capsys.readouterr().err
    assert {Path(file).read_text() for file in ("there.csv", "there.parquet")} == {
        "filled in by hand"
    }
    if name in ("find", "convert"):
        assert COMMANDS[name].main([*WORDS[name], "--force"]) == 0
        assert Path("there.csv").read_text().startswith("path")


def test_a_report_writes_over_no_song_table_of_the_users(tmp_path, capsys):
    songs = pd.DataFrame({"song_type": [*"AABB"] * 5, "era": ["1966", "2020"] * 10})
    songs.to_csv(tmp_path / "songs.csv", index=False)
    words = [str(tmp_path / "songs.csv"), "--type-column", "song_type"]
    words += ["--permutations", "9", "--bootstraps", "9"]
    assert COMMANDS["compare"].main([*words, "--out", str(tmp_path)]) == 2
    assert "songs.csv: is there already and was not written by this" in capsys.readouterr().err
    report = tmp_path / "report"
    for _ in range(2):  # a report's own folder is replaced
        assert COMMANDS["compare"].main([*words, "--out", str(report)]) == 0
    table = report / "songs.csv"
    table.write_text(table.read_text().replace("path,", "path,mine,", 1))
    annotated = table.read_text()
    assert COMMANDS["compare"].main([*words, "--out", str(report)]) == 2
    assert "songs.csv: was edited since it was written" in capsys.readouterr().err
    assert table.read_text() == annotated
    assert COMMANDS["compare"].main([*words, "--out", str(report), "--force"]) == 0
    assert table.read_text() != annotated


BIRD = """
species: Avis ficta
source: invented
bird: rufous_collared_sparrow
notes: {rise: {points: [[0, 3.6], [0.1, 4.2]]}}
themes: {slow: {song: [rise]}}
"""


@pytest.mark.parametrize("name", ["slow.wav", "sheet.png"])
def test_sing_writes_over_no_recording_of_the_users(name: str, tmp_path, capsys):
    (tmp_path / "bird.yaml").write_text(BIRD)
    words = [str(tmp_path / "bird.yaml"), "--out", str(tmp_path), "--engine", "wavetable"]
    (tmp_path / name).write_bytes(b"from the field")
    assert COMMANDS["sing"].main(words) == 2
    assert f"{name}: is there already" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == b"from the field"
    other = "sheet.png" if name == "slow.wav" else "slow.wav"
    assert not (tmp_path / other).exists()
    assert COMMANDS["sing"].main([*words, "--force"]) == 0
    assert COMMANDS["sing"].main(words) == 0  # its own it sings anew


def test_embed_writes_over_no_list_of_the_users(tmp_path, capsys):
    (tmp_path / "songs.csv").write_text("path\na.wav\n")
    (tmp_path / "z.skipped.csv").write_text("mine")
    words = ["run", str(tmp_path / "songs.csv"), "--out", str(tmp_path / "z.parquet")]
    assert COMMANDS["embed"].main(words) == 2
    assert "z.skipped.csv: is there already" in capsys.readouterr().err
    assert (tmp_path / "z.skipped.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["repertoire.yaml", "songs.csv", "audio/000000_0000.flac"])
def test_fit_looks_for_files_of_others_before_the_work(name: str, tmp_path, capsys):
    time = np.arange(22_050) / 22_050
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(2 * np.pi * 4000 * time), 22_050)
    (tmp_path / "table.csv").write_text("path\na.wav\n")
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    assert COMMANDS["fit"].main([str(tmp_path / "table.csv"), "--out", str(out)]) == 2
    assert f"already holds a {name} that was not made here" in capsys.readouterr().err
    assert [file for file in out.rglob("*") if file.is_file()] == [out / name]


@pytest.mark.parametrize("name", ["encoder", "metrics.jsonl"])
def test_a_run_begins_where_nothing_of_others_lies(name: str, tmp_path):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"holds a '{name}' of no run"):
        begin_run(tmp_path, {}, None, resume=False)


def test_what_was_edited_stays(tmp_path):
    def write(text: str, file: Path) -> None:
        file.write_text(text)

    for _ in range(2):
        write_unedited(tmp_path / "a.yaml", partial(write, "made"))
    (tmp_path / "a.yaml").write_text("edited")
    with pytest.raises(InputError, match=r"a\.yaml: was edited"):
        write_unedited(tmp_path / "a.yaml", partial(write, "made"))
    assert (tmp_path / "a.yaml").read_text() == "edited"


@pytest.mark.parametrize("edit", ["row", "column"])
def test_generated_songs_are_not_appended_to_an_edited_table(tmp_path, edit: str):
    request = SongRequest(songs=20, engine="wavetable", sample_rate=22_050)
    generate_songs("zonotrichia_capensis", tmp_path, request)
    whole = (tmp_path / "songs.csv").read_text()
    generate_songs("zonotrichia_capensis", tmp_path, request)
    assert (tmp_path / "songs.csv").read_text() == whole
    table = pd.read_csv(tmp_path / "songs.csv", dtype=str).iloc[:16]
    edited = table.drop(index=3) if edit == "row" else table.assign(mine="x")
    edited.to_csv(tmp_path / "songs.csv", index=False)
    with pytest.raises(InputError, match=f"{edit}s were edited"):
        generate_songs("zonotrichia_capensis", tmp_path, request)


def test_what_a_link_names_is_written_and_the_link_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("disk").mkdir()
    Path("songs.csv").write_text("path,label\na.wav,new\n")
    Path("disk/old.csv").write_text("old")
    for name, target in (("link.csv", "disk/old.csv"), ("fresh.csv", "disk/fresh.csv")):
        Path(name).symlink_to(target)
        assert COMMANDS["convert"].main(["songs.csv", name, "--force"]) == 0
        assert Path(name).is_symlink()
        assert "a.wav,new" in Path(target).read_text()
