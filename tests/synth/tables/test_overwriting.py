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
from chingolo.synth.tables.files import InputError, write_unedited

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
    assert "a songs.csv that no report wrote" in capsys.readouterr().err
    for _ in range(2):  # a report's own folder is replaced
        assert COMMANDS["compare"].main([*words, "--out", str(tmp_path / "report")]) == 0


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
