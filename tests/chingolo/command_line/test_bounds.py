"""Numbers outside of their bounds: one line, status 2, and told by --help."""

import pytest

from chingolo.__main__ import COMMANDS
from chingolo.synth.tables.files import InputError
from chingolo.train.settings.change import change
from chingolo.train.settings.training import TrainingSettings

GENERATE = ["zonotrichia_capensis", "--out", "x"]
WRONG = [
    ("generate", [*GENERATE, "--seed", "-1"]),
    ("generate", [*GENERATE, "--snr", "nan"]),
    ("generate", [*GENERATE, "--other-singers", "-1"]),
    ("generate", [*GENERATE, "--individuals", "0"]),
    ("compare", ["z.parquet", "--out", "x", "--bootstraps", "0"]),
    ("compare", ["z.parquet", "--out", "x", "--permutations", "-1"]),
    ("compare", ["z.parquet", "--out", "x", "--permutations", "0"]),
    ("compare", ["z.parquet", "--out", "x", "--min-cluster-size", "1"]),
    ("compare", ["z.parquet", "--out", "x", "--clusters", "-1"]),
    ("compare", ["z.parquet", "--out", "x", "--significance", "2"]),
    ("train", ["songs.csv", "--hold-out", "inf"]),
]


@pytest.mark.parametrize(("name", "words"), WRONG)
def test_a_number_outside_is_one_line(name: str, words: list[str], capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert COMMANDS[name].main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"chingolo {name}: {words[-2]} {words[-1]}: expected ")
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SystemExit):
        COMMANDS[name].parse(["--help"])
    expected = told.split("expected ")[1].strip()
    assert f"{words[-2]} {expected}" in " ".join(capsys.readouterr().out.replace("│", " ").split())


@pytest.mark.parametrize(
    "one",
    ["front_end.hop=-5", "views.crop_scale=0.3", "views.crop_scale=0,2", "batch=0", "warmup=nan"],
)
def test_a_setting_outside_is_refused(one: str):
    with pytest.raises(InputError, match="expected"):
        change(TrainingSettings(), (one,))


@pytest.mark.parametrize(
    "one", ["f_min=10000", "f_max=1000", "f_max=1e9", "sample_rate=8000", "clip_s=0.02"]
)
def test_a_front_end_that_hears_nothing_is_refused(one: str):
    with pytest.raises(InputError, match=r"expected below|hear nothing|longer than a clip"):
        change(TrainingSettings(), (f"front_end.{one}",))


def test_a_setting_at_its_bound_is_taken():
    assert change(TrainingSettings(), ("front_end.hop=1",)).front_end.hop == 1
