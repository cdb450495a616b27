"""The search: what it chooses from, and how it goes from trial to trial."""

import csv
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chingolo.scripts.workbench import search_encoders
from chingolo.synth.surrogates.invented_units import UnitRecording
from chingolo.synth.tables.files import InputError
from chingolo.train.run import teach_songbird
from chingolo.train.run.trained_encoder import load_encoder
from chingolo.train.search import trial as trials
from chingolo.train.search.choices import SONGBIRD, Choice, as_changes, choose
from chingolo.train.search.settings import SearchSettings
from chingolo.train.search.study import search
from chingolo.train.search.trial import cut_units
from chingolo.train.settings.change import change
from chingolo.train.settings.presets import CPU

optuna = pytest.importorskip("optuna")


class Drawn:
    """A trial of random values, of one kind of encoder."""

    def __init__(self, seed: int, kind: str) -> None:
        self.random, self.kind = np.random.default_rng(seed), kind

    def suggest_categorical(self, name: str, choices: tuple[Any, ...]) -> Any:
        return self.kind if name == "encoder" else choices[self.random.integers(len(choices))]

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return float(self.random.uniform(low, high))


@pytest.mark.parametrize("kind", ["windows", "cnn", "vit"])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_chosen_can_be_typed(seed: int, kind: str):
    chosen = choose(Drawn(seed, kind), steps=40)
    assert (chosen.shrink is None) == (kind != "windows")
    words = as_changes(chosen.settings)
    expected = chosen.settings
    if kind == "windows":  # a layer that is fitted takes no steps
        expected = dataclasses.replace(
            change(CPU, words[:2]),
            **{part: getattr(expected, part) for part in ("front_end", "encoder")},
        )
        words = tuple(word for word in words if word.split(".")[0] not in ("views", "steps"))
        found = change(CPU, words)
        assert (found.front_end, found.encoder) == (expected.front_end, expected.encoder)
    else:
        assert change(CPU, words) == expected


def test_the_first_is_what_comes_along():
    chosen = choose(optuna.trial.FixedTrial(SONGBIRD), steps=1)
    shipped = load_encoder("songbird").settings
    assert chosen.settings.encoder == shipped.encoder
    longer = dataclasses.replace(chosen.settings.front_end, clip_s=shipped.front_end.clip_s)
    assert longer == shipped.front_end
    assert chosen.shrink == teach_songbird.Lessons().shrink


def test_renditions_are_told_apart_and_each_unit_has_its_place():
    wave = np.zeros(100, np.float32)
    edges = np.array([[0, 10], [20, 40]])
    recordings = [UnitRecording(wave, np.array(units), edges) for units in ([4, 7], [7, 4])]
    units = cut_units(recordings)
    assert units.unit.tolist() == [4, 7, 7, 4]
    assert units.take.tolist() == [0, 0, 1, 1]
    assert [(sound.start, sound.stop) for sound in units.sounds] == [(0, 10), (20, 40)] * 2


FEW = SearchSettings(steps=4, units=2, held_out=50)


def judged_by(monkeypatch: pytest.MonkeyPatch, worth: Callable[[Choice], float]) -> list[Choice]:
    """Puts a judge in place of the training; gives the choices that it saw."""
    seen: list[Choice] = []

    def judge(choice: Choice, material: Any, *, seed: int, tell: Any) -> tuple[float, Any]:
        seen.append(choice)
        for step in (1, 2):
            tell(step, worth(choice) / 2)
        return worth(choice), load_encoder("songbird")

    monkeypatch.setattr(trials, "judge", judge)
    monkeypatch.setattr(trials, "make_material", lambda lessons, held_out: None)
    return seen


def by_window(choice: Choice) -> float:
    """Windows of 0.2 s are best, networks poor."""
    if choice.shrink is None:
        return 0.1
    window: Any = choice.settings.encoder
    return float(np.exp(-abs(window.window * choice.settings.front_end.hop / 22_050 - 0.2)))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def test_an_interrupted_search_goes_on_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = judged_by(monkeypatch, by_window)
    whole = search(tmp_path / "whole", FEW, trials=14)
    assert len(seen) == 14
    assert whole["right"] == max(map(by_window, seen)) > by_window(seen[0]) == whole["songbird"]

    again: list[Choice] = []

    def stops(choice: Choice) -> float:
        again.append(choice)
        if len(again) > 2 * 7:  # it is looked at twice and judged once
            raise KeyboardInterrupt
        return by_window(choice)

    judged_by(monkeypatch, stops)
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "parts", FEW, trials=14)
    judged_by(monkeypatch, by_window)
    assert search(tmp_path / "parts", FEW, trials=14, resume=True) == whole
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    assert load_encoder(tmp_path / "parts").settings == load_encoder("songbird").settings


def test_trials_below_the_others_end_early_and_those_refused_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def worth(choice: Choice) -> float:
        if choice.settings.encoder.kind == "vit":
            raise InputError("no such bird")
        return by_window(choice)

    judged_by(monkeypatch, worth)
    told: list[str] = []
    search(tmp_path, FEW, trials=25, tell=told.append)
    outcomes = [row["outcome"] for row in rows(tmp_path)]
    assert len(outcomes) == 25
    assert {"judged", "ended early", "refused"} == set(outcomes)
    assert any("refused: no such bird" in line for line in told)
    assert all(row["right"] == "" for row in rows(tmp_path) if row["outcome"] != "judged")


def test_a_search_goes_on_where_the_first_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def worth(choice: Choice) -> float:
        if choice.shrink == SONGBIRD["shrink"]:
            raise InputError("too few units")
        return by_window(choice)

    judged_by(monkeypatch, worth)
    assert search_encoders.main(["--out", str(tmp_path / "out"), "--trials", "3"]) == 0
    assert "what songbird has: refused" in capsys.readouterr().out
    assert [row["outcome"] for row in rows(tmp_path / "out")] == ["refused", "judged", "judged"]


def test_a_folder_that_holds_a_search_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    judged_by(monkeypatch, by_window)
    few = ["--units", "2", "--steps", "4"]
    out = str(tmp_path / "out")
    assert search_encoders.main(["--out", out, "--resume", *few]) == 2
    assert "leave --resume out" in capsys.readouterr().err
    assert search_encoders.main(["--out", out, "--trials", "2", *few]) == 0
    assert "best of 2" in capsys.readouterr().out
    assert search_encoders.main(["--out", out, "--trials", "3", *few]) == 2
    assert "--resume goes on with it" in capsys.readouterr().err
    assert search_encoders.main(["--out", out, "--trials", "3", "--units", "3", "--resume"]) == 2
    assert "units=2" in capsys.readouterr().err
    assert search_encoders.main(["--out", out, "--trials", "3", "--resume", *few]) == 0
    assert json.loads((tmp_path / "out" / "best.json").read_text())["trials"] == 3


@pytest.mark.slow
def test_encoders_are_taught_and_asked(tmp_path: Path):
    words = ["--trials", "3", "--units", "150", "--held-out", "40", "--steps", "8"]
    assert search_encoders.main(["--out", str(tmp_path / "out"), *words]) == 0
    found = [float(row["right"]) for row in rows(tmp_path / "out")]
    assert found[0] > 0.5  # by chance 1 in 40
    assert len(found) == 3
    assert load_encoder(tmp_path / "out").settings.front_end.clip_s >= 1.5
