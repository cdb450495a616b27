"""Things by name: what is asked for, and what is entered by another name than its own."""

from dataclasses import dataclass

import pytest

from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.registry import Registry
from chingolo.train.methods.registry import METHODS
from chingolo.train.settings.change import change
from tests.small_training import SMALL


@dataclass(frozen=True)
class Bird:
    name: str


WREN = Bird("wren")


def test_what_there_is_is_listed_where_there_is_no_such_thing():
    with pytest.raises(InputError, match="no bird 'owl'; one of wren"):
        Registry("bird", {"wren": WREN}).named("owl")


@pytest.mark.parametrize("entry", [WREN, f"{__name__}:WREN"])
def test_a_copy_that_kept_its_name_is_refused(entry: Bird | str):
    assert Registry("bird", {"wren": entry})["wren"] is WREN
    with pytest.raises(InputError, match="bird 'robin': calls itself 'wren'"):
        Registry("bird", {"robin": entry})["robin"]


def test_a_method_that_kept_the_name_of_another_does_not_train_as_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(METHODS, "_entries", {**METHODS, "barlow": METHODS["vicreg"]})
    with pytest.raises(InputError, match="'barlow': calls itself 'vicreg'"):
        change(SMALL, ("method.name=barlow",))
