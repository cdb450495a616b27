import dataclasses
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.analysis.space.embed import cut, embed
from chingolo.scripts import embed_songs, train_encoder
from chingolo.synth.spectra.clip import fit_clip
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.song_table import song_reference
from chingolo.train.data.batches import batches, prefetch, recorded_batch
from chingolo.train.data.corpus import Corpus, balanced_weight, load_corpus, split_by_group
from chingolo.train.run.loop import train, vectors
from chingolo.train.run.probe import collapse, neighbour_accuracy
from chingolo.train.run.trained_encoder import load_encoder
from chingolo.train.settings.presets import PRESETS
from chingolo.train.settings.training import Preset, change, from_dict
from chingolo.train.step.state import make_recipe, make_state, rate_schedule
from chingolo.train.step.step import step
from tests.small_training import CHIRPS, SMALL, chirp, chirp_pairs, compiled_once


@pytest.fixture(scope="module", autouse=True)
def compile_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One program compiles once, however many runs of these tests use it."""
    with compiled_once(tmp_path_factory.mktemp("cache")):
        yield


def quiet(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "small"
    preset = dataclasses.replace(SMALL, steps=40, batch=32)
    train(run, preset, corpus=None, source=chirp_pairs, classes=CHIRPS, tell=quiet)
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


QUICK = [
    ("method.name=dino", "method.target=centre", "views.local_views=2", "views.local_s=0.2"),
    ("method.name=msn", "encoder.kind=vit", "views.crop_frames=48"),
]
OTHERS = [
    ("method.name=msn",),
    ("method.name=byol", "accumulate=2"),
    ("method.name=simclr", "compute=bfloat16", "encoder.dropout=0.1"),
    ("method.name=vicreg", "schedule=multi_step", "encoder.initialisation=kaiming"),
    ("method.name=supervised", "method.multilabel=true"),
    ("method.name=autoencoder", "encoder.dimensions=3"),
    ("method.name=distill", "front_end.noise=pcen"),
    ("method.name=dino", "encoder.kind=vit", "encoder.patch=overlapping"),
    ("method.name=simclr", "encoder.kind=vit", "encoder.patch=band"),
]


@pytest.mark.parametrize(
    "settings",
    # each compiles a step of its own, which is what takes the time
    [*QUICK, *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)],
    ids=" ".join,
)
def test_every_method_and_encoder_takes_steps(settings: tuple[str, ...], trained: Path):
    preset = change(SMALL, (*settings, "steps=5"))
    distilled, targets = None, 0
    if preset.method.name == "distill":
        distilled, targets = partial(vectors, load_encoder(trained)), 16
    classes = 4 if preset.method.name in ("supervised", "dino") else 0
    recipe = make_recipe(preset, classes, distilled=distilled, targets=targets)
    before = make_state(recipe, 0)
    advance = jax.jit(partial(step, recipe))
    state, metrics = before, {}
    for batch in batches(preset, None, chirp_pairs, seed=1, start=0, classes=classes):
        state, metrics = advance(state, batch)
        assert np.isfinite(float(metrics["loss"]))
    assert float(metrics["gradient_norm"]) > 0
    for old, new in ((before.params, state.params), (before.teacher, state.teacher)):
        moved = jax.tree.map(lambda a, b: float(abs(a - b).max()), old, new)
        assert all(value > 0 for value in jax.tree.leaves(moved["encoder"]))


def test_settings_are_changed_by_name_and_refused_by_name():
    changed = change(SMALL, ("method.name=byol", "views.crop_scale=0.3,1.0", "steps=7"))
    assert (changed.method.name, changed.views.crop_scale, changed.steps) == ("byol", (0.3, 1.0), 7)
    for wrong, expected in [
        ("method.name=nonsense", "expected one of dino"),
        ("method.colour=red", "no 'colour'"),
        ("steps=many", "expected a int"),
        ("method=dino", "expected method.NAME=VALUE"),
    ]:
        with pytest.raises(InputError, match=expected):
            change(SMALL, (wrong,))


def test_a_stepped_schedule_falls_at_its_milestones():
    preset = change(SMALL, ("schedule=multi_step", "steps=100", "warmup=0.1", "learning_rate=1"))
    rate = [np.asarray(rate_schedule(preset)(count)) for count in (0, 5, 10, 19, 21, 41, 61, 81)]
    np.testing.assert_allclose(rate, [0, 0.5, 1, 1, 0.1, 0.01, 1e-3, 1e-4], rtol=1e-5)


def test_whole_birds_are_held_out():
    groups = [f"bird {i % 9}" for i in range(60)]
    held = split_by_group(groups, 0.25, seed=1)
    assert 0.2 <= held.mean() <= 0.4
    assert not {g for g, h in zip(groups, held, strict=True) if h} & {
        g for g, h in zip(groups, held, strict=True) if not h
    }
    with pytest.raises(InputError, match="all songs are of one group"):
        split_by_group(["a"] * 5, 0.2, seed=0)


def test_renditions_pair_up_and_weights_balance():
    corpus = Corpus(
        songs=[np.full(9000, value, np.float32) for value in (1, 2, 3, 4)],
        label=np.array([0, 0, 0, 1], np.int32),
        renditions=[np.array([0, 2]), np.array([1]), np.array([0, 2]), np.array([3])],
        weight=balanced_weight(["a", "a", "a", "b"]),
    )
    drawn = recorded_batch(corpus, SMALL.front_end, seed=0, step=0, count=400)
    assert 0.4 < drawn["label"].mean() < 0.6
    both = zip(drawn["first"], drawn["second"], strict=True)
    pairs = {(first.max(), second.max()) for first, second in both}
    assert pairs == {(1, 3), (3, 1), (2, 2), (4, 4)}
    chosen = corpus.choose(np.array([1, 2]))
    assert [rows.tolist() for rows in chosen.renditions or []] == [[0], [1]]


def test_recordings_pair_up_with_their_resyntheses(tmp_path: Path):
    soundfile.write(tmp_path / "day.wav", np.ones(22_050), 22_050)
    table = pd.DataFrame({"path": [str(tmp_path / "day.wav")] * 4})
    table = table.assign(start_s=[0.0, 0.5, 0.0, 0.25], end_s=[0.25, 0.75, 0.25, 0.5])
    reference = song_reference(table.iloc[1])
    assert reference.endswith("day.wav#t=0.5,0.75")
    table["fitted_from"] = ["", None, reference, reference]
    corpus = load_corpus(table, SMALL.front_end, pair_column="fitted_from")
    assert [rows.tolist() for rows in corpus.renditions or []] == [[0], *[[1, 2, 3]] * 3]
    with pytest.raises(InputError, match="fitted_from"):
        load_corpus(table.drop(columns="fitted_from"), SMALL.front_end, pair_column="fitted_from")


def test_collapse_is_told():
    well = {"effective_rank": 9.0, "prototypes_used": 9.0, "teacher_entropy": 1.0}
    assert collapse(well, SMALL) is None
    assert "on a line" in str(collapse(well | {"effective_rank": 1.1}, SMALL))
    assert "one prototype" in str(collapse(well | {"prototypes_used": 1.2}, SMALL))
    assert "uniform" in str(collapse(well | {"teacher_entropy": float(np.log(16))}, SMALL))


def test_probe_counts_neighbours_of_other_groups_only():
    z = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
    label = np.array(["a", "b", "b", "a"])
    assert neighbour_accuracy(z, label, np.array([0, 0, 1, 1])) == 0.5
    label = np.array(["a", "a", "b", "b"])
    assert neighbour_accuracy(z, label, np.array([0, 0, 1, 1])) == 0.0
    assert neighbour_accuracy(z, label, np.arange(4)) == 1.0


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

    def go(name: str, tell=quiet, resume: bool = False):
        return train(
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
    hosts = [
        list(batches(SMALL, corpus, chirp_pairs, seed=5, start=0, own=own))
        for own in (range(5), range(5, 16))
    ]
    for ours, *parts in zip(whole, *hosts, strict=True):
        for name, value in ours.items():
            np.testing.assert_array_equal(value, np.concatenate([part[name] for part in parts]))
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
        train(trained, SMALL, corpus=None, source=chirp_pairs, classes=CHIRPS, tell=quiet)
    with pytest.raises(InputError, match="another preset"):
        train(
            trained, SMALL, corpus=None, source=chirp_pairs, classes=CHIRPS, resume=True,
            tell=quiet,
        )  # fmt: skip


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path):
    def broken(seed: int, count: int):
        first, second, theme = chirp_pairs(seed, count)
        first[0, 0] = np.nan
        return first, second, theme

    with pytest.raises(InputError, match="stopped being finite between steps 0 and"):
        train(tmp_path / "run", SMALL, corpus=None, source=broken, classes=CHIRPS, tell=quiet)
    assert not (tmp_path / "run" / "encoder").exists()


def test_a_full_disk_is_told(tmp_path: Path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.jsonl").symlink_to(full)
    with pytest.raises(InputError, match=r"cannot be written .*No space left"):
        train(tmp_path / "run", SMALL, corpus=None, source=chirp_pairs, tell=quiet)


def test_one_class_and_clips_below_a_patch_are_told(tmp_path: Path):
    alone = change(SMALL, ("method.name=supervised",))
    with pytest.raises(InputError, match="one class only, 'up'"):
        train(tmp_path / "a", alone, corpus=None, source=chirp_pairs, classes=("up",))
    short = change(SMALL, ("front_end.clip_s=0.05",))
    with pytest.raises(InputError, match="shorter than a patch"):
        train(tmp_path / "b", short, corpus=None, source=chirp_pairs)
    with pytest.raises(InputError, match="give --teacher RUN"):
        train(tmp_path / "c", change(SMALL, ("method.name=distill",)), corpus=None,
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
        embed(table, trained)


def test_labels_of_songs_are_read_only_when_asked(songs: Path):
    from chingolo.synth.tables.song_table import read_song_table

    table = read_song_table(songs)
    assert (load_corpus(table, SMALL.front_end).label == -1).all()
    asked = load_corpus(table, SMALL.front_end, label_column="label", classes=CHIRPS)
    assert asked.label.tolist() == [0, 1, 2, 3] * 6
