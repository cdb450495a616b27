"""What a recorder alone does to themes."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.claims.placebo import recorder_placebo
from tests.analysis.change.test_change import design_of

BIRDS = 20


def world():
    """Two eras of 20 birds with 3 songs each; half of the birds sing A, half B."""
    bird = np.repeat(np.arange(2 * BIRDS), 3)
    theme = np.where(bird % 2, "A", "B").astype(object)
    songs = pd.DataFrame({"path": [f"{i}.wav" for i in range(len(bird))]})
    return songs, theme, dataclasses.replace(design_of(bird >= BIRDS, bird), seed=3)


def test_recorders_that_do_nothing_pass():
    songs, theme, design = world()
    found = recorder_placebo(songs, theme, np.stack([theme] * 4), design)
    assert found == {
        "passed": True,
        "p": 1.0,
        "recorders": 4,
        "stable": 1.0,
        "themes": {"A": 0.0, "B": 0.0},
        "measured": False,
    }


def test_one_recorder_of_four_that_turns_a_theme_into_another_fails():
    songs, theme, design = world()
    turned = np.where(theme == "A", "B", theme)
    found = recorder_placebo(songs, theme, np.stack([theme, turned, theme, theme]), design)
    assert not found["passed"]
    # 10 pairs of which each differs one way: 2 of 1024 arrangements are as extreme, 4 recorders
    # and two eras
    assert found["p"] == pytest.approx(8 * 2 / 1024, abs=0.015)
    assert found["themes"] == {"A": 0.5, "B": 0.5}
    assert found["stable"] == 0.875


@pytest.mark.parametrize("era", [0, 1])
def test_a_recorder_that_one_era_has_been_through_already_is_found_by_the_other(era: int):
    songs, theme, design = world()
    clean = (design.era == era)[design.unit_of_song]
    narrow = np.where(clean & (theme == "A"), "B", theme)
    found = recorder_placebo(songs, theme, np.stack([theme, narrow, theme]), design)
    assert not found["passed"]
    assert found["themes"]["A"] == 0.5
    assert found["recorders"] == 3


def test_without_copies_no_placebo_is_made():
    songs, theme, design = world()
    assert recorder_placebo(songs, theme, None, design) == {"passed": None}


def test_performances_that_two_devices_heard_take_the_place_of_random_recorders():
    songs, theme, design = world()
    songs["rendition"] = ""
    songs["device"] = "phone"
    songs.loc[songs.index[:60], "rendition"] = [f"p{i // 2}" for i in range(60)]
    songs.loc[songs.index[:60:2], "device"] = "tape"
    heard = theme.copy()
    heard[:60:2] = np.where(heard[1:60:2] == "A", "A", "C")  # the tape turns B into C
    found = recorder_placebo(songs, heard, np.stack([heard] * 4), design)
    assert found["measured"]
    assert found["recorders"] == 1
    assert found["themes"]["C"] > 0.3
    assert found["themes"]["A"] < 0.1
