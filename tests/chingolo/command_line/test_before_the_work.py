"""What can be seen to be wrong before the work is refused before it, which may last hours."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chingolo.__main__ import COMMANDS

SONGS = 12


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    z = np.random.default_rng(0).standard_normal((SONGS, 3))
    rows = {
        "path": [f"{number}.wav" for number in range(SONGS)],
        "era": ["1966", "2020"] * (SONGS // 2),
        "z": z.tolist(),
    }
    pq.write_table(pa.table(rows), tmp_path / "latent.parquet")
    (tmp_path / "songs.csv").write_text("path\na.wav\n")
    (tmp_path / "many.csv").write_text("path\n" + "\n".join(rows["path"]) + "\n")
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "made").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("compare latent.parquet --out taken", "taken: is a file; expected a folder"),
        ("compare latent.parquet --out taken/in/it", "taken: is a file; expected a folder"),
        ("compare latent.parquet --out o --label-column nope", "no column 'nope' for labels"),
        (
            f"compare latent.parquet --out o --clusterer kmeans --clusters {SONGS + 1}",
            f"--clusters {SONGS + 1}: there are {SONGS} songs",
        ),
        ("report many.csv --out made --label-column nope", "no column 'nope' for labels"),
        ("train songs.csv --out taken", "taken: is a file; expected a folder"),
        (
            "train songs.csv --out o --preset dialect-classifier",
            "supervised training needs two classes: give --label-column, or --synthetic",
        ),
        ("train songs.csv --out none --resume", "none: holds no config.json"),
        ("train-detector songs.csv --out none --resume", "none: holds no config.json"),
        ("train-detector songs.csv --out taken", "taken: is a file; expected a folder"),
        ("sing zonotrichia_capensis --out taken", "taken: is a file; expected a folder"),
        (
            "embed songbird songs.csv --out e.parquet --freeze taken/f.npz",
            "taken: cannot make this folder",
        ),
        ("probe songbird songs.csv --out taken/probe.json", "taken: cannot make this folder"),
    ],
)
def test_it_is_refused_and_nothing_else_is_said(folder, capsys, words, told):
    name, *rest = words.split()
    before = sorted(folder.iterdir())
    assert COMMANDS[name].main(rest) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"chingolo {name}: {told}")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert sorted(folder.iterdir()) == before
