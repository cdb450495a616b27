import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.find.find import load_detector
from chingolo.scripts.workbench import train_detector
from chingolo.synth.score.repertoire import Repertoire
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.spectra.log_mel import mel_power
from chingolo.synth.surrogates.scenes import draw_scenes
from chingolo.synth.surrogates.soundscape import Scene
from chingolo.synth.surrogates.surroundings import named_surroundings
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import write_song_table
from chingolo.train.detector.examples import batches, learnable, recorded_source, synthetic_source
from chingolo.train.detector.settings import DetectorSettings
from chingolo.train.detector.streaming import POWER_FLOOR, log_mel_without_jax
from chingolo.train.detector.train_detector import blank_detector

RATE = 22_050
SURROUNDINGS = named_surroundings(recorders="field-1", birds="songbirds-1", repertoires="shipped-1")


def draw(repertoire: Repertoire) -> list[Scene]:
    return draw_scenes(
        repertoire, seed=3, count=3, sample_rate=RATE, scene_s=6.0, surroundings=SURROUNDINGS
    )


@pytest.fixture(scope="session")
def scenes() -> list[Scene]:
    repertoire = load_repertoire("zonotrichia_capensis")
    return draw(repertoire)


def test_scenes_are_pure_and_true(scenes):
    repertoire = load_repertoire("zonotrichia_capensis")
    again = draw(repertoire)
    for scene, same in zip(scenes, again, strict=True):
        np.testing.assert_array_equal(scene.wave, same.wave)
        assert np.isfinite(scene.wave).all()
        assert ((scene.songs >= 0) & (scene.songs <= 6)).all()
    assert sum(len(scene.songs) for scene in scenes)


def test_targets_lie_where_the_songs_are():
    ear = blank_detector(DetectorSettings())
    wave = np.random.default_rng(0).normal(0, 0.01, 6 * RATE).astype(np.float32)
    scene = Scene(wave, np.array([[1.0, 2.5]]), np.array([[2.0, 4.0]]))
    made = learnable(scene, ear)
    time = ear.first_s + ear.frame_s * np.arange(len(made["target"]))
    inside = time[made["target"][:, 0] == 1]
    assert inside[0] == pytest.approx(1.0, abs=0.03)
    assert inside[-1] == pytest.approx(2.5, abs=0.03)
    assert time[made["target"][:, 1].argmax()] == pytest.approx(1.0, abs=0.02)
    assert time[made["target"][:, 2].argmax()] == pytest.approx(2.5, abs=0.02)
    # the distant song is asked for where it overlaps the near one alone
    assert made["weight"][(time > 2.0) & (time < 2.5)].all()
    assert not made["weight"][(time > 2.52) & (time < 4.0)].any()


@pytest.fixture
def table(scenes, tmp_path) -> pd.DataFrame:
    rows = []
    for number, scene in enumerate(scenes):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, scene.wave, RATE)
        rows += [{"path": str(path), "start_s": a, "end_s": b} for a, b in scene.songs]
    return pd.DataFrame(rows)


def test_recorded_stretches_keep_their_songs(table):
    settings = DetectorSettings()
    for scene in recorded_source(table, settings)[0](0, 6):
        assert len(scene.wave) == 10 * RATE
        assert (scene.songs[:, 1] > 0).all()


def test_recordings_that_cannot_be_read_are_left_out_with_their_songs(table, tmp_path):
    (tmp_path / "noise.wav").write_bytes(b"no audio")
    short = {"path": table["path"].iloc[0], "start_s": 500.0, "end_s": 501.0}
    broken = {"path": str(tmp_path / "noise.wav"), "start_s": 0.0, "end_s": 1.0}
    faulty = pd.concat([table, pd.DataFrame([short, broken])], ignore_index=True)
    with pytest.raises(InputError, match=r"not audio|ends after the recording"):
        recorded_source(faulty, DetectorSettings())
    source, faults = recorded_source(faulty, DetectorSettings(), strict=False)
    of_first = np.flatnonzero(faulty["path"] == table["path"].iloc[0]).tolist()
    assert sorted(faults) == [*of_first, len(table) + 1]
    assert "not audio" in faults[len(table) + 1]
    assert "ends after the recording" in faults[0]
    assert len(source(0, 2)) == 2
    with pytest.raises(InputError, match="none of 1 song can be used"):
        recorded_source(pd.DataFrame([broken]), DetectorSettings(), strict=False)


def test_batches_are_pure_in_seed_and_step(table):
    settings = DetectorSettings(steps=4, batch=2, pool=2, renew_every=1)
    sources = [
        synthetic_source(load_repertoire("zonotrichia_capensis"), SURROUNDINGS, settings),
        recorded_source(table, settings)[0],
    ]
    ear = blank_detector(settings)
    whole = list(batches(settings, sources, ear, seed=1, start=0))
    late = next(iter(batches(settings, sources, ear, seed=1, start=3)))
    for name, value in late.items():
        np.testing.assert_array_equal(value, whole[3][name])


def test_the_command_trains_resumes_and_refuses(table, tmp_path, capsys):
    write_song_table(table, tmp_path / "songs.csv")
    run = tmp_path / "run"
    words = [str(tmp_path / "songs.csv"), "--synthetic", "zonotrichia_capensis", "--out", str(run)]
    words += [
        "--steps",
        "3",
        "--set",
        "batch=2",
        "pool=1",
        "front_end.clip_s=3",
    ]
    assert train_detector.main(words) == 0
    detector = load_detector(run)
    assert detector.about["species"] == "Zonotrichia capensis"
    assert detector.about["trained"]["synthetic"] == "zonotrichia_capensis"
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 2
    assert train_detector.main(words) == 2
    assert train_detector.main([*words, "--resume"]) == 0
    again = load_detector(run)
    assert again.about["sha256"] == detector.about["sha256"]
    with pytest.raises(SystemExit):
        train_detector.main([*words, "--hold-out", "0.5"])  # is for encoders
    assert "--hold-out" in capsys.readouterr().err
    unmarked = table.drop(columns="end_s")
    write_song_table(unmarked, tmp_path / "unmarked.csv")
    words = [str(tmp_path / "unmarked.csv"), "--out", str(tmp_path / "no")]
    assert train_detector.main(words) == 2
    assert "end_s" in capsys.readouterr().err


def test_settings_and_runs_of_older_versions_are_read(table, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    words = ["--synthetic", "zonotrichia_capensis", "--out", str(run), "--steps", "3", "--set"]
    words += ["batch=2", "pool=1", "front_end.clip_s=3", "checkpoint_every=2", "log_every=1"]

    class Killed(Exception):
        pass

    def killing(line: str) -> None:
        if line.startswith("step 3/"):
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(train_detector, "tell", killing)
        with pytest.raises(Killed):
            train_detector.main(words)
    config = json.loads((run / "config.json").read_text())
    older = config["detector"]
    older["channels"], older["width"] = older.pop("convolution_widths"), older.pop("block_width")
    inputs = {name: config["inputs"][name] for name in ("songs", "synthetic")}
    (run / "config.json").write_text(json.dumps({**config, "inputs": inputs}))
    assert train_detector.main([*words, "--resume"]) == 0
    unbroken = [word if word != str(run) else str(tmp_path / "unbroken") for word in words]
    assert train_detector.main(unbroken) == 0
    for name, value in load_detector(tmp_path / "unbroken").arrays.items():
        np.testing.assert_array_equal(value, load_detector(run).arrays[name])
    words[1] = "emberiza_citrinella"
    assert train_detector.main([*words, "--resume"]) == 2
    assert "another synthetic" in capsys.readouterr().err


def test_changed_surroundings_are_noticed(tmp_path, monkeypatch, capsys):
    import chingolo.synth.recorder.recorders as recorders
    import chingolo.synth.score.repertoire as repertoire
    import chingolo.synth.voice.birds as birds

    words = ["--synthetic", "zonotrichia_capensis", "--out", str(tmp_path / "run"), "--steps", "1"]
    words += ["--set", "batch=2", "pool=1", "front_end.clip_s=3"]
    assert train_detector.main(words) == 0
    assert train_detector.main([*words, "--resume"]) == 0
    phone = replace(recorders.PHONE, hiss=51.0)
    finch = replace(birds.ZEBRA_FINCH, gamma=23_999.0)
    yellowhammer = replace(birds.YELLOWHAMMER, gamma=23_999.0)
    for module, name, changed in [
        (recorders, "RECORDERS", {**recorders.RECORDERS, "phone": phone}),
        (birds, "BIRDS", {**birds.BIRDS, "zebra_finch": finch}),
        (repertoire, "BIRDS", {**birds.BIRDS, "yellowhammer": yellowhammer}),
    ]:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, changed)
            assert train_detector.main([*words, "--resume"]) == 2
        assert "another synthetic content" in capsys.readouterr().err
    words[3] = str(tmp_path / "another")
    assert train_detector.main([*words, "--birds", "none-1"]) == 2
    assert "no bird set 'none-1'" in capsys.readouterr().err
    assert train_detector.main(["songs.csv", "--birds", "songbirds-1"]) == 2
    assert "--birds: only --synthetic scenes" in capsys.readouterr().err


def test_the_stream_hears_what_training_would():
    """The log-mel in NumPy, which a live listener needs, beside the one in JAX."""
    settings = DetectorSettings()
    ear, front_end = blank_detector(settings), settings.front_end
    wave = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    ours = log_mel_without_jax(wave, ear, 80)
    # frames of the one begin where the other's, which are centred, begin one hop later
    assert front_end.n_fft == 2 * front_end.hop
    power = np.asarray(mel_power(wave[None], front_end))[0, 1:81]
    np.testing.assert_allclose(ours, np.log(power + POWER_FLOOR), atol=1e-4)
