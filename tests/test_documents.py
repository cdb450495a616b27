"""Every command that a page prints is parsed in the default run, and run as printed when slow.

Blocks of `console` hold commands after `$ `; blocks of `sh` commands to type; of `yaml`, files that
their first line names.
"""

import importlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import tyro
import yaml

from benchmarks import truth
from chingolo.__main__ import COMMANDS
from chingolo.analysis.space.latent_table import read_latent_table
from chingolo.synth.score.repertoire_file import load_repertoire
from chingolo.synth.surrogates.generate_songs import generate_songs
from chingolo.synth.surrogates.sing_songs import SongRequest
from chingolo.synth.tables.annotations import read_annotations, write_annotations
from chingolo.synth.tables.song_table import read_song_table, write_song_table
from chingolo.train.run import train_encoder
from chingolo.train.settings.change import change
from chingolo.train.settings.presets import CPU

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text()) if kind in languages]


def commands(page: Path) -> list[str]:
    """Every line that calls `chingolo`, `make` or `python`, with continued lines joined."""
    found = []
    for block in blocks(page, "console", "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = line.strip().removeprefix("$ ").split("#")[0].removesuffix("&").strip()
            words = re.sub(r"^(\w+=\S+ )+", "", words)
            if words.startswith(("chingolo ", "make ", ".venv/bin/python ", "python ")):
                found.append(words)
    return found


ALL = [(page, command) for page in PAGES for command in commands(page)]


def test_pages_hold_commands():
    assert len(ALL) > 20
    assert {"train", "embed", "compare", "fit", "generate"} <= {
        command.split()[1] for _, command in ALL if command.startswith("chingolo ")
    }


@pytest.mark.parametrize(
    ("page", "command"), ALL, ids=[f"{page.stem}: {command}" for page, command in ALL]
)
def test_every_printed_command_is_one(page: Path, command: str):
    words = shlex.split(command)
    if words[0] == "make":
        targets = re.findall(r"^(\S+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert words[1] in targets
        return
    if words[0] != "chingolo":
        assert words[1] == "-m"
        assert words[2] == "pytest" or importlib.util.find_spec(words[2])
        if words[2] == "benchmarks.truth":
            assert list(truth.planned(tyro.cli(truth.Options, args=words[3:])))
        return
    if "${" in command:
        words = re.sub(r"\$\S+", "1", command).split()  # a cluster fills these in
    command_line = COMMANDS[words[1]]
    assert isinstance(command_line.parse(words[2:]), command_line.config)


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page}: {target}"


NAMED = re.compile(
    r"`((?:synth|train|analysis|scripts|chingolo|tests|docs|benchmarks)/[\w/]*(?:\.\w+)?)`"
)


def test_files_that_pages_name_are_there():
    named = {(page.name, name) for page in PAGES for name in NAMED.findall(page.read_text())}
    assert len(named) > 40
    missing = {
        (page, name)
        for page, name in named
        if not (ROOT / re.sub(r"NAME\.py$", "__init__.py", name)).exists()
    }
    assert not missing


def test_the_readme_goes_from_waves_to_a_comparison(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """As printed, but for a small encoder of two steps."""
    (block,) = blocks(ROOT / "README.md", "python")
    assert len([line for line in block.splitlines() if line.strip()]) <= 15
    small = change(CPU, ("steps=2", "batch=8", "encoder.size=nano"))
    monkeypatch.setattr(train_encoder, "train", partial(train_encoder.train, settings=small))
    exec(compile(block, "README.md", "exec"), {})
    said = capsys.readouterr().out
    assert said.split(" ")[0] in ("changed", "no", "refused")


def test_printed_repertoires_are_read(tmp_path: Path):
    texts = blocks(ROOT / "docs/field_notes.md", "yaml")
    assert len(texts) == 3
    for text in texts:
        file = tmp_path / text.splitlines()[0].removeprefix("# ")
        file.write_text(text)
        assert load_repertoire(file).populations


def test_the_citation_is_whole():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    for key in ("cff-version", "message", "title", "authors", "version", "license"):
        assert citation[key]


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the pages take it for granted: recordings, tables, labels, a trained run."""
    folder = tmp_path_factory.mktemp("field")
    generate_songs(
        "zonotrichia_two_eras",
        folder / "recordings",
        SongRequest(songs=32, individuals=6, engine="wavetable", sample_rate=22_050),
    )
    table = read_song_table(folder / "recordings" / "songs.csv")
    table["date"] = [f"{era}-05-{row % 28 + 1:02d}" for row, era in enumerate(table["era"])]
    write_song_table(table, folder / "songs.csv")
    write_annotations(table, folder / "marked.selections.txt")
    for _, song in table.iterrows():
        target = folder / "collection" / song["label"] / Path(song["path"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(song["path"], target)
    for page in PAGES:
        for text in blocks(page, "yaml"):
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text)
    shutil.copytree(ROOT / "docs", folder / "docs")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """`chingolo` on the path, from this checkout."""
    program = folder / "bin" / "chingolo"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chingolo "$@"\n')
    program.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "NPROC": "8",
    }


def call_shell(command: str, folder: Path, *, at: Path | None = None) -> str:
    """Runs a command in the reader's folder, or `at` another; what it printed."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=at or folder,
        env=environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    return done.stdout


SHORT = {
    "cpu": "--steps 4",
    "dialect-classifier": "--steps 4",
    "songbird-gpu": "--steps 1 --set batch=8 encoder.size=nano",
}


def shortened(command: str) -> str:
    """The command with fewer training steps; nothing else is changed."""
    if not re.search(r"\bchingolo train ", command):
        return command
    preset = re.search(r"--preset (\S+)", command)
    more = SHORT[preset[1] if preset else "cpu"]
    if "--set" in command:
        return command.replace("--set", more.replace("--set", "") + " --set")
    return f"{command} {more}"


SELF_CONTAINED = ["field_notes", "methods", "physics", "accelerator", "report"]


def printed(page: Path) -> list[str]:
    """The commands of a page as they stand, to be run in order."""
    found = [
        line.strip().removeprefix("$ ")
        for block in blocks(page, "console")
        for line in block.splitlines()
        if line.strip().startswith("$ ")
    ]
    assert found
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", SELF_CONTAINED)
def test_every_command_of_a_page_runs_as_printed(name: str, field: Path):
    if name == "report" and not (field / "runs" / "mine").exists():
        call_shell("chingolo train songs.csv --out runs/mine --steps 4", field)
        call_shell("chingolo embed runs/mine songs.csv --out runs/mine/latent.parquet", field)
    for command in printed(ROOT / "docs" / f"{name}.md"):
        if command.startswith("python -m benchmarks"):
            continue  # takes hours
        if command.startswith("python -m docs"):
            call_shell(command.replace("python", sys.executable), field, at=ROOT)
        else:
            call_shell(shortened(command), field)


@pytest.mark.slow
def test_the_readme_runs_as_printed(field: Path, tmp_path: Path):
    folder = tmp_path / "reader"
    # what the other pages' commands left there is not the reader's
    shutil.copytree(field, folder, ignore=shutil.ignore_patterns("runs", "fitted"))
    (folder / "songs.csv").unlink()  # `find` writes it
    for command in commands(ROOT / "README.md"):
        if command.startswith("chingolo"):
            call_shell(shortened(command), folder)
    report = folder / "runs" / "mine" / "report" / "report.html"
    assert "<h2>" in report.read_text()
    for block in blocks(ROOT / "README.md", "python"):
        call_shell(f"{sys.executable} -c {shlex.quote(block)}", folder)


def converted(folder: Path, said: str, truth: pd.DataFrame) -> None:
    songs = read_song_table(folder / "songs.csv")
    columns = ["path", "label", "era", "individual", "site", "date"]
    pd.testing.assert_frame_equal(songs[columns], truth[columns])
    assert said.endswith(f": {len(truth)} songs\n")


def labelled(folder: Path, said: str, truth: pd.DataFrame) -> None:
    again = read_annotations(folder / "labels.txt")
    assert again["label"].tolist() == truth["label"].tolist()
    assert again["path"].tolist() == truth["path"].tolist()


def found(folder: Path, said: str, truth: pd.DataFrame) -> None:
    songs = read_song_table(folder / "found.csv")
    assert set(songs["species"]) == {"Zonotrichia capensis"}
    assert set(songs["path"]) <= set(truth["path"])
    assert songs["path"].nunique() > 0.75 * len(truth)


def fitted(folder: Path, said: str, truth: pd.DataFrame) -> None:
    songs, fits = (
        read_song_table(folder / "fitted/songs.csv"),
        pd.read_csv(folder / "fitted/fit.csv"),
    )
    assert len(fits) == len(truth)
    assert len(songs) == 3 * (fits["verdict"] != "failed").sum() > 2 * len(truth)
    assert set(songs["origin"]) == {"resynthesised"}
    assert load_repertoire(folder / "fitted/repertoire.yaml").themes


def trained(folder: Path, said: str, truth: pd.DataFrame, *, name: str = "mine") -> None:
    steps = pd.read_json(folder / f"runs/{name}/metrics.jsonl", lines=True)["step"]
    assert steps.iloc[-1] == 3  # of four, from 0
    assert (folder / f"runs/{name}/encoder/weights.msgpack").is_file()


def embedded(folder: Path, said: str, truth: pd.DataFrame, *, name: str) -> None:
    latents = read_latent_table(folder / name)
    rows = read_song_table(folder / ("found.csv" if "later" in name else "songs.csv"))
    assert latents.songs["path"].tolist() == rows["path"].tolist()
    assert (latents.z**2).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert ("theme_probability" in latents.songs.columns) == ("later" in name)


def compared(folder: Path, said: str, truth: pd.DataFrame, *, name: str, eras: list[str]) -> None:
    results = json.loads((folder / f"runs/mine/{name}/results.json").read_text())
    assert results["songs"] == len(truth)
    assert [results["eras"]["historical"], results["eras"]["modern"]] == eras
    assert f"verdict: {results['verdict']}" in said
    assert "<h2>" in (folder / f"runs/mine/{name}/report.html").read_text()


def probed(folder: Path, said: str, truth: pd.DataFrame) -> None:
    assert set(json.loads(said)) == {"linear_probe", "nearest_neighbours", "seed"}


def recognised(folder: Path, said: str, truth: pd.DataFrame) -> None:
    told, before = pd.read_csv(folder / "told.csv"), pd.read_csv(folder / "found.csv")
    assert told["start_s"].tolist() == before["start_s"].tolist()
    assert told["theme_probability"].between(0, 1).all()


CUT = ["before 1990-01-01", "from 1990-01-01"]
RESULTS: list[tuple[str, Callable[[Path, str, pd.DataFrame], None]]] = [
    ("convert marked.selections.txt songs.csv", converted),
    ("convert songs.csv labels.txt", labelled),
    ("find recordings --detector zonotrichia_capensis --out found.csv", found),
    ("fit songs.csv", fitted),
    ("train songs.csv --synthetic", trained),
    ("train songs.csv --synthetic", trained),
    ("embed runs/mine songs.csv --out runs", partial(embedded, name="runs/mine/latent.parquet")),
    ("compare", partial(compared, name="report", eras=["1966", "2020"])),
    ("compare", partial(compared, name="dated", eras=CUT)),
    ("probe runs/mine collection", probed),
    ("train songs.csv --preset dialect-classifier", partial(trained, name="dialects")),
    ("embed runs/mine songs.csv --out all", partial(embedded, name="all.parquet")),
    ("embed runs/mine found.csv", partial(embedded, name="later.parquet")),
    ("find recordings --detector zonotrichia_capensis --run", recognised),
]
"""How each command of `your_recordings.md` begins, in order, and what its result must be."""


@pytest.mark.slow
def test_your_recordings_give_what_the_page_says(field: Path, tmp_path: Path):
    folder = tmp_path / "reader"
    shutil.copytree(field, folder, ignore=shutil.ignore_patterns("runs", "fitted"))
    truth = read_song_table(folder / "songs.csv")
    truth["path"] = [path.replace(str(field), str(folder)) for path in truth["path"]]
    (folder / "songs.csv").unlink()
    for command, (begins, check) in zip(
        printed(ROOT / "docs" / "your_recordings.md"), RESULTS, strict=True
    ):
        assert command.startswith(f"chingolo {begins}")
        check(folder, call_shell(shortened(command), folder), truth)


STAND_INS = {
    "scontrol": "#!/bin/sh\necho 127.0.0.1\n",
    "srun": (
        "#!/bin/bash\nexport SLURM_NTASKS=2\npids=()\n"
        'for SLURM_PROCID in 0 1; do export SLURM_PROCID; "$@" & pids+=($!); done\n'
        'for pid in "${pids[@]}"; do wait "$pid" || exit 1; done\n'
    ),
}


@pytest.mark.slow
def test_the_cluster_script_trains_on_two_hosts(field: Path, tmp_path: Path):
    for name, text in STAND_INS.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (field / "short.csv").write_text((field / "songs.csv").read_text())
    settings = {
        "SONGS": "short.csv",
        "OUT": "runs/cluster",
        "PRESET": "cpu",
        "OPTIONS": "--steps 2 --set batch=8 encoder.size=nano checkpoint_every=1",
        "SLURM_JOB_NODELIST": "one",
        "JAX_PLATFORMS": "cpu",
    }
    known = environment(field)
    known |= {**settings, "PATH": f"{tmp_path}:{known['PATH']}"}
    for _ in range(2):  # the second time as after a preemption
        done = subprocess.run(
            ["bash", str(ROOT / "docs" / "train.slurm")],
            cwd=field, env=known, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    assert (field / "runs" / "cluster" / "encoder" / "weights.msgpack").is_file()
    assert len(pd.read_json(field / "runs" / "cluster" / "metrics.jsonl", lines=True)) == 2
