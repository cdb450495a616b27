"""What is claimed of how themes are sung."""

import dataclasses

import pytest

from chingolo.analysis.change.design.eras import find_eras
from chingolo.analysis.change.design.units import find_design
from chingolo.analysis.change.drift.measure_drift import DriftResult, DriftRow, TapeSpeed
from chingolo.analysis.claims.drift import drift_claim, speed_is_known
from chingolo.analysis.claims.heard_twice import parts_themes
from chingolo.analysis.settings import CompareSettings
from tests.analysis.claims.test_refusals import typed

SETTINGS = CompareSettings(permutations=99)
ROW = DriftRow("T1", "trill period of part 2", "s", 0.10, 0.115, 15.0, (12.0, 18.0), 0.01, (8, 8))
SPEED = TapeSpeed(1.02, (1.01, 1.03), 0.01, True)
MEASURED = DriftResult((ROW,), 0.01, SPEED, False, ())


def claim_of(measured: DriftResult | None, refusal: str = "") -> dict:
    songs = typed()
    eras = find_eras(songs, SETTINGS)
    assert eras is not None
    return drift_claim(find_design(songs, eras), measured, SETTINGS, refusal=refusal)


def test_a_change_names_theme_measure_and_size():
    told = claim_of(MEASURED)
    assert told["verdict"] == "changed"
    assert "T1, trill period of part 2, +15.0 % (+12.0 to +18.0 %)" in told["reasons"][0]
    assert told["effect"] == {
        "name": "T1: trill period of part 2",
        "value": 15.0,
        "interval": [12.0, 18.0],
        "unit": "%",
    }
    assert any("+2.0 % (+1.0 to +3.0 %)" in reason for reason in told["reasons"])


def test_no_change_tells_what_would_have_been_seen():
    still = dataclasses.replace(MEASURED, p=0.4, rows=(dataclasses.replace(ROW, p=0.4),))
    told = claim_of(still)
    assert told["verdict"] == "no change shown"
    # one measure of half-width 3 %: 3 / 1.96 * (1.96 + 0.84)
    assert told["sensitivity"]["smallest_change"] == pytest.approx(4.29, abs=0.01)


def test_songs_that_were_not_measured_or_cannot_be_compared_are_refused():
    assert claim_of(None)["verdict"] == "refused"
    assert claim_of(MEASURED, "Too few birds.")["reasons"] == ["Too few birds."]
    assert claim_of(MEASURED, "Too few birds.")["verdict"] == "refused"
    nothing = DriftResult((), None, None, False, ("No measure is known.",))
    assert claim_of(nothing)["reasons"] == ["No measure is known."]


def test_one_device_or_the_users_word_fixes_the_speed():
    songs = typed(device="Zoom H5")
    eras = find_eras(songs, SETTINGS)
    assert eras is not None
    assert speed_is_known(songs, eras, SETTINGS)
    unknown = songs.assign(device="?")
    assert not speed_is_known(unknown, eras, SETTINGS)
    assert speed_is_known(unknown, eras, dataclasses.replace(SETTINGS, same_recorder=True))


PLACEBO = {
    "passed": True,
    "p": 1.0,
    "recorders": 12,
    "measured": False,
    "measures": {"T1: trill period of part 2": 4.0},
}


def test_a_measure_that_a_recorder_moves_as_far_is_not_claimed():
    songs = typed()
    eras = find_eras(songs, SETTINGS)
    assert eras is not None
    design = find_design(songs, eras)

    def told(moved: float, **more) -> dict:
        measures = {"measures": {"T1: trill period of part 2": moved}}
        placebo = PLACEBO | measures | more.pop("made", {})
        return drift_claim(design, MEASURED, SETTINGS, placebo=placebo, **more)

    assert told(4.0)["verdict"] == "changed"
    assert "None of 12 recorders moves" in told(4.0)["reasons"][1]
    assert told(4.0)["placebo"]["recorders"] == 12
    refused = told(10.5)  # the change is 15 %
    assert refused["verdict"] == "refused"
    assert "a recorder alone moves such measures as far" in refused["reasons"][0]
    assert told(10.5, one_recorder=True)["verdict"] == "changed"
    # what it makes of another theme's times counts, and of its pitches does not
    assert told(4.0, made={"kinds": {"s": 10.5}})["verdict"] == "refused"
    assert told(4.0, made={"kinds": {"Hz": 10.5}})["verdict"] == "changed"


def test_what_all_themes_have_in_common_is_held_to_what_recorders_make_of_either_kind():
    row = dataclasses.replace(ROW, theme="", measure="pitch times time", unit="")
    measured = dataclasses.replace(MEASURED, rows=(row,))
    songs = typed()
    eras = find_eras(songs, SETTINGS)
    assert eras is not None
    design = find_design(songs, eras)
    for kinds, verdict in (({"Hz": 4.0}, "changed"), ({"Hz": 10.5}, "refused")):
        placebo = PLACEBO | {"kinds": kinds}
        assert drift_claim(design, measured, SETTINGS, placebo=placebo)["verdict"] == verdict


def test_where_no_recorder_was_tried_it_is_said():
    assert any("was not tried on these songs" in reason for reason in claim_of(MEASURED)["reasons"])


def test_themes_that_a_recorder_parts_carry_no_claim_on_how_they_are_sung():
    songs = typed()
    eras = find_eras(songs, SETTINGS)
    assert eras is not None
    design = find_design(songs, eras)
    told = drift_claim(design, MEASURED, SETTINGS, placebo=PLACEBO, themes_parted=True)
    assert told["verdict"] == "refused"
    assert "unlike songs may have been compared" in told["reasons"][0]
    one_device = drift_claim(
        design, MEASURED, SETTINGS, placebo=PLACEBO, themes_parted=True, one_recorder=True
    )
    assert one_device["verdict"] == "changed"


def test_only_a_failed_placebo_of_random_recorders_parts_themes():
    assert parts_themes({"passed": False, "measured": False})
    assert not parts_themes({"passed": False, "measured": True})
    assert not parts_themes({"passed": True, "measured": False})
    assert not parts_themes({"passed": None})
