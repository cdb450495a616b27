"""What a recorder alone does to how themes are sung."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.change.drift.song_measures import HeardNote, SongMeasures
from chingolo.analysis.claims.drift_evidence import drift_evidence
from tests.analysis.change.test_change import design_of

BIRDS = 16
"""In each era; each sings one song of theme A, two whistles, and one of theme B, three."""


def whistle(start: float, pitch: float) -> HeardNote:
    time = start + np.arange(0.0, 0.2, 0.002)
    contour = np.full(len(time), pitch)
    return HeardNote(start, start, pitch, 0.0, 0.2, time, contour)


def sung(onsets: tuple[float, ...], pitches: tuple[float, ...], speed: float = 1.0) -> SongMeasures:
    return SongMeasures(
        tuple(whistle(t / speed, f * speed) for t, f in zip(onsets, pitches, strict=True))
    )


def world(*, later: float = 0.0, modern_only: bool = False, speed: float = 1.0):
    """Songs, themes, measures and design; theme A's second whistle `later` seconds."""
    random = np.random.default_rng(4)
    bird = np.repeat(np.arange(2 * BIRDS), 2)
    theme = np.tile(np.array(["A", "B"], object), 2 * BIRDS)
    measures = []
    for row, name in enumerate(theme):
        own = np.exp(0.02 * random.standard_normal(6))
        moved = later if not modern_only or bird[row] >= BIRDS else 0.0
        onsets = (0.2, 0.6 * own[0] + moved) if name == "A" else (0.2, 0.7 * own[1], 1.2 * own[2])
        pitches = (3000 * own[3], 4000 * own[4], 5000 * own[5])[: len(onsets)]
        measures.append(sung(onsets, pitches, speed))
    songs = pd.DataFrame({"path": [f"{row}.wav" for row in range(len(bird))]})
    return songs, theme, measures, dataclasses.replace(design_of(bird >= BIRDS, bird), seed=3)


def placebo_of(again, **changes):
    songs, theme, measures, design = world(**changes)
    return drift_evidence(
        songs, theme, measures, again, design, permutations=199, speed_known=False
    )


def test_recorders_that_move_nothing_or_only_the_speed_pass():
    _, _, same, _ = world()
    _, _, faster, _ = world(speed=1.03)
    _, placebo = placebo_of([same, faster])
    assert placebo["passed"]
    assert placebo["recorders"] == 2
    assert max(placebo["measures"].values()) < 0.01
    assert "A: interval from part 1 to part 2" in placebo["measures"]


def test_a_recorder_that_makes_one_note_late_is_found_and_told():
    _, _, same, _ = world()
    _, _, late, _ = world(later=0.02)
    _, placebo = placebo_of([same, late])
    assert not placebo["passed"]
    told = placebo["measures"]
    assert told["A: interval from part 1 to part 2"] == pytest.approx(5.0, abs=0.5)  # 0.02 of 0.4 s
    assert told["B: interval from part 1 to part 2"] < 0.5
    assert placebo["kinds"]["s"] == told["A: interval from part 1 to part 2"]
    assert "Hz" not in placebo["kinds"]


def test_songs_that_no_recorder_heard_again_make_no_placebo():
    _, _, same, _ = world()
    assert placebo_of(None)[1] == {"passed": None, "folds": {}}
    assert placebo_of([[None] * len(same)])[1] == {"passed": None, "folds": {}}


@pytest.mark.parametrize("old", [True, False])
def test_what_a_recorder_does_to_one_era_alone_is_found(old: bool):
    _, _, same, _ = world()
    _, _, late, _ = world(later=0.02)
    one = [song if (row < 2 * BIRDS) == old else None for row, song in enumerate(late)]
    assert not placebo_of([one])[1]["passed"]
    both = [late[row] if song else same[row] for row, song in enumerate(one)]
    found = placebo_of([both])[1]
    assert not found["passed"]
    assert found["recorders"] == 1
    assert placebo_of([same])[1]["passed"]


def test_performances_that_two_devices_heard_take_the_place_of_random_recorders():
    songs, theme, measures, design = world()
    _, _, late, _ = world(later=0.02)
    twice = songs.assign(rendition="", device="phone")
    measures = list(measures)
    rows = range(0, 24)
    extra = pd.DataFrame(
        {
            "path": [f"tape-{row}.wav" for row in rows],
            "rendition": [f"p{row}" for row in rows],
            "device": "tape",
        }
    )
    twice.loc[twice.index[:24], "rendition"] = [f"p{row}" for row in rows]
    both = pd.concat([twice, extra], ignore_index=True)
    unit = np.concatenate([design.unit_of_song, np.full(24, -1)])
    _, placebo = drift_evidence(
        both,
        np.concatenate([theme, theme[:24]]),
        [*measures, *late[:24]],
        [measures + [None] * 24],
        dataclasses.replace(design, unit_of_song=unit),
        permutations=199,
        speed_known=False,
    )
    assert placebo["measured"]
    assert placebo["recorders"] == 1
    # 24 of songs alternate A and B: the tape makes A's second whistle 0.02 s late
    assert placebo["measures"]["A: interval from part 1 to part 2"] == pytest.approx(5.0, abs=0.7)
