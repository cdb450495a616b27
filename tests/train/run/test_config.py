import dataclasses
import re
from pathlib import Path

import pytest

import chingolo.train.data.copies as copies
from chingolo.synth.recorder.families import WIDE_FAMILIES
from chingolo.synth.tables.files import InputError
from chingolo.train.run.config import begin_run, write_config
from chingolo.train.settings.change import change
from tests.small_training import SMALL

INPUTS = {
    "song_tables": ["12ab"],
    "group_column": "individual",
    "probe_column": "label",
    "distill_from": "ab12",
    "skipped_rows": [3],
    "repertoire": "cd34",
    "heard_through_family": "wide-1 ef56",
}


def config(settings=SMALL, **inputs) -> dict:
    return {
        "preset": dataclasses.asdict(settings),
        "classes": [],
        "seed": 0,
        "inputs": {**INPUTS, **inputs},
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distill_from", "cd34"),
        ("distill_from", None),
        ("group_column", "path"),
        ("probe_column", "theme"),
        ("song_tables", ["34cd"]),
        ("skipped_rows", [3, 4]),
        ("repertoire", None),
        ("heard_through_family", "wide-1 0000"),
        ("heard_through_family", "wide-2 ef56"),
    ],
)
def test_a_run_goes_on_with_the_same_inputs_alone(tmp_path: Path, name: str, value):
    write_config(tmp_path, config())
    begin_run(tmp_path, config(), SMALL, resume=True)
    with pytest.raises(InputError, match=f"another {name.replace('_', ' ')}"):
        begin_run(tmp_path, config(**{name: value}), SMALL, resume=True)


def test_a_run_of_before_songs_were_heard_again_goes_on_as_it_began(tmp_path: Path):
    """Its last steps heard songs through recorders that its first ones had not heard of."""
    write_config(tmp_path, config())
    begin_run(tmp_path, config(heard_through=0), SMALL, resume=True)
    with pytest.raises(InputError, match="before --heard-through; give --heard-through 0"):
        begin_run(tmp_path, config(heard_through=6), SMALL, resume=True)


def test_what_an_older_version_did_not_write_down_is_not_compared(tmp_path: Path):
    old = config()
    del old["inputs"]["heard_through_family"]
    write_config(tmp_path, old)
    begin_run(tmp_path, config(), SMALL, resume=True)


def test_the_family_of_recorders_is_told_by_name_and_content(monkeypatch: pytest.MonkeyPatch):
    before = copies.content_of_copies()
    assert before.startswith("wide-1 ")
    family = WIDE_FAMILIES["wide-1"]
    fewer = dataclasses.replace(family, chances=family.chances[1:])
    monkeypatch.setattr(copies, "WIDE_FAMILIES", {"wide-1": fewer})
    assert copies.content_of_copies() != before


def test_how_often_to_save_may_change(tmp_path: Path):
    write_config(tmp_path, config())
    often = dataclasses.replace(SMALL, checkpoint_every=1, checkpoint_minutes=0.1)
    begin_run(tmp_path, config(often), often, resume=True)
    longer = dataclasses.replace(often, steps=7)
    with pytest.raises(InputError, match="other settings"):
        begin_run(tmp_path, config(longer), longer, resume=True)


@pytest.mark.parametrize(
    "setting",
    [
        "front_end.noise=median",
        "method.momentum=0.5,0.75",
        "method.name=byol",
        "encoder.kind=vit",
        "views.local_views=2",
        "steps=7",
    ],
)
def test_the_setting_that_is_another_is_told_as_it_is_set(tmp_path: Path, setting: str):
    before = change(SMALL, (setting,))
    write_config(tmp_path, config(before))
    with pytest.raises(InputError, match=re.escape(f"other settings ({setting})")) as told:
        begin_run(tmp_path, config(), SMALL, resume=True)
    said = str(told.value).split("(")[1].split(")")[0]
    again = change(SMALL, (said,))
    begin_run(tmp_path, config(again), again, resume=True)
