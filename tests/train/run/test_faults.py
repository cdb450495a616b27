"""What goes wrong on real machines: kills, full disks, damaged files, tables edited midway."""

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest
import soundfile
from flax import serialization

from chingolo.scripts import compare_eras, embed_songs, fit_songs, generate_songs, train_encoder
from tests.conftest import COMPILED_ONCE_S
from tests.small_training import CHIRPS, SMALL, chirp

ROOT = Path(__file__).parents[3]
SETTINGS = [
    "encoder.size=nano",
    "encoder.dimensions=16",
    "method.hidden=32",
    "method.projection=16",
    "method.prototypes=16",
    "front_end.clip_s=0.4",
    "views.shift_s=0.05",
    *(f"views.{name}=0" for name in ("time_mask_s", "frequency_mask", "filter_db", "fader_db")),
    "views.tape_share=0",  # fewer views compile sooner
    "batch=8",
    "log_every=2",
    "checkpoint_every=4",
]

LATE = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Threads of the checkpoints' storage that end after the failure that was told."""


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    rng = np.random.default_rng(7)
    rate = SMALL.front_end.sample_rate
    for index in range(12):
        soundfile.write(folder / f"{index}.wav", chirp(index % 4, rng, 8820, rate) * 0.3, rate)
    paths = [f"{index}.wav" for index in range(12)]
    labels = [CHIRPS[index % 4] for index in range(12)]
    pd.DataFrame({"path": paths, "label": labels}).to_csv(folder / "songs.csv", index=False)
    return folder / "songs.csv"


def words(songs: Path, out: Path, steps: int, *more: str) -> list[str]:
    return [str(songs), "--out", str(out), "--steps", str(steps), "--set", *SETTINGS, *more]


@pytest.fixture(scope="module")
def trained(songs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 12 steps with checkpoints 8 and 12."""
    run = tmp_path_factory.mktemp("runs") / "run"
    assert train_encoder.main(words(songs, run, 12)) == 0
    return run


def weights(run: Path) -> bytes:
    return (run / "encoder" / "weights.msgpack").read_bytes()


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """The error that a command printed: one line."""
    error = capsys.readouterr().err.strip()
    assert len(error.splitlines()) == 1, error
    return error


@LATE
def test_a_truncated_checkpoint_is_told_and_the_one_before_serves(
    trained: Path, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    last = run / "checkpoints" / "12"
    for file in sorted(last.rglob("*"), key=lambda file: -file.stat().st_size)[:1]:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    shutil.rmtree(run / "encoder")
    assert train_encoder.main(words(songs, run, 12, "--resume")) == 0
    assert "checkpoint 12 is damaged; going on from 8" in capsys.readouterr().out
    assert weights(run) == weights(trained)

    for file in (run / "checkpoints").rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:20])
    assert train_encoder.main(words(songs, run, 12, "--resume")) == 2
    assert "does not fit these settings and classes, or is damaged" in told(capsys)


def test_a_run_goes_on_with_the_same_songs_and_settings_alone(
    trained: Path, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    before = sorted(file.name for file in trained.rglob("*"))
    edited = songs.parent / "edited.csv"
    edited.write_text("\n".join(songs.read_text().splitlines()[:-1]) + "\n")
    for changed, expected in [
        (words(edited, trained, 12, "--resume"), "another song tables; resume with the same songs"),
        (words(songs, trained, 13, "--resume"), "other settings"),
        (words(songs, trained, 12, "--resume", "--seed", "1"), "another seed"),
        (words(songs, trained, 12, "--resume", "--label-column", "label"), "another classes"),
        (words(songs, trained, 12, "--resume", "--group-column", "path"), "read with --hold-out"),
        (words(songs, trained, 12, "--resume", "--probe-column", "path"), "read with --hold-out"),
        (words(songs, trained, 12), "already holds a run; add --resume"),
    ]:
        assert train_encoder.main(changed) == 2
        assert expected in told(capsys)
    assert sorted(file.name for file in trained.rglob("*")) == before

    moved = tmp_path / "moved"
    shutil.copytree(songs.parent, moved)
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    assert train_encoder.main(words(moved / songs.name, run, 12, "--resume")) == 0


def test_a_run_killed_before_its_first_checkpoint_or_while_it_wrote_goes_on(
    trained: Path, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copyfile(trained / "config.json", run / "config.json")
    (run / "metrics.jsonl").write_text('{"step": 0, "loss": 1')
    assert train_encoder.main(words(songs, run, 12, "--resume")) == 0
    assert "stopped before its first checkpoint; starting from step 0" in capsys.readouterr().out
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 2, 4, 6, 8, 10, 11]
    assert weights(run) == weights(trained)


@pytest.mark.slow
def test_runs_of_another_model_or_version_are_told(
    trained: Path, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    other = tmp_path / "other"
    assert train_encoder.main(words(songs, other, 4, "encoder.dimensions=8")) == 0
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    shutil.rmtree(run / "checkpoints")
    shutil.copytree(other / "checkpoints", run / "checkpoints")
    capsys.readouterr()
    assert train_encoder.main(words(songs, run, 12, "--resume")) == 2
    assert "checkpoint 4 does not fit these settings" in told(capsys)
    assert (run / "checkpoints" / "4").is_dir()

    shutil.copyfile(other / "encoder" / "weights.msgpack", run / "encoder" / "weights.msgpack")
    embed = [str(run), str(songs), "--out", str(tmp_path / "latent.parquet")]
    assert embed_songs.main(embed) == 2
    assert "weights.msgpack is damaged" in told(capsys)
    for content in ("{}", "[]", "{", '{"sha256": 1}'):
        (run / "encoder" / "encoder.json").write_text(content)
        assert embed_songs.main(embed) == 2
        assert "encoder" in told(capsys)
        (run / "config.json").write_text(content)
        assert train_encoder.main(words(songs, run, 12, "--resume")) == 2
        assert "config.json" in told(capsys)
    assert not (tmp_path / "latent.parquet").exists()


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Files cannot grow beyond `size` bytes, as if the disk were full there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    # the tests' own cache of compiled programs is no file of the run
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 1e9)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", COMPILED_ONCE_S)


def whole_files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


@pytest.mark.slow
@LATE
def test_a_full_disk_is_told_and_a_second_call_goes_on(
    trained: Path, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    generate = ["zonotrichia_capensis", "--out", str(tmp_path / "made"), "--songs", "3"]
    generate += ["--engine", "wavetable", "--sample-rate", "22050"]
    latents = tmp_path / "latent.parquet"
    fitted = tmp_path / "fitted"
    for main, arguments, size, left in [
        (generate_songs.main, generate, 9_000, ["made/generate.json"]),
        (embed_songs.main, [str(trained), str(songs), "--out", str(latents)], 500, []),
        (fit_songs.main, [str(songs), "--out", str(fitted)], 2_000, ["fitted/fit.json"]),
        (train_encoder.main, words(songs, tmp_path / "run", 12), 9_000, ["run/config.json"]),
    ]:
        capsys.readouterr()
        with full_disk(size):
            assert main(arguments) == 2
        error = capsys.readouterr().err
        assert len(error.strip().splitlines()) == 1, error
        assert "written" in error or "full" in error, error
        complete = [name for name in whole_files(tmp_path) if not Path(name).name.startswith(".")]
        assert set(left) <= set(complete), complete
        assert not {"songs.csv", "latent.parquet"} & {Path(name).name for name in complete}
    shutil.rmtree(tmp_path / "fitted")
    assert generate_songs.main(generate) == 0
    assert train_encoder.main([*words(songs, tmp_path / "run", 12), "--resume"]) == 0
    assert weights(tmp_path / "run") == weights(trained)


@pytest.mark.parametrize("where", ["file", "proc"])
def test_a_folder_that_cannot_be_written_is_told(
    where: str, trained: Path, songs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "out" if where == "file" else Path("/proc/nowhere/out")
    latent = tmp_path / "latent.parquet"
    if not latent.exists():
        assert embed_songs.main([str(trained), str(songs), "--out", str(latent)]) == 0
    capsys.readouterr()
    for main, arguments in [
        (generate_songs.main, ["zonotrichia_capensis", "--out", str(out), "--songs", "1"]),
        (fit_songs.main, [str(songs), "--out", str(out)]),
        (train_encoder.main, words(songs, out, 4)),
        (embed_songs.main, [str(trained), str(songs), "--out", str(out / "latent.parquet")]),
        (compare_eras.main, [str(latent), "--out", str(out)]),
    ]:
        assert main(arguments) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert "cannot" in error, error
    assert (tmp_path / "file").read_text() == "in the way"


def environment(folder: Path, devices: int) -> dict[str, str]:
    return {
        **os.environ,
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "NPROC": "8",
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "PYTHONPATH": str(ROOT),
    }


def start(arguments: list[str], folder: Path, devices: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "chingolo", "train", *arguments],
        env=environment(folder, devices),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_two_hosts_train_as_one_does(songs: Path, tmp_path: Path):
    """`chingolo train` itself, on two processes of one device against one process of two."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    together = ["--coordinator", address, "--hosts", "2"]
    running = [start(words(songs, tmp_path / "one", 4), tmp_path, 2)]
    for host in ("0", "1"):
        arguments = words(songs, tmp_path / "two", 4, *together, "--host", host)
        running.append(start(arguments, tmp_path, 1))
    for process in running:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output[-3000:]
    one, two = (
        serialization.msgpack_restore(weights(tmp_path / name))["encoder"]
        for name in ("one", "two")
    )
    leaves = [np.concatenate([x.ravel() for x in flat(tree)]) for tree in (one, two)]
    np.testing.assert_allclose(leaves[0], leaves[1], rtol=1e-5, atol=1e-6)
    assert len((tmp_path / "two" / "metrics.jsonl").read_text().splitlines()) == 3


def flat(tree: Any) -> list[np.ndarray]:
    return [
        x for value in tree.values() for x in (flat(value) if isinstance(value, dict) else [value])
    ]


@pytest.mark.slow
def test_twenty_kills_at_random_moments_change_nothing(songs: Path, tmp_path: Path):
    steps = 1500
    unbroken = start(words(songs, tmp_path / "whole", steps), tmp_path, 1)
    output, _ = unbroken.communicate(timeout=600)
    assert unbroken.returncode == 0, output[-3000:]
    moments = random.Random(20)
    kills = 0
    while True:
        run = tmp_path / "killed"
        resume = ["--resume"] if (run / "config.json").exists() else []
        process = start(words(songs, run, steps, *resume), tmp_path, 1)
        assert process.stdout is not None
        if kills < 20:
            # a quarter of them while it starts, the others while it trains and writes
            if moments.random() > 0.25:
                while "step " not in (line := process.stdout.readline()):
                    assert line, "ended before it was killed"
            time.sleep(moments.uniform(0, 3))
            process.send_signal(signal.SIGKILL)
        output, _ = process.communicate(timeout=600)
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, output[-3000:]
            break
        kills += 1
    assert kills == 20, f"done after {kills} kills: give the run more steps"
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    steps_told = [
        pd.read_json(tmp_path / name / "metrics.jsonl", lines=True)["step"].tolist()
        for name in ("whole", "killed")
    ]
    assert steps_told[0] == steps_told[1]
