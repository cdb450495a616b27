"""Others' vectors with what a song table tells of them, through the commands."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chingolo.analysis.compare import compare
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.outside.read_latents import read_latents
from chingolo.scripts import compare_eras, convert_table
from chingolo.synth.tables.files import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def songs(changed: bool = False) -> tuple[pd.DataFrame, np.ndarray]:
    """Eight birds in each of two eras, six songs each, and vectors around three themes."""
    random = np.random.default_rng(0)
    rows, themes = [], []
    for era in ("1966", "2020"):
        for bird in range(8):
            for number in range(6):
                name = f"{era}/{bird}.wav"
                told = {"era": era, "individual": f"{era}-{bird}", "site": "marsh"}
                rows.append({"path": name, "start_s": 3.0 * number, "end_s": 3.0 * number + 3})
                rows[-1] |= told
                themes.append(number % 2 + (changed and era == "2020"))
    z = 5 * np.eye(3)[themes] + random.normal(0, 0.2, (len(rows), 3))
    return pd.DataFrame(rows), z.astype(np.float32)


def write_birdnet(table: pd.DataFrame, z: np.ndarray, name: str = "birdnet.csv") -> None:
    lines = ["file_path,start,end,embedding"]
    for row, vector in zip(table.itertuples(), z.tolist(), strict=True):
        lines.append(f'{row.path},{row.start_s},{row.end_s},"{",".join(map(str, vector))}"')
    Path(name).write_text("\n".join([*lines, ""]))


def found(path: str, songs: str | None = None) -> dict:
    """What comparing these vectors finds."""
    table = Path(songs) if songs is not None else None
    settings = CompareSettings(permutations=199, bootstraps=10)
    return compare(read_latents(path, songs=table), settings).results


def alike(one: dict, other: dict) -> None:
    """All that was found, but what is told of the making."""
    told = {"run", "notes"}
    assert {k: v for k, v in one.items() if k not in told} == {
        k: v for k, v in other.items() if k not in told
    }


def test_an_array_beside_its_table_is_compared_as_a_latent_table(folder: Path):
    table, z = songs(changed=True)
    table.to_csv("songs.csv", index=False)
    np.save("songs.npy", z)
    held = pa.Table.from_pandas(table, preserve_index=False)
    pq.write_table(held.append_column("z", pa.array(z.tolist())), "latent.parquet")
    one = found("songs.npy")
    alike(one, found("latent.parquet"))
    assert one["clusters"]["n"] == 3


def test_what_cannot_be_checked_is_refused_by_name(folder: Path):
    table, z = songs(changed=True)
    table.to_csv("songs.csv", index=False)
    np.save("songs.npy", z)
    words = ["--permutations", "199", "--bootstraps", "10"]
    assert compare_eras.main(["songs.npy", "--out", "report", *words]) == 0
    results = json.loads(Path("report/results.json").read_text())
    claim = results["claims"]["repertoire"]
    assert (claim["verdict"], claim["placebo"]["passed"]) == ("refused", None)
    assert results["tests"]["composition"]["p"] < 0.05
    (note,) = [note for note in results["notes"] if "written by others" in note]
    for told in ("songs.npy", "recorder copies", "placebo of recorders", "refused"):
        assert told in note
    page = Path("report/report.html").read_text()
    assert note in page
    assert "Songs were represented by vectors that others had written (checkpoint " in page
    assert "No placebo was made, so that a change of the repertoire was claimed only where" in page
    table.assign(device="one").to_csv("songs.csv", index=False)
    assert found("songs.npy")["claims"]["repertoire"]["verdict"] == "changed"


def test_no_encoder_is_taken_for_theirs(folder: Path, capsys: pytest.CaptureFixture[str]):
    table, z = songs()
    table.to_csv("songs.csv", index=False)
    np.save("songs.npy", z)
    assert compare_eras.main(["songs.npy", "--run", "songbird", "--out", "report"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "--run songbird: others wrote these vectors" in said
    assert "chingolo embed songbird SONGS" in said
    assert not Path("report").exists()


def test_a_table_of_recordings_tells_the_eras_of_their_windows(folder: Path):
    table, z = songs(changed=True)
    order = np.random.default_rng(1).permutation(len(table))
    write_birdnet(table.iloc[order], z[order])
    np.save("songs.npy", z)
    table.to_csv("songs.csv", index=False)
    recordings = table.drop(columns=["start_s", "end_s"]).drop_duplicates()
    recordings.assign(path=[f"/field/{path}" for path in recordings["path"]]).to_csv(
        "recordings.csv", index=False
    )
    one, other = found("birdnet.csv", "recordings.csv"), found("songs.npy")
    assert (one["songs"], one["unit"]) == (96, "individual")
    assert one["claims"]["repertoire"]["p"] == other["claims"]["repertoire"]["p"]
    assert found("birdnet.csv")["eras"] is None


def test_rows_are_converted_filled_in_and_given_back(folder: Path):
    table, z = songs()
    write_birdnet(table, z)
    assert convert_table.main(["birdnet.csv", "rows.csv"]) == 0
    rows = pd.read_csv("rows.csv")
    assert list(rows.columns) == ["path", "start_s", "end_s"]
    pd.testing.assert_frame_equal(rows, table[list(rows.columns)])
    kept = rows.assign(era=table["era"]).drop(index=[0, 17]).iloc[::-1]
    kept.to_csv("rows.csv", index=False)
    told: list[str] = []
    latents = read_latents("birdnet.csv", songs=Path("rows.csv"), tell=told.append)
    np.testing.assert_array_equal(latents.z, np.delete(z, [0, 17], axis=0)[::-1])
    assert latents.songs["era"].tolist() == kept["era"].tolist()
    assert told == ["2 of 96 windows are of no row of rows.csv, and are left out"]
    assert convert_table.main(["birdnet.csv", "latent.parquet"]) == 0
    held = pq.read_table("latent.parquet")
    np.testing.assert_array_equal(np.array(held.column("z").to_pylist(), np.float32), z)
    assert json.loads(held.schema.metadata[b"chingolo"])["written_by"] == "BirdNET-Analyzer"
    assert "written by BirdNET-Analyzer (birdnet.csv)" in found("latent.parquet")["notes"][0]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["1966/9.wav,,"], "row 1: there is no vector of .*1966/9.wav"),
        (["1966/0.wav,,", "1966/0.wav,1,4"], "row 2: no vector is of a window from 1 to 4 s"),
        (["old/1966/0.wav,,", "new/1966/0.wav,,"], "row 2: .*would both be .*1966/0.wav"),
        (["0.wav,,"], "row 1: .*0.wav may be .*1966/0.wav or .*2020/0.wav"),
    ],
)
def test_rows_that_fit_no_window_are_refused(rows: list[str], told: str, folder: Path):
    write_birdnet(*songs())
    Path("rows.csv").write_text("\n".join(["path,start_s,end_s", *rows, ""]))
    with pytest.raises(InputError, match=f"rows.csv: {told}"):
        read_latents("birdnet.csv", songs=Path("rows.csv"))


def test_a_table_is_for_others_vectors_alone(folder: Path, capsys: pytest.CaptureFixture[str]):
    table, z = songs()
    held = pa.Table.from_pandas(table, preserve_index=False)
    pq.write_table(held.append_column("z", pa.array(z.tolist())), "latent.parquet")
    table.to_csv("songs.csv", index=False)
    words = ["latent.parquet", "--songs", "songs.csv", "--out", "report"]
    assert compare_eras.main(words) == 2
    assert "has its own rows" in capsys.readouterr().err
    words = ["songs.csv", "--songs", "songs.csv", "--type-column", "era", "--out", "report"]
    assert compare_eras.main(words) == 2
    assert "--songs is for vectors that others wrote" in capsys.readouterr().err


def test_a_plain_array_with_a_table_of_another_name(folder: Path):
    table, z = songs()
    table.to_csv("field.csv", index=False)
    np.save("songs.npy", z.astype(np.float64))
    latents = read_latents("songs.npy", songs=Path("field.csv"))
    np.testing.assert_array_equal(latents.z, z)
    assert latents.songs["individual"].tolist() == table["individual"].tolist()
