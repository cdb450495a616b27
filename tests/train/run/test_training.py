import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.space.embed import cut, embed
from chingolo.analysis.space.embed_table import embed_table
from chingolo.scripts import embed_songs, train_encoder
from chingolo.synth.spectra.clip import clip_of
from chingolo.synth.tables.excerpt import Excerpt
from chingolo.synth.tables.files import InputError
from chingolo.train.data.corpus import Corpus, make_corpus
from chingolo.train.data.read_songs import load_corpus
from chingolo.train.methods.registry import METHODS
from chingolo.train.run.check import fitted_batch
from chingolo.train.run.train_encoder import train, train_in_folder
from chingolo.train.run.trained_encoder import load_encoder
from chingolo.train.settings.change import change, from_dict
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step import state as state_module
from tests.small_training import CHIRPS, SMALL, chirp, chirp_pairs


def quiet(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "small"
    settings = dataclasses.replace(SMALL, steps=40, batch=32)
    train_in_folder(run, settings, corpus=None, source=chirp_pairs, classes=CHIRPS, tell=quiet)
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
    assert from_dict(TrainingSettings, config["preset"]).steps == 40


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

    def go(name: str, tell=quiet, resume: bool = False):
        return train_in_folder(
            tmp_path / name,
            SMALL,
            corpus=corpus,
            source=chirp_pairs,
            classes=CHIRPS,
            resume=resume,
            tell=tell,
        )

    unbroken = go("unbroken")
    with pytest.raises(Killed):
        go("broken", tell=killing)
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


def test_clips_of_short_and_long_songs():
    short, edges = clip_of(np.ones(4, np.float32), 10, 0.5)
    assert short.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert edges == (3, 7)
    song = np.arange(25, dtype=np.float32)
    assert [clip[0] for clip, _ in cut(song, 10)] == [0, 5, 10, 15]
    assert all(len(clip) == 10 and edges == (0, 10) for clip, edges in cut(song, 10))
    assert len(cut(song, 25)) == 1


def test_a_clip_shows_a_song_within_its_recording():
    recording = np.arange(1, 21, dtype=np.float32)
    clip, edges = clip_of(Excerpt(recording, 8, 12), 10, 0.5)
    assert clip.tolist() == list(range(6, 16))
    assert edges == (3, 7)
    clip, edges = clip_of(Excerpt(recording, 1, 5), 10, 1.0)  # the recording begins before it
    assert clip.tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert edges == (6, 10)
    clip, edges = clip_of(Excerpt(recording, 2, 18), 10, 0.0)
    assert clip.tolist() == list(range(3, 13))
    assert edges == (0, 10)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["missing.csv"], "no such song table"),
        ([], "nothing to train on"),
        (["songs.csv", "--preset", "nonsense"], "no preset 'nonsense'"),
        (["songs.csv", "--preset", "detector"], "trained by `chingolo train-detector`"),
        (["songs.csv", "--recorders", "field-1"], "only --synthetic songs draw from a set"),
        (["--synthetic", "zonotrichia_capensis", "--recorders", "none-1"], "no recorder set"),
        (["--synthetic", "zonotrichia_capensis", "--label-column", "label"], "is for song tables"),
        (["songs.csv", "--set", "method.name=vicreg", "method.koleo=0.1"], "vicreg has no 'koleo'"),
        (["songs.csv", "--set", "method.name=simclr", "views.local_views=1"], "no use of local"),
        (["songs.csv", "--set", "milestones=0.5"], "milestones: read with 'multi_step'"),
        (["songs.csv", "--set", "views.local_s=0.2"], "local_s: read with views.local_views"),
        (["songs.csv", "--set", "method.centre_momentum=0.5"], "read with 'centre'"),
        (["songs.csv", "--set", "method.label_weight=5"], "label_weight: read with labels"),
        (["songs.csv", "--set", "method.bottleneck=3"], "bottleneck: read with labels"),
        (
            ["songs.csv", "--set", "method.name=supervised"],
            "needs two classes: give --label-column",
        ),
        (["songs.csv", "--label-column", "dialect"], "--label-column: no column 'dialect'"),
        (["songs.csv", "--pair-column", "song"], "--pair-column: no column 'song'"),
        (
            ["songs.csv", "--hold-out", "0.5", "--group-column", "nest"],
            "--group-column: no column 'nest'",
        ),
        (
            ["songs.csv", "--hold-out", "0.5", "--group-column", "path", "--probe-column", "age"],
            "--probe-column: no column 'age'",
        ),
        (["songs.csv", "--steps", "0"], "expected at least 1"),
        (["songs.csv", "--resume"], "not a training run"),
        (["one.csv"], "one song alone"),
        (["short.csv", "--strict"], "shorter than one window"),
        (["short.csv"], "one song alone"),
        (["songs.csv", "--workers", "2"], "they sing --synthetic songs alone"),
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
        train_in_folder(trained, SMALL, corpus=None, source=chirp_pairs, classes=CHIRPS, tell=quiet)
    with pytest.raises(InputError, match="other settings"):
        train_in_folder(
            trained, SMALL, corpus=None, source=chirp_pairs, classes=CHIRPS, resume=True,
            tell=quiet,
        )  # fmt: skip


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path):
    def broken(seed: int, count: int):
        first, second, theme = chirp_pairs(seed, count)
        first[0, 0] = np.nan
        return first, second, theme

    with pytest.raises(InputError, match="stopped being finite between steps 0 and"):
        train_in_folder(
            tmp_path / "run", SMALL, corpus=None, source=broken, classes=CHIRPS, tell=quiet
        )
    assert not (tmp_path / "run" / "encoder").exists()


@pytest.mark.slow
def test_a_full_disk_is_told(tmp_path: Path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.jsonl").symlink_to(full)
    with pytest.raises(InputError, match=r"cannot be written .*No space left"):
        train_in_folder(tmp_path / "run", SMALL, corpus=None, source=chirp_pairs, tell=quiet)


def test_one_class_and_clips_below_a_patch_are_told(tmp_path: Path):
    alone = change(SMALL, ("method.name=supervised",))
    with pytest.raises(InputError, match="one class only, 'up'"):
        train_in_folder(tmp_path / "a", alone, corpus=None, source=chirp_pairs, classes=("up",))
    short = change(SMALL, ("front_end.clip_s=0.03",))
    with pytest.raises(InputError, match="shorter than a patch"):
        train_in_folder(tmp_path / "b", short, corpus=None, source=chirp_pairs)
    with pytest.raises(InputError, match="give --distill-from RUN"):
        train_in_folder(tmp_path / "c", change(SMALL, ("method.name=distill",)), corpus=None,
              source=chirp_pairs)  # fmt: skip
    assert not list(tmp_path.iterdir())


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
        embed_table(table, trained)


def test_labels_of_songs_are_read_only_when_asked(songs: Path):
    from chingolo.synth.tables.song_table import read_song_table

    table = read_song_table(songs)
    assert (load_corpus(table, SMALL.front_end).label == -1).all()
    asked = load_corpus(table, SMALL.front_end, label_column="label", classes=CHIRPS)
    assert asked.label.tolist() == [0, 1, 2, 3] * 6


def chirp_waves(count: int = 24) -> tuple[list[np.ndarray], list[str]]:
    """Chirps in memory, and their names."""
    rng = np.random.default_rng(7)
    rate = SMALL.front_end.sample_rate
    waves = [chirp(index % 4, rng, 8820, rate) for index in range(count)]
    return waves, [CHIRPS[index % 4] for index in range(count)]


@pytest.mark.slow
def test_songs_in_memory_are_trained_on_and_embedded_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    waves, names = chirp_waves()
    settings = dataclasses.replace(SMALL, steps=4)
    rate = settings.front_end.sample_rate
    told = []
    encoder = train(
        waves, sample_rate=rate, settings=settings, labels=names, seed=2, tell=told.append
    )
    assert not list(tmp_path.iterdir())
    assert encoder.classes == tuple(sorted(CHIRPS))
    assert told[-1].startswith("step 4/4")
    z = embed(encoder, waves, sample_rate=rate)
    assert z.shape == (24, 16)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1.0, rtol=1e-5)
    out = tmp_path / "run"
    again = train(waves, sample_rate=rate, settings=settings, labels=names, seed=2, out=out)
    assert again.hash == encoder.hash == load_encoder(out).hash
    np.testing.assert_array_equal(embed(load_encoder(out), waves, sample_rate=rate), z)


@pytest.mark.slow
def test_another_encoder_is_learnt_from_where_the_method_does(trained: Path):
    waves, _ = chirp_waves()
    rate = SMALL.front_end.sample_rate
    other = load_encoder(trained)
    settings = change(SMALL, ("method.name=distill", "steps=2"))
    encoder = train(waves, sample_rate=rate, settings=settings, distill_from=other)
    assert encoder.settings.method.name == "distill"
    with pytest.raises(InputError, match="dino learns from no other encoder"):
        train(waves, sample_rate=rate, settings=SMALL, distill_from=other)
    longer = change(settings, ("front_end.clip_s=0.5",))
    with pytest.raises(InputError, match=r"hears clips of 0.4 s .* these settings 0.5 s"):
        train(waves, sample_rate=rate, settings=longer, distill_from=other)


def as_before(settings: TrainingSettings) -> dict:
    """Settings as older versions wrote them: those of every method and encoder, former names."""
    old = json.loads(json.dumps(dataclasses.asdict(settings)))
    for method in METHODS.values():
        old["method"] = (
            json.loads(json.dumps(dataclasses.asdict(method.settings()))) | old["method"]
        )
    old["method"]["prototypes"] = getattr(settings.method, "prototypes", 48)
    old["method"]["target"] = old["method"].pop("assignment")
    old["encoder"]["patch"] = "square"
    return old


@pytest.mark.parametrize("name", ["dino", pytest.param("simclr", marks=pytest.mark.slow)])
def test_runs_of_older_versions_load_and_go_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = change(SMALL, (f"method.name={name}",))

    class Killed(Exception):
        pass

    def killing(line: str) -> None:
        if line.startswith("step 5/"):
            raise Killed

    def go(run: str, tell=quiet, resume: bool = False, **inputs):
        return train_in_folder(
            tmp_path / run,
            settings,
            corpus=None,
            source=chirp_pairs,
            resume=resume,
            inputs={"songs": [], "synthetic": "chirps", **inputs},
            tell=tell,
        )

    if name == "simclr":  # had prototypes in its settings, and a centre for them
        monkeypatch.setattr(state_module, "CENTRE", 48)
    unbroken = go("unbroken")
    with pytest.raises(Killed):
        go("broken", tell=killing)
    file = tmp_path / "broken" / "config.json"
    config = json.loads(file.read_text())
    config["preset"] = as_before(settings)
    file.write_text(json.dumps(config))
    monkeypatch.undo()
    # inputs that the older version did not write are not compared
    resumed = go("broken", resume=True, recorders="field-1", synthetic_content="0123")
    jax.tree.map(np.testing.assert_array_equal, unbroken, resumed)

    file = tmp_path / "broken" / "encoder" / "encoder.json"
    description = json.loads(file.read_text())
    description["preset"] = as_before(settings)
    file.write_text(json.dumps(description))
    loaded = load_encoder(tmp_path / "broken")
    assert loaded.settings == settings
    waves, _ = chirp_waves(4)
    rate = settings.front_end.sample_rate
    np.testing.assert_array_equal(
        embed(loaded, waves, sample_rate=rate),
        embed(load_encoder(tmp_path / "unbroken"), waves, sample_rate=rate),
    )


@pytest.mark.slow
def test_a_changed_instrument_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    import chingolo.synth.recorder.recorders as recorders
    import chingolo.synth.score.repertoire as repertoire

    words = ["--synthetic", "zonotrichia_capensis", "--out", str(tmp_path / "run"), "--steps", "1"]
    words += ["--set", "batch=2", "pool=1", "encoder.size=nano", "encoder.dimensions=8"]
    assert train_encoder.main(words) == 0
    bird = repertoire.BIRDS["rufous_collared_sparrow"]
    for module, name, changed in [
        (
            repertoire,
            "BIRDS",
            {**repertoire.BIRDS, bird.name: dataclasses.replace(bird, gamma=23_999.0)},
        ),
        (
            recorders,
            "RECORDERS",
            {**recorders.RECORDERS, "phone": dataclasses.replace(recorders.PHONE, hiss=51.0)},
        ),
    ]:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, changed)
            assert train_encoder.main([*words, "--resume"]) == 2
        assert "another synthetic content" in capsys.readouterr().err


def test_a_corpus_below_the_batch_size_is_never_repeated_within_it(tmp_path: Path):
    waves, _ = chirp_waves(5)
    told: list[str] = []
    settings = dataclasses.replace(SMALL, steps=1)
    encoder = train(
        waves, sample_rate=22050, settings=settings, out=tmp_path / "few", tell=told.append
    )
    assert told[0] == "5 songs can stand in a batch, each once: batches of 5 in place of 16"
    assert encoder.settings.batch == load_encoder(tmp_path / "few").settings.batch == 5
    told.clear()
    corpus = make_corpus(waves[:2])
    assert fitted_batch(settings, corpus, synthetic=True, tell=told.append) == settings
    assert told == [
        "2 songs can stand in a batch, each once: 2 of 16 are recorded and 14 synthetic"
    ]
    twice = make_corpus(waves[:5], pairs=["a", "a", "a", "a", ""])  # two pairs and a single song
    assert fitted_batch(settings, twice, synthetic=False).batch == 3
    enough = make_corpus(waves[:4] * 4)
    assert fitted_batch(settings, enough, synthetic=False, tell=told.append) == settings
    assert len(told) == 1


def test_batches_of_few_songs_are_divided_among_the_devices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jax, "device_count", lambda: 4)
    corpus = make_corpus(chirp_waves(7)[0])
    assert fitted_batch(SMALL, corpus, synthetic=False).batch == 4
    with pytest.raises(InputError, match="3 songs can stand in a batch, each once, and 4 devices"):
        fitted_batch(SMALL, corpus.choose(np.arange(3)), synthetic=False)
