"""The verdict: changed, no change shown, or refused, with the reasons in plain words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import HISTORICAL, MODERN, Eras
from chingolo.analysis.change.design.permutation import smallest_p
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.settings import CompareSettings

CHANGED, NO_CHANGE_SHOWN, REFUSED = "changed", "no change shown", "refused"


def design_refusal(
    songs: pd.DataFrame, eras: Eras, design: Design, settings: CompareSettings
) -> str:
    """Why these songs cannot show a change whatever the tests say; "" where they could."""
    mixed = origin_mismatch(songs, eras)
    if mixed:
        return mixed
    if not design.testable.any():
        return (
            "No site was recorded in both eras, so a change cannot be told from a difference "
            "between sites."
        )
    if design.single_individual_era:
        return (
            "An era holds a single known individual: its difference from the other era may be one "
            "between birds. The tests below speak of these birds' recordings alone."
        )
    smallest = smallest_p(design, settings.permutations)
    if smallest > settings.significance:
        return (
            f"Too few units: no test can reach p < {smallest:.2f} with these, so neither change "
            "nor its absence can be shown."
        )
    return ""


def sameness(z: np.ndarray, eras: Eras) -> str:
    """Why equal vectors cannot be compared; "" where each era has songs that differ.

    Args:
        z: [songs, dimensions] vectors as they were embedded.
        eras: era of each song.
    """
    used = z[eras.of_song >= 0]
    if len(used) > 1 and (used == used[0]).all():
        return (
            f"All {len(used)} songs have one and the same vector, as digital silence and copies "
            "have: there is nothing to compare. Listen to the recordings."
        )
    for era, name in ((HISTORICAL, eras.historical), (MODERN, eras.modern)):
        own = z[eras.of_song == era]
        if len(own) > 1 and (own == own[0]).all():
            return (
                f"All {len(own)} songs of {name} have one and the same vector, as digital silence "
                "and copies have: a difference from it would say nothing of songs. Listen to the "
                "recordings."
            )
    return ""


def origin_mismatch(songs: pd.DataFrame, eras: Eras) -> str:
    """Why eras of unlike origin cannot be compared; "" where their origins are alike."""
    if "origin" not in songs.columns:
        return ""
    origins = [
        sorted(set(songs["origin"][eras.of_song == era]) - {""}) for era in (HISTORICAL, MODERN)
    ]
    if origins[0] == origins[1] or not all(origins):
        return ""
    told = [" and ".join(origin) for origin in origins]
    return (
        f"The songs of {eras.historical} are {told[0]}, those of {eras.modern} {told[1]}: a "
        "difference between them is one of making, not of song. Re-synthesise both eras, or "
        "neither."
    )


def same_device(songs: pd.DataFrame, eras: Eras) -> bool:
    """Whether one and the same device, named in the table, made every song of both eras."""
    if "device" not in songs.columns:
        return False
    devices = set(songs["device"][eras.of_song >= 0])
    return len(devices) == 1 and "" not in devices


def decide(
    songs: pd.DataFrame,
    eras: Eras,
    design: Design,
    tests: Mapping[str, Mapping[str, float]],
    placebo: Mapping[str, Any],
    settings: CompareSettings,
) -> tuple[str, list[str]]:
    """Decides what may be claimed.

    A change is claimed only where the combined test rejects; modern songs are not found different
    from themselves after the historical recorder (the channel placebo); the difference remains once
    the modern songs came through that recorder too; and it remains even where that recorder's model
    errs by as much as its whole effect (`sensitivity.worst_recorder`). Where no placebo could
    be made, one known device must have made all songs, or the user must have said that the
    recorders were alike.

    Args:
        songs: the rows of the song table.
        eras: era of each song.
        design: units, eras and blocks.
        tests: of `change_tests`; empty where none could be made.
        placebo: of `channel_placebo`; `passed` None where there was none.
        settings: levels.

    Returns:
        The verdict and its reasons.
    """
    names = f"{eras.historical} and {eras.modern}"
    refusal = design_refusal(songs, eras, design, settings)
    if refusal:
        return REFUSED, [refusal]
    p = tests["combined"]["p"]
    found = p <= settings.significance
    how = f"p = {p:.3f}, all tests together, unit: {design.unit_name}"
    if placebo["passed"] is False:
        return REFUSED, [
            f"Modern songs sent through the historical recorder are found different from "
            f"themselves (channel placebo, p = {placebo['p']:.3f}), so a difference between the "
            "eras is no evidence of changed songs.",
            f"The eras {'differ' if found else 'are not found different'} ({how}).",
        ]
    if not found:
        reasons = [
            f"The songs of {names} are not found different ({how}). That is not proof that nothing "
            "changed."
        ]
        return NO_CHANGE_SHOWN, reasons
    differ = f"The songs of {names} differ ({how})"
    if placebo["passed"] is None:
        if settings.same_recorder:
            control = "By the user's word, one kind of recorder made the songs of both eras."
        elif same_device(songs, eras):
            control = "One device made the songs of both eras, by the table's column 'device'."
        else:
            return REFUSED, [
                f"{differ}, but nothing tells changed songs from a changed recorder: no channel "
                "placebo was made. Give the encoder's run (--run), or say --same-recorder if one "
                "kind of recorder made both eras.",
            ]
        return CHANGED, [f"{differ}.", control]
    if placebo["matched_p"] > settings.significance:
        return REFUSED, [
            f"{differ}, but no longer once the modern songs come through the historical recorder "
            f"too (p = {placebo['matched_p']:.3f}): the recorder may be the whole difference.",
        ]
    if placebo["worst_p"] > settings.significance:
        return REFUSED, [
            f"{differ}, also once the modern songs come through the historical recorder "
            f"(p = {placebo['matched_p']:.3f}), but not beyond what that recorder's model may have "
            "wrong: an error as large as the model's whole effect would explain it "
            f"(p = {placebo['worst_p']:.3f}).",
        ]
    return CHANGED, [
        f"{differ}.",
        "Modern songs sent through the historical recorder are not found different from themselves "
        f"(channel placebo, p = {placebo['p']:.3f}). The difference remains when the modern songs "
        f"come through that recorder too (p = {placebo['matched_p']:.3f}), and even if that "
        "recorder's model were wrong by as much as its whole effect "
        f"(p = {placebo['worst_p']:.3f}).",
    ]
