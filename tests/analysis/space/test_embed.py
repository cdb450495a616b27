"""Embedding part by part: as one call in memory gives it, whatever interrupts or divides it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

from chingolo.analysis.space import embed_table as embed_parts_module
from chingolo.analysis.space.embed import embed, embed_songs
from chingolo.analysis.space.embed_table import embed_table, embed_to_file
from chingolo.analysis.space.embedder import Embedder, make_embedder
from chingolo.analysis.space.latent_table import LatentTable, read_latent_table
from chingolo.scripts import embed_songs as command
from chingolo.scripts import find_songs
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import read_song_table, write_song_table
from chingolo.train.run.trained_encoder import export_encoder, load_encoder
from chingolo.train.step.state import make_recipe, make_state
from tests.small_training import CHIRPS, SMALL, chirp

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder as it starts, exported; with a classifier."""
    folder = tmp_path_factory.mktemp("run")
    state = make_state(make_recipe(SMALL, len(CHIRPS)), 0)
    export_encoder(folder, state, SMALL, CHIRPS)
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Eleven chirps, one of them longer than a clip, in files of their own."""
    folder = tmp_path_factory.mktemp("songs")
    random = np.random.default_rng(0)
    rows = []
    for song in range(11):
        samples = 22050 if song == 4 else 8000
        soundfile.write(folder / f"{song}.wav", chirp(song % 4, random, samples, 22050), 22050)
        rows.append({"path": f"{song}.wav", "note": "é" if song > 6 else ""})
    pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    return read_song_table(folder / "songs.csv")


@pytest.fixture(scope="module")
def embedder(run: Path) -> Embedder:
    """The encoder, compiled once."""
    return make_embedder(load_encoder(run), batch=4)


@pytest.fixture(scope="module")
def expected(run: Path, table: pd.DataFrame) -> LatentTable:
    """The vectors as one call in memory gives them."""
    return embed_table(table, run)


def same(path: Path, expected: LatentTable) -> None:
    found = read_latent_table(path)
    np.testing.assert_allclose(found.z, expected.z, atol=1e-6)
    assert found.made_by == expected.made_by
    pd.testing.assert_frame_equal(
        found.songs, expected.songs, check_exact=False, atol=1e-5, check_dtype=False
    )


def test_parts_equal_one_call_in_memory(embedder, table, expected, tmp_path):
    out = tmp_path / "latent.parquet"
    assert embed_to_file(table, embedder, out, part_songs=3).written
    same(out, expected)
    assert [path.name for path in tmp_path.iterdir()] == ["latent.parquet"]


def test_songs_in_memory_get_the_vectors_of_their_files(run, table, expected):
    waves = [soundfile.read(path, dtype="float32")[0] for path in table["path"]]
    encoder = load_encoder(run)
    np.testing.assert_allclose(embed(encoder, waves, sample_rate=22050), expected.z, atol=1e-6)
    with pytest.raises(InputError, match=r"song 1: a song of 100 samples is shorter"):
        embed(encoder, [waves[0], waves[0][:100]], sample_rate=22050)
    slower = [soxr.resample(wave, 22050, 32000) for wave in waves[:3]]
    again = embed(encoder, slower, sample_rate=32000)
    assert (np.sum(again * expected.z[:3], axis=1) > 0.98).all()


def test_songs_in_memory_are_heard_in_their_recording(run, tmp_path):
    random = np.random.default_rng(4)
    wave = random.normal(0, 0.01, 44100).astype(np.float32)
    wave[20000:26000] += np.sin(2 * np.pi * 4000 / 22050 * np.arange(6000))
    soundfile.write(tmp_path / "day.wav", wave, 22050, subtype="FLOAT")
    row = {"path": str(tmp_path / "day.wav"), "start_s": 20000 / 22050, "end_s": 26000 / 22050}
    expected = embed_table(pd.DataFrame([row]), run).z
    encoder = load_encoder(run)
    z = embed(encoder, [Excerpt(wave, 20000, 26000), wave[20000:26000]], sample_rate=22050)
    np.testing.assert_allclose(z[:1], expected, atol=1e-6)
    assert np.abs(z[1] - expected).max() > 1e-3  # without its surroundings it is heard otherwise
    faster = Excerpt(soxr.resample(wave, 22050, 44100), 40000, 52000)
    again = embed(encoder, [faster], sample_rate=44100)
    assert np.sum(again * expected) > 0.99


def test_an_encoder_of_before_with_bands_above_nyquist_embeds_and_tells_what_it_hears(tmp_path):
    deaf = replace(SMALL, front_end=replace(SMALL.front_end, sample_rate=16000))
    export_encoder(tmp_path, make_state(make_recipe(deaf, 0), 0), deaf, ())
    encoder = load_encoder(tmp_path)
    assert make_embedder(encoder).about["front_end"] == "64 mels, 1000-8000 Hz"
    wave = chirp(0, np.random.default_rng(0), 8000, 16000)
    assert np.linalg.norm(embed(encoder, [wave], sample_rate=16000)[0]) == pytest.approx(
        1, abs=1e-5
    )
    description = json.loads((tmp_path / "encoder" / "encoder.json").read_text())
    description["preset"]["front_end"]["f_min"] = 9000.0
    (tmp_path / "encoder" / "encoder.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match=r"front_end.f_min=9000: expected below .*f_max=8000"):
        load_encoder(tmp_path)


def test_an_interruption_keeps_whole_parts(embedder, table, expected, tmp_path, monkeypatch):
    out = tmp_path / "latent.parquet"
    broken = Path(table["path"][7])
    content = broken.read_bytes()
    broken.write_bytes(b"no audio")
    with pytest.raises(InputError, match="not audio"):
        embed_to_file(table, embedder, out, part_songs=3)
    broken.write_bytes(content)
    assert not out.exists()
    done = []

    def counting(rows, *arguments, **more):
        done.append(len(rows))
        return embed_songs(rows, *arguments, **more)

    monkeypatch.setattr(embed_parts_module, "embed_songs", counting)
    told = []
    assert embed_to_file(table, embedder, out, part_songs=3, tell=told.append).written
    assert done == [3, 2]
    assert "2 of 4 parts are already there" in told
    same(out, expected)


@pytest.fixture
def faulty(table: pd.DataFrame, tmp_path: Path) -> pd.DataFrame:
    """The table with three songs that have no vector: too short, no audio, gone."""
    (tmp_path / "noise.wav").write_bytes(b"no audio")
    bad = table.iloc[[1, 1, 1]].assign(start_s=0.0, end_s=[0.01, np.nan, np.nan])
    bad["path"] = [table["path"][1], str(tmp_path / "noise.wav"), str(tmp_path / "gone.wav")]
    parts = [table[:2], bad[:1], table[2:6], bad[1:], table[6:]]
    return pd.concat(parts, ignore_index=True)


def test_songs_without_a_vector_are_left_out_and_listed(
    run, faulty, embedder, expected, tmp_path, capsys
):
    out = tmp_path / "latent.parquet"
    write_song_table(faulty, tmp_path / "songs.csv")
    words = [str(run), str(tmp_path / "songs.csv"), "--out", str(out), "--part-songs", "2"]
    assert command.main([*words, "--strict"]) == 2
    assert "row 3 " in capsys.readouterr().err
    assert not out.exists()
    assert command.main(words) == 0
    told = capsys.readouterr()
    assert f"{out}: 11 songs" in told.out
    assert "3 of 14 songs skipped:" in told.err
    found = read_latent_table(out)
    np.testing.assert_allclose(found.z, expected.z, atol=1e-6)
    assert found.songs["path"].tolist() == expected.songs["path"].tolist()
    assert found.songs["predicted_label"].tolist() == expected.songs["predicted_label"].tolist()
    listed = pd.read_csv(tmp_path / "latent.skipped.csv")
    # rows from 1, as in messages; 8 and 9 make a part of their own, without any vector
    assert listed["row"].tolist() == [3, 8, 9]
    assert listed["path"].tolist() == faulty["path"].iloc[[2, 7, 8]].tolist()
    expected_words = ["shorter than one window", "not audio", "no such audio file"]
    for reason, told_of in zip(listed["reason"], expected_words, strict=True):
        assert told_of in reason
    in_memory = embed_table(faulty, run, strict=False)
    np.testing.assert_allclose(in_memory.z, expected.z, atol=1e-6)
    pd.testing.assert_frame_equal(
        in_memory.songs[expected.songs.columns], expected.songs, check_exact=False, atol=1e-5
    )
    with pytest.raises(InputError, match="none of 2 songs can be used; the first: row 8"):
        embed_table(faulty.iloc[[7, 8]], run, strict=False)
    # without faults an older list goes
    assert embed_to_file(faulty[:2], embedder, out).faults == {}
    assert not (tmp_path / "latent.skipped.csv").exists()


def test_a_host_that_died_is_told(embedder, table, expected, tmp_path):
    out = tmp_path / "latent.parquet"
    told = []
    with pytest.raises(InputError, match=r"no part from another host .* 2 are missing"):
        embed_to_file(table, embedder, out, part_songs=3, hosts=2, silence_s=0.05, tell=told.append)
    assert "waiting for 2 parts of other hosts" in told
    assert embed_to_file(table, embedder, out, part_songs=3).written
    same(out, expected)


def test_parts_of_other_songs_are_not_taken_for_these(embedder, table, expected, tmp_path):
    out = tmp_path / "latent.parquet"
    other = table[::-1].reset_index(drop=True)
    # host 1 leaves its part behind, of the songs in another order
    assert not embed_to_file(other, embedder, out, part_songs=6, hosts=2, host=1).written
    assert not embed_to_file(table, embedder, out, part_songs=6, hosts=2, host=1).written
    assert embed_to_file(table, embedder, out, part_songs=6, hosts=2, host=0).written
    same(out, expected)


def test_devices_share_a_batch(run, table, expected, tmp_path):
    """Eight devices of a process of its own give what one gives."""
    write_song_table(table, tmp_path / "songs.csv")
    words = [run, tmp_path / "songs.csv", "--out", tmp_path / "latent.parquet", "--batch", 10]
    done = subprocess.run(
        [sys.executable, "-m", "chingolo.scripts.embed_songs", *map(str, words)],
        cwd=ROOT,
        env={
            **os.environ,
            "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
            "NPROC": "8",
            "JAX_PLATFORMS": "cpu",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    same(tmp_path / "latent.parquet", expected)


def test_command_freezes_a_reference_and_tells_later_songs_by_it(run, table, tmp_path, capsys):
    songs = str(Path(table["path"][0]).parent / "songs.csv")
    out, frozen = str(tmp_path / "latent.parquet"), str(tmp_path / "reference.npz")
    base = [str(run), songs, songs, songs, "--out", out, "--force"]
    assert command.main([*base, "--freeze", frozen, "--min-cluster-size", "3"]) == 0
    assert "clusters" in capsys.readouterr().out
    assert command.main([*base, "--reference", frozen]) == 0
    told = read_latent_table(out).songs
    assert {"cluster", "theme", "theme_probability"} <= set(told.columns)
    assert (told["theme"] != "novel").any()
    assert command.main([*base, "--reference", str(tmp_path / "none.npz")]) == 2
    assert "no such reference" in capsys.readouterr().err
    assert command.main([*base, "--hosts", "2", "--host", "2"]) == 2
    assert "numbered 0 to 1" in capsys.readouterr().err


def test_no_column_of_the_table_is_written_over(run, table, tmp_path, capsys):
    own = {"z": ["0.5", "0.25"], "copies": ["3", "1"], "theme": ["dawn", "dusk"]}
    own |= {"cluster": ["K1", "K2"], "predicted_label": ["A", "B"]}
    songs, out = tmp_path / "songs.csv", tmp_path / "latent.parquet"
    pd.DataFrame({"path": table["path"][:2], **own}).to_csv(songs, index=False)
    frozen = tmp_path / "reference.npz"
    base = [str(run), str(songs)]
    whole = str(Path(table["path"][0]).parent / "songs.csv")
    freeze = ["--freeze", str(frozen), "--min-cluster-size", "3"]
    assert command.main([str(run), whole, whole, whole, "--out", str(out), *freeze]) == 0
    options = ["--out", str(out), "--force", "--reference", str(frozen)]
    assert command.main([*base, *options]) == 0
    assert "'theme' as 'theme_before'" in capsys.readouterr().err
    found = read_latent_table(out)
    for name, values in own.items():
        assert found.songs[f"{name}_before"].tolist() == values
    assert not set(found.songs["theme"]) & {"dawn", "dusk"}
    assert len(found.z) == 2
    # once more, from the latent table itself: its vectors are no columns of anybody's
    again = tmp_path / "again.parquet"
    assert command.main([str(run), str(out), "--out", str(again)]) == 0
    assert "'predicted_label' as 'predicted_label_before_2'" in capsys.readouterr().err
    once_more = read_latent_table(again)
    assert once_more.songs["predicted_label_before"].tolist() == ["A", "B"]
    assert once_more.songs["z_before"].tolist() == own["z"]
    assert "z_before_2" not in once_more.songs
    np.testing.assert_allclose(once_more.z, found.z, atol=1e-6)
    # without --reference its columns are the user's still
    assert command.main([*base, "--out", str(out), "--force"]) == 0
    kept = read_latent_table(out).songs
    assert kept["theme"].tolist() == own["theme"]
    assert kept["cluster"].tolist() == own["cluster"]


def test_silent_songs_are_left_out_and_told(run, table, tmp_path, capsys):
    rows = [0, "silent", 1, "constant", "longer silence"]
    for name, wave in {
        "silent": np.zeros(8000),
        "constant": np.full(8000, 0.25),
        "longer silence": np.zeros(16_000),
    }.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, 22_050)
    songs = pd.DataFrame(
        {
            "path": [table["path"][row] if isinstance(row, int) else f"{row}.wav" for row in rows],
            "mine": rows,
        }
    )
    songs.to_csv(tmp_path / "songs.csv", index=False)
    for part in ("1", "2", "100"):  # parts of silence alone, among others, all in one
        words = [str(run), str(tmp_path / "songs.csv"), "--part-songs", part, "--force"]
        assert command.main([*words, "--out", str(tmp_path / "z.parquet")]) == 0
        said = capsys.readouterr()
        assert "3 of 5 songs skipped:" in said.err
        assert f"row 2 ({tmp_path / 'silent.wav'}): digital silence" in said.err
        listed = pd.read_csv(tmp_path / "z.skipped.csv")
        assert listed["row"].tolist() == [2, 4, 5]
        assert listed["reason"].str.contains("digital silence$|a constant, 0.25 ").all()
        assert ": 2 songs, 16 dimensions" in said.out
        latents = read_latent_table(tmp_path / "z.parquet")
        assert latents.songs["mine"].astype(str).tolist() == ["0", "1"]
        np.testing.assert_allclose(latents.z, embed_table(table, run).z[:2], atol=1e-6)
    assert command.main([*words, "--out", str(tmp_path / "z.parquet"), "--strict"]) == 2
    assert "row 2" in capsys.readouterr().err
    songs[2:3].assign(path="silent.wav").to_csv(tmp_path / "songs.csv", index=False)
    assert command.main([*words, "--out", str(tmp_path / "z.parquet")]) == 2
    told = capsys.readouterr().err
    assert "none of 1 song can be used" in told
    assert "digital silence" in told
    assert not (tmp_path / "z.parquet.parts").exists()
    # repaired, the recording is heard by the same command
    soundfile.write(
        tmp_path / "silent.wav", chirp(0, np.random.default_rng(0), 8000, 22_050), 22_050
    )
    assert command.main([*words, "--out", str(tmp_path / "z.parquet")]) == 0


def test_a_constant_and_a_sample_are_told_as_what_they_are(embedder, tmp_path, capsys):
    waves = {"muted": np.zeros(8000), "constant": np.full(8000, 0.25), "one": np.full(1, 0.5)}
    for name, wave in waves.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, 22_050, subtype="FLOAT")
    table = pd.DataFrame({"path": [str(tmp_path / f"{name}.wav") for name in waves]})
    told = embed_songs(table, embedder, strict=False).faults
    assert told[0].endswith("digital silence")
    assert told[1].endswith("a constant, 0.25 throughout")
    assert "a song of 1 sample is shorter than one window" in told[2]
    find_songs.main([str(tmp_path / f"{name}.wav") for name in waves])
    lines = capsys.readouterr().err.splitlines()
    for name, end in zip(
        waves, ("silent throughout", "a constant, 0.25", "one sample"), strict=True
    ):
        assert any(f"{name}.wav" in line and end in line for line in lines)
