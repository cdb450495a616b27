"""Every numeric option and setting there is, found by walking the dataclasses: each has bounds."""

import dataclasses
import math
import shutil
import typing
from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from chingolo.__main__ import COMMANDS
from chingolo.synth.tables.bounds import bounded, option
from chingolo.synth.tables.files import InputError
from chingolo.train.detector.settings import DetectorSettings
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.settings.change import change
from chingolo.train.settings.training import TrainingSettings

VALUES = ("-1", "0", "nan", "1e9", "1000000000", "inf")


def numeric(hint: Any) -> bool:
    """Whether a value of this type is a number, several, or none or a number."""
    if typing.get_origin(hint) in (typing.Literal, typing.ClassVar):
        return False
    return hint in (int, float) or any(map(numeric, typing.get_args(hint)))


def numbers(kind: type, prefix: str = "") -> Iterator[tuple[type, str, str, Any]]:
    """Dataclass, prefix, name and type of each numeric field, at any depth."""
    for name, hint in typing.get_type_hints(kind).items():
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            yield from numbers(hint, f"{prefix}{name}.")
        elif numeric(hint):
            yield kind, prefix, name, hint


OPTIONS = [
    (command, name) for command in COMMANDS for _, _, name, _ in numbers(COMMANDS[command].config)
]
BASES: list[tuple[Any, str, type]] = [
    (DetectorSettings(), "", DetectorSettings),
    (TrainingSettings(), "", TrainingSettings),
    *(
        (change(TrainingSettings(), (f"{part}.{chosen}={name}",)), f"{part}.", entry.settings)
        for part, chosen, registry in (("method", "name", METHODS), ("encoder", "kind", ENCODERS))
        for name, entry in registry.items()
    ),
]
SETTINGS = [
    (base, prefix + inner + name)
    for base, prefix, kind in BASES
    for _, inner, name, _ in numbers(kind)
]


def test_the_walk_sees_what_there_is():
    assert {"seed", "snr", "permutations", "weights", "threshold", "hold_out"} <= {
        name for _, name in OPTIONS
    }
    names = {name for _, name in SETTINGS}
    assert {"method.koleo", "views.crop_scale", "front_end.hop", "encoder.dropout"} <= names


def test_every_number_has_bounds():
    kinds = [*(command.config for command in COMMANDS.values()), *(kind for *_, kind in BASES)]
    missing = {
        (kind.__name__, name)
        for outer in kinds
        for kind, _, name, _ in numbers(outer)
        if name not in dict(bounded(kind))
    }
    assert not missing


@pytest.mark.parametrize(("name", "field"), OPTIONS)
def test_every_option_is_taken_or_refused_in_one_line(name: str, field: str, capsys):
    config = COMMANDS[name].config
    needed = [each.name for each in dataclasses.fields(config) if not has_default(each)]
    words = ["x" for each in needed if each != "out"]
    words += ["--out", "x"] if "out" in needed else []
    for value in VALUES:
        taken: list[Any] = []
        command = dataclasses.replace(COMMANDS[name], work=taken.append)
        try:
            status = command.main([*words, option(field), value])
        except SystemExit as end:
            status = end.code
        told = capsys.readouterr().err
        if not status:
            parts = [taken[0], getattr(taken[0], "settings", None)]
            found = next(getattr(part, field) for part in parts if hasattr(part, field))
            assert found in (float(value), (float(value),))
            assert math.isfinite(float(value))
        else:
            assert status == 2
            assert told.startswith(f"chingolo {name}: ")
            assert option(field) in told
            assert not taken
        assert told.count("\n") == bool(status)


def has_default(field: dataclasses.Field) -> bool:
    return not field.default is field.default_factory is dataclasses.MISSING


@pytest.mark.parametrize(
    ("base", "name"),
    SETTINGS,
    ids=[f"{type(base).__name__} {name}" for base, name in SETTINGS],
)
def test_every_setting_is_taken_or_refused(base: Any, name: str):
    part = reduce(getattr, name.split("."), base)
    for value in VALUES:
        words = f"{name}={','.join([value] * len(part)) if isinstance(part, tuple) else value}"
        told, new = "", np.nan
        try:
            new = reduce(getattr, name.split("."), change(base, (words,)))
        except InputError as error:
            told = str(error)
        if told:
            assert f"{name}=" in told
            assert "\n" not in told
        else:
            assert np.isfinite(new).all()


SMALL = {
    "generate": "zonotrichia_capensis --out made --songs 2 --individuals 1 --engine wavetable",
    "compare": "types.csv --type-column kind --out report --permutations 9 --bootstraps 9",
    "find": "tone.wav --out found.csv --force",
}


@pytest.mark.parametrize(("name", "field"), [each for each in OPTIONS if each[0] in SMALL])
def test_every_number_that_is_taken_gives_a_result(
    name: str, field: str, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    soundfile.write("tone.wav", np.sin(np.arange(8000)), 8000)
    types = pd.DataFrame({"kind": [*"AABBBC"] * 4, "era": ["1966"] * 12 + ["2020"] * 12})
    types.assign(individual=[f"m{row // 3}" for row in range(24)]).to_csv("types.csv")
    for value in VALUES:
        words = SMALL[name].split()
        if option(field) in words:
            words[words.index(option(field)) + 1] = value
        else:
            words += [option(field), value]
        shutil.rmtree("made", ignore_errors=True)
        try:
            status = COMMANDS[name].main(words)
        except SystemExit as end:
            status = end.code
        told = capsys.readouterr().err
        assert status == 0 or (status == 2 and told.splitlines()[-1].startswith("chingolo "))
