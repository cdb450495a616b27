"""What is given twice counts twice, or is refused: no value is lost without a word."""

import pytest

from chingolo.__main__ import COMMANDS
from chingolo.command_line.repeated import gathered
from chingolo.scripts.compare_eras import CompareConfig
from chingolo.scripts.train_encoder import TrainConfig
from chingolo.synth.tables.files import InputError
from chingolo.train.settings.change import change, with_steps
from chingolo.train.settings.presets import CPU


@pytest.mark.parametrize(
    ("name", "words", "field", "expected"),
    [
        ("train", "--set batch=8 --seed 3 --set pool=16", "set", ("batch=8", "pool=16")),
        ("train", "--set=batch=8 --set pool=16 steps=2", "set", ("batch=8", "pool=16", "steps=2")),
        ("train", "--weights 1 2 --weights 3", "weights", (1.0, 2.0, 3.0)),
        ("train-detector", "--set batch=8 --set pool=16", "set", ("batch=8", "pool=16")),
        ("train", "--seed 3 --seed 3", "seed", 3),
        ("train", "--strict --strict", "strict", True),
        ("compare", "l.parquet --out o --seed 3 --seed=3", "out", None),
    ],
)
def test_all_values_of_a_list_count(name, words, field, expected):
    config = COMMANDS[name].parse(words.split())
    assert expected is None or getattr(config, field) == expected


@pytest.mark.parametrize(
    ("config", "words", "told"),
    [
        (TrainConfig, "--seed 1 --seed 2", "--seed 1 and --seed 2"),
        (TrainConfig, "--strict --no-strict", "--strict and --no-strict"),
        (
            TrainConfig,
            "--heard-through 1 --heard_through 2",
            "--heard-through 1 and --heard_through 2",
        ),
        (TrainConfig, "--teacher a --distill-from b", "--teacher a and --distill-from b"),
        (CompareConfig, "l --bootstraps 3 --bootstraps 4", "--bootstraps 3 and --bootstraps 4"),
    ],
)
def test_two_values_of_one_are_refused(config, words, told):
    with pytest.raises(InputError, match=told):
        gathered(words.split(), config)


def test_what_is_no_option_stays_in_its_place():
    words = ["a.csv", "--strict", "b.csv", "--seed", "1", "c.csv", "--seed", "1", "d.csv"]
    assert gathered(words, TrainConfig) == [*words[:6], "d.csv"]
    assert gathered(["--seed", "1", "--", "--seed", "2"], TrainConfig)[-2:] == ["--seed", "2"]
    unknown = ["--unknown", "1", "--unknown", "2"]
    assert gathered(unknown, TrainConfig) == unknown


def test_the_command_tells_in_one_line(capsys):
    with pytest.raises(SystemExit) as end:
        COMMANDS["train"].main(["--steps", "1", "--steps", "2"])
    assert end.value.code == 2
    assert capsys.readouterr().err == "chingolo train: --steps 1 and --steps 2: one of them\n"


@pytest.mark.parametrize(
    "changes",
    [
        ("learning_rate=0.1", "learning_rate=0.2"),
        with_steps(("steps=5",), 1),
        ("method.name=simclr", "method.name=byol"),
    ],
)
def test_a_setting_of_two_values_is_refused(changes):
    with pytest.raises(InputError, match="one of them"):
        change(CPU, changes)


def test_a_setting_told_twice_alike_is_one():
    assert change(CPU, with_steps(("batch=8", "batch=8", "steps=5"), 5)).batch == 8
