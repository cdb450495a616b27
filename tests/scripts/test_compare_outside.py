"""`compare` and `report` with an encoder that another package brings."""

import html
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile

from chingolo.scripts import compare_eras, embed_songs
from chingolo.scripts.whole_way import report_recordings
from tests.analysis.space.outside.toy_encoder import ENTRIES, RATE, write_package

FEW = ["--recorders", "2", "--recorders-drawn", "2"]
QUICK = ["--permutations", "99", "--bootstraps", "10"]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two themes, whistles of a third of a second, sung by four birds in each of two eras."""
    folder = tmp_path_factory.mktemp("songs")
    random = np.random.default_rng(0)
    rows = []
    time = np.arange(round(0.35 * RATE)) / RATE
    for era in ("1966", "2020"):
        for bird in range(4):
            for number in range(2):
                hz = (1300, 2700)[number] * random.uniform(0.98, 1.02)
                tone = 0.3 * np.hanning(len(time)) * np.sin(2 * np.pi * hz * time)
                wave = random.normal(0, 2e-3, RATE)
                wave[2000 : 2000 + len(tone)] += tone
                name = f"{era}-{bird}-{number}.wav"
                soundfile.write(folder / name, wave, RATE)
                told = {"era": era, "individual": f"{era}-{bird}", "site": "marsh"}
                rows.append({"path": name, "start_s": 0.25, "end_s": 0.6, **told})
    pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    return folder


@pytest.fixture
def folder(songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(write_package(tmp_path, ENTRIES)))
    monkeypatch.chdir(songs)
    return tmp_path


def test_songs_are_heard_again_by_it_and_the_report_names_it(folder: Path):
    latents, out = folder / "latent.parquet", folder / "report"
    assert embed_songs.main(["bands", "songs.csv", "--out", str(latents)]) == 0
    words = [str(latents), "--run", "bands", "--out", str(out), *FEW, *QUICK]
    assert compare_eras.main([*words, "--min-cluster-size", "4"]) == 0
    results = json.loads((out / "results.json").read_text())
    assert results["run"]["encoder"] == "bands"
    assert results["run"]["recorders"] == 2
    placebo = results["claims"]["repertoire"]["placebo"]
    assert placebo["passed"] in (True, False)
    assert placebo["recorders"] == 2
    page = (out / "report.html").read_text()
    for told in ("encoder bands", "package toy-ears 1.2", "licence MIT", "1 s at 8000 Hz"):
        assert told in page
    assert "claimed only for themes whose share no recorder of the placebo moves as far" in page


def test_vectors_of_another_encoder_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]):
    latents = folder / "latent.parquet"
    assert embed_songs.main(["bands", "songs.csv", "--out", str(latents)]) == 0
    for run in ("toy", "songbird"):
        assert compare_eras.main([str(latents), "--run", run, "--out", str(folder / "r")]) == 2
        assert "not the run that made the latent table" in capsys.readouterr().err


def test_where_too_few_birds_sing_nothing_is_heard_through_recorders(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    table = pd.read_csv("songs.csv")
    few = table[~table["individual"].str.endswith("-3")].copy()  # 3 an era: p >= .1
    few["path"] = [str(Path(name).absolute()) for name in few["path"]]
    few.to_csv(folder / "few.csv", index=False)
    latents, out = folder / "few.parquet", folder / "few"
    assert embed_songs.main(["bands", str(folder / "few.csv"), "--out", str(latents)]) == 0
    words = [str(latents), "--run", "bands", "--out", str(out), *QUICK, "--min-cluster-size", "3"]
    assert compare_eras.main(words) == 0
    told = capsys.readouterr().err
    assert "nothing is heard through recorders" in told
    assert "choosing" not in told
    results = json.loads((out / "results.json").read_text())
    assert results["verdict"] == "refused"
    assert results["claims"]["repertoire"]["reasons"][0].startswith("Too few units")
    assert results["claims"]["repertoire"]["placebo"]["passed"] is None
    assert "Placebo: not made" in (out / "report.html").read_text()


@pytest.mark.slow
def test_the_whole_way_with_it(folder: Path):
    words = ["songs.csv", "--run", "bands", "--out", str(folder / "way"), *QUICK]
    assert report_recordings.main(words) == 0
    told = json.loads((folder / "way" / "report" / "results.json").read_text())["run"]
    assert (told["encoder"], told["recorders_drawn"]) == ("bands", 150)
    z = np.array(pq.read_table(folder / "way" / "latent.parquet").column("z").to_pylist())
    assert z.shape == (16, 24)
    commands = (folder / "way" / "commands.txt").read_text()
    assert "--run bands" in commands
    page = (folder / "way" / "report" / "report.html").read_text()
    assert all(html.escape(line) in page for line in commands.splitlines())
