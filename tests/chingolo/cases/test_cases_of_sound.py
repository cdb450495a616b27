"""Cases of users, each by the command that was given: what the recordings hold."""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.space.latent_table import LatentTable, read_latent_table, write_latent_table
from chingolo.scripts import compare_eras, convert_table, embed_songs, find_songs, probe_labels
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.scenes import DEFAULTS, sing_own
from chingolo.train.run.trained_encoder import export_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import SMALL, chirp

RATE = 16_000
BEGIN = round(1.5 * RATE)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are given in the folder of the case."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An encoder as it starts."""
    folder = tmp_path_factory.mktemp("run")
    export_encoder(folder, make_state(make_recipe(SMALL, 0), 0), SMALL, ())
    return str(folder)


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    """A song of the species from 1.5 s on, in 5 s of faint noise."""
    (sung,) = sing_own(load_repertoire("zonotrichia_capensis"), 1, DEFAULTS, 5, RATE)
    wave = np.random.default_rng(0).normal(0, 1e-3, 5 * RATE)
    wave[BEGIN : BEGIN + len(sung)] += 0.3 * sung / np.abs(sung).max()
    return wave


def found(*words: str, out: str = "songs.csv") -> list[float]:
    """Where the songs begin that `find` writes, s."""
    assert find_songs.main([*words, "--out", out]) == 0
    return pd.read_csv(out)["start_s"].tolist()


def test_case_channel_two(run: str):
    sides = [chirp(kind, np.random.default_rng(kind), 22_050, 22_050) / 2 for kind in (0, 1)]
    soundfile.write("two.flac", np.stack(sides, 1), 22_050)
    Path("two.selections.txt").write_text(
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tAnnotation\n"
        "1\tSpectrogram 1\t1\t0.1\t0.9\ttwo.flac\tA\n"
        "2\tSpectrogram 2\t2\t0.1\t0.9\ttwo.flac\tB\n"
    )
    assert convert_table.main(["two.selections.txt", "songs.csv"]) == 0
    for name, side in zip(("left", "right"), sides, strict=True):
        soundfile.write(f"{name}.flac", side, 22_050)
    Path("mono.csv").write_text("path,start_s,end_s\nleft.flac,0.1,0.9\nright.flac,0.1,0.9\n")
    vectors = []
    for table in ("songs", "mono"):
        out = f"{table}.parquet"
        assert embed_songs.main([run, f"{table}.csv", "--out", out]) == 0
        vectors.append(read_latent_table(Path(out)).z)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.abs(vectors[0][0] - vectors[0][1]).max() > 1e-3


def test_case_selection_past_the_end(run: str, capsys):
    soundfile.write("short.flac", np.random.default_rng(0).normal(0, 0.1, 5 * RATE), RATE)
    Path("songs.csv").write_text("path,start_s,end_s\nshort.flac,1.0,2.9\nshort.flac,4.8,7.8\n")
    assert embed_songs.main([run, "songs.csv"]) == 0
    told = capsys.readouterr().err
    assert "1 of 2 songs skipped" in told
    assert "short.flac: a song from 4.8 to 7.8 s ends after the recording (it is 5.000 s)" in told
    assert pd.read_csv("latent.skipped.csv")["row"].tolist() == [2]
    assert embed_songs.main([run, "songs.csv", "--out", "all.parquet", "--strict"]) == 2
    assert not Path("all.parquet").exists()


def test_case_hidden_companion_files(run: str, song: np.ndarray, capsys):
    Path("card").mkdir()
    soundfile.write("card/rec.flac", song, RATE)
    Path("card/._rec.flac").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        \0\2")
    assert found("card") == pytest.approx([1.5], abs=0.1)
    assert "1 songs in 1 recordings" in capsys.readouterr().err
    for kind, name in enumerate(("up", "down")):
        (Path("classes") / name).mkdir(parents=True)
        for take in range(4):
            wave = chirp(kind, np.random.default_rng(take), 11_025, 22_050) / 2
            soundfile.write(f"classes/{name}/{take}.flac", wave, 22_050)
    Path("classes/up/._0.flac").write_bytes(b"\0\5\x16\7")
    assert probe_labels.main([run, "classes"]) == 0
    told = capsys.readouterr()
    assert "embedding 8 sounds" in told.err
    assert '"songs": 8' in told.out


def test_case_rf64_on_standard_input(song: np.ndarray, monkeypatch, capsys):
    stream = io.BytesIO()
    soundfile.write(stream, song, RATE, format="RF64", subtype="PCM_16")
    assert stream.getvalue()[:4] == b"RF64"
    stream.seek(0)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert found("-") == pytest.approx([1.5], abs=0.1)
    assert "1 songs in 5.0 s" in capsys.readouterr().err


def test_case_stereo_of_opposite_phase(song: np.ndarray, capsys):
    noise = np.random.default_rng(1).normal(0, 1e-3, (len(song), 2))
    soundfile.write("rec.flac", np.stack([song, -song], 1) + noise, RATE)
    assert found("rec.flac") == []
    assert "channels cancel each other; choose one with --channel" in capsys.readouterr().err
    for channel in ("1", "2"):
        starts = found("rec.flac", "--channel", channel, out=f"{channel}.csv")
        assert starts == pytest.approx([1.5], abs=0.1)
        assert "cancel" not in capsys.readouterr().err


def test_case_mp3_length_guessed(song: np.ndarray, capsys):
    """Loud at first, at a changing bit rate; saved from a stream, so without a word of length."""
    loud = np.random.default_rng(0).uniform(-0.5, 0.5, 2 * RATE)
    wave = np.concatenate([loud, song, np.zeros(13 * RATE)])
    options: dict = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE"}
    with soundfile.SoundFile("whole.mp3", "w", RATE, 1, **options) as file:
        file.write(wave)
    data = Path("whole.mp3").read_bytes()
    Path("stream.mp3").write_bytes(data.replace(b"Xing", b"\0" * 4).replace(b"Info", b"\0" * 4))
    if soundfile.info("stream.mp3").duration > 19:
        pytest.skip("this decoder does not guess")
    assert find_songs.main(["stream.mp3", "--out", "songs.csv"]) == 2
    assert "an MP3 without its length, guessed as" in capsys.readouterr().err


@pytest.mark.parametrize("songs", [400, 300])
def test_case_four_hundred_equal_songs(songs: int, capsys):
    rows = [
        {
            "path": f"muted_{era}.flac",
            "start_s": 0.6 * song,
            "end_s": 0.6 * song + 0.6,
            "era": era,
            "individual": f"{era}-{song % 8}",
            "site": "north",
        }
        for era in ("1966", "2020")
        for song in range(songs // 2)
    ]
    latents = LatentTable(pd.DataFrame(rows), np.full((songs, 16), 0.25, np.float32), {})
    write_latent_table(latents, "latent.parquet")
    quick = ["--same-recorder", "--permutations", "199", "--bootstraps", "100"]
    assert compare_eras.main(["latent.parquet", *quick, "--out", "report"]) == 0
    told = capsys.readouterr().out
    assert "verdict: refused" in told
    assert f"All {songs} songs have one and the same vector" in told
    assert pd.read_csv("report/songs.csv")["cluster"].nunique() == 1
