import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
import soundfile

from analysis.embed import cut, embed
from scripts import embed_songs, train_encoder
from synth.files import InputError
from tests.small_training import CHIRPS, SMALL, chirp, chirp_pairs
from train.checkpoint import load_encoder
from train.data import Corpus, batches, fit_clip, load_corpus, prefetch
from train.loop import train
from train.presets import PRESETS, Preset, from_dict
from train.state import make_recipe, make_state


def quiet(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "small"
    preset = dataclasses.replace(SMALL, steps=40, batch=32)
    train(run, preset, corpus=None, source=chirp_pairs, classes=CHIRPS, report=quiet)
    return run


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    rng = np.random.default_rng(7)
    rows = []
    for index in range(24):
        kind = index % 4
        rate = SMALL.front_end.sample_rate
        soundfile.write(folder / f"{index}.wav", chirp(kind, rng, 8820, rate) * 0.3, rate)
        rows.append({"path": f"{index}.wav", "label": CHIRPS[kind], "individual": str(index // 8)})
    pd.DataFrame(rows).to_csv(folder / "songs.csv", index=False)
    return folder / "songs.csv"


def test_trained_encoder_tells_chirps_apart(trained: Path, songs: Path, tmp_path: Path):
    out = tmp_path / "latent.parquet"
    assert embed_songs.main([str(trained), str(songs), "--out", str(out)]) == 0
    table = pd.read_parquet(out)
    z = np.stack(table["z"].tolist())
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1.0, rtol=1e-5)
    assert (table["predicted_label"] == table["label"]).mean() > 0.9
    cosines = z @ z.T - 2 * np.eye(len(z))
    nearest = table["label"].to_numpy()[cosines.argmax(axis=1)]
    assert (nearest == table["label"]).mean() > 0.9


def test_metrics_and_config_are_readable(trained: Path):
    lines = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [*range(0, 40, 2), 39]
    assert lines[-1]["labels"] < lines[0]["labels"]
    config = json.loads((trained / "config.json").read_text())
    assert from_dict(Preset, config["preset"]).steps == 40


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_survive_json(name: str):
    preset = PRESETS[name]
    assert from_dict(Preset, json.loads(json.dumps(dataclasses.asdict(preset)))) == preset


def test_teacher_starts_as_a_copy_and_trails():
    recipe = make_recipe(SMALL, 4)
    state = make_state(recipe, 0)
    for ours, theirs in zip(
        jax.tree.leaves(state.params), jax.tree.leaves(state.teacher), strict=True
    ):
        assert ours.unsafe_buffer_pointer() != theirs.unsafe_buffer_pointer()
        np.testing.assert_array_equal(ours, theirs)


def test_resume_equals_unbroken(tmp_path: Path):
    class Killed(Exception):
        pass

    def killing(line: str) -> None:
        if line.startswith("step 5/"):
            raise Killed

    rng = np.random.default_rng(3)
    rate = SMALL.front_end.sample_rate
    recorded = [chirp(i % 4, rng, 8000 + 300 * i, rate) for i in range(5)]
    corpus = Corpus(songs=recorded, label=np.full(5, -1, np.int32))

    def go(name: str, report=quiet, resume: bool = False):
        return train(
            tmp_path / name,
            SMALL,
            corpus=corpus,
            source=chirp_pairs,
            classes=CHIRPS,
            resume=resume,
            report=report,
        )

    unbroken = go("unbroken")
    with pytest.raises(Killed):
        go("broken", report=killing)
    resumed = go("broken", resume=True)
    assert int(resumed.step) == SMALL.steps
    jax.tree.map(np.testing.assert_array_equal, unbroken, resumed)
    steps = [
        [
            json.loads(line)["step"]
            for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()
        ]
        for name in ("unbroken", "broken")
    ]
    assert steps[1] == [0, 2, 4, 5]
    assert steps[0] == [0, 2, 4, 5]


def test_order_is_pure_in_seed_and_step():
    rate = SMALL.front_end.sample_rate
    rng = np.random.default_rng(0)
    corpus = Corpus(
        songs=[chirp(i % 4, rng, 9000, rate) for i in range(7)], label=np.arange(7, dtype=np.int32)
    )
    whole = list(batches(SMALL, corpus, chirp_pairs, seed=5, start=0))
    late = list(prefetch(batches(SMALL, corpus, chirp_pairs, seed=5, start=4)))
    for ours, theirs in zip(whole[4:], late, strict=True):
        for name, value in ours.items():
            np.testing.assert_array_equal(value, theirs[name])
    only = list(batches(SMALL, corpus, None, seed=5, start=0))
    seen = np.concatenate([batch["label"] for batch in only])
    assert np.bincount(seen[:91]).tolist() == [13] * 7  # whole rounds, each song once


def test_clips_of_short_and_long_songs():
    short = fit_clip(np.ones(4, np.float32), 10, 0.5)
    assert short.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    song = np.arange(25, dtype=np.float32)
    assert [clip[0] for clip in cut(song, 10)] == [0, 5, 10, 15]
    assert all(len(clip) == 10 for clip in cut(song, 10))
    assert len(cut(song, 25)) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["missing.csv"], "no such song table"),
        ([], "nothing to train on"),
        (["songs.csv", "--preset", "nonsense"], "no preset 'nonsense'"),
        (["songs.csv", "--label-column", "dialect"], "no column 'dialect'"),
        (["songs.csv", "--steps", "0"], "expected at least 1"),
        (["songs.csv", "--resume"], "not a training run"),
        (["one.csv"], "one song alone"),
        (["short.csv"], "shorter than one window"),
        (["nan.csv"], "not finite"),
        (["text.csv"], "not audio"),
    ],
)
def test_bad_input_to_train_is_one_line(
    words: list[str],
    expected: str,
    songs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    folder = songs.parent
    (folder / "one.csv").write_text("path\n0.wav\n")
    (folder / "short.csv").write_text("path,start_s,end_s\n0.wav,0.1,0.105\n1.wav,,\n")
    (folder / "nan.csv").write_text("path\nnan.wav\n")
    soundfile.write(folder / "nan.wav", np.full(9000, np.nan, np.float32), 22050, subtype="FLOAT")
    (folder / "text.csv").write_text("path\nsongs.csv\n")
    monkeypatch.chdir(folder)
    out = tmp_path / "run"
    assert train_encoder.main([*words, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.strip().splitlines()) == 1
    assert not out.exists() or not list(out.iterdir())


def test_a_run_is_not_overwritten_and_not_resumed_with_other_settings(trained: Path):
    with pytest.raises(InputError, match="already holds a run"):
        train(trained, SMALL, corpus=None, source=chirp_pairs, classes=CHIRPS, report=quiet)
    with pytest.raises(InputError, match="another preset"):
        train(
            trained, SMALL, corpus=None, source=chirp_pairs, classes=CHIRPS, resume=True,
            report=quiet,
        )  # fmt: skip


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path):
    def broken(seed: int, count: int):
        first, second, theme = chirp_pairs(seed, count)
        first[0, 0] = np.nan
        return first, second, theme

    with pytest.raises(InputError, match="stopped being finite between steps 0 and"):
        train(tmp_path / "run", SMALL, corpus=None, source=broken, classes=CHIRPS, report=quiet)
    assert not (tmp_path / "run" / "encoder").exists()


def test_damaged_and_missing_encoders_are_told(trained: Path, songs: Path, tmp_path: Path):
    with pytest.raises(InputError, match="no such run"):
        load_encoder(tmp_path / "nothing")
    copy = tmp_path / "encoder"
    copy.mkdir()
    for name in ("encoder.json", "weights.msgpack"):
        (copy / name).write_bytes((trained / "encoder" / name).read_bytes())
    assert load_encoder(copy).classes == CHIRPS
    (copy / "weights.msgpack").write_bytes(b"damage")
    with pytest.raises(InputError, match="damaged"):
        load_encoder(copy)
    table = pd.DataFrame({"path": [str(songs.parent / "0.wav")], "start_s": [0.0], "end_s": [0.01]})
    with pytest.raises(InputError, match=r"row 1 .* shorter than one window"):
        embed(table, trained)


def test_labels_of_songs_are_read_only_when_asked(songs: Path):
    from synth.songs import read_song_table

    table = read_song_table(songs)
    assert (load_corpus(table, SMALL.front_end).label == -1).all()
    asked = load_corpus(table, SMALL.front_end, label_column="label", classes=CHIRPS)
    assert asked.label.tolist() == [0, 1, 2, 3] * 6
