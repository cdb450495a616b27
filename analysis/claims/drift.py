"""The claim on drift: how themes are sung, from what a recorder cannot make."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.drift.measure_drift import DriftResult, DriftRow, measure_name
from chingolo.analysis.claims.claim import (
    CHANGED,
    NO_CHANGE_SHOWN,
    NOT_MADE,
    REFUSED,
    claim,
)
from chingolo.analysis.claims.heard_twice import BEYOND, told_heard
from chingolo.analysis.claims.refusals import same_device
from chingolo.analysis.settings import CompareSettings

TEST = "sung_measures"
"""Name of its test in `tests`."""
TOLD = 6
"""Changed measures that reasons name at most."""


def speed_is_known(songs: pd.DataFrame, eras: Eras, settings: CompareSettings) -> bool:
    """Whether one known device, or the user's word, fixes the speed of both eras."""
    return settings.same_recorder or same_device(songs, eras)


def drift_claim(
    design: Design,
    measured: DriftResult | None,
    settings: CompareSettings,
    *,
    placebo: Mapping[str, Any] = NOT_MADE,
    one_recorder: bool = False,
    themes_parted: bool = False,
    refusal: str = "",
) -> dict[str, Any]:
    """Decides what may be said of how themes are sung.

    It rests on intervals, trill periods and the pitch of whistles, less the speed that all of them
    have in common where no device fixes it. Recorders hardly move these (docs/methods.md), and a
    measure counts as changed only if it changed clearly more than any recorder of the placebo
    moves it.

    Args:
        design: units, eras and blocks.
        measured: of `measure_drift`; None where no song was measured.
        settings: levels.
        placebo: of `drift_evidence`; `passed` None where there was none.
        one_recorder: whether one recorder made both eras, so that the placebo decides nothing.
        themes_parted: whether recorders alone change the shares of themes; see `parts_themes`.
        refusal: why these songs cannot show a change whatever the tests say; "" where they could.
    """
    if measured is None:
        told = "How themes are sung was not measured: that takes the recordings."
        return claim(REFUSED, [told])
    if refusal:
        return claim(REFUSED, [refusal], tests=[TEST])
    if measured.p is None:
        return claim(REFUSED, list(measured.remarks), tests=[TEST])
    significant = [row for row in measured.rows if row.p <= settings.significance]
    beyond = [row for row in significant if one_recorder or _beyond(row, placebo)]
    made = [row for row in significant if row not in beyond]
    p = f"p = {measured.p:.3f}, all measures together, unit: {design.unit_name}"
    if measured.p > settings.significance or not significant:
        verdict = NO_CHANGE_SHOWN
        reasons = [
            f"Themes are not found to be sung otherwise ({p}). That is not proof that nothing "
            "changed."
        ]
    elif themes_parted and not one_recorder:
        verdict = REFUSED
        reasons = [
            f"Themes sound otherwise ({p}), but a recorder alone changes which songs are of which "
            "theme, so that unlike songs may have been compared."
        ]
    elif beyond:
        verdict = CHANGED
        reasons = [f"Themes are sung otherwise ({p}): {_listed(beyond)}.", *_heard(placebo)]
        if made:
            told = _listed(made)
            reasons.append(f"Not claimed, since a recorder moves such measures as far: {told}.")
        reasons += [design.caveat] if design.caveat else []
    else:
        verdict = REFUSED
        reasons = [
            f"Themes sound otherwise ({p}), but a recorder alone moves such measures as far: "
            f"{_listed(made)}."
        ]
    reasons += [
        f"A sample rate of {rate:.0f} Hz without a filter would fold {name} to where it is."
        for name, rate in placebo.get("folds", {}).items()
        if name in [measure_name(row.theme, row.measure) for row in made]
    ]
    sensitivity = _sensitivity(measured, settings)
    if sensitivity and verdict == NO_CHANGE_SHOWN:
        reasons.append(sensitivity["words"])
    return claim(
        verdict,
        [*reasons, *_speed_words(measured), *measured.remarks],
        p=measured.p,
        effect=_effect((beyond or measured.rows)[0]),
        tests=[TEST],
        placebo=placebo,
        sensitivity=sensitivity,
    )


def _beyond(row: DriftRow, placebo: Mapping[str, Any]) -> bool:
    """Whether a measure changed by clearly more than any recorder of the placebo makes it.

    Not so a pitch that a rate without a filter would fold to where it is. What a recorder does to a
    pitch of one theme, its like may do to another's; what all themes have in common is of pitches
    and times.
    """
    name = measure_name(row.theme, row.measure)
    folds = placebo.get("folds", {})
    if name in folds or (folds and not row.theme):
        return False
    kinds = placebo.get("kinds", {})
    alike = [kinds.get(row.unit, 0.0)] if row.theme else kinds.values()
    own = placebo.get("measures", {}).get(name, 0.0)
    return abs(row.change_percent) > BEYOND * max(own, *alike, 0.0)


def _heard(placebo: Mapping[str, Any]) -> list[str]:
    if placebo["passed"] is None:
        return [
            "What a recorder does to these measures was not tried on these songs, but on others "
            "(docs/methods.md)."
        ]
    return [f"None of {told_heard(placebo)} moves such measures as far."]


def drift_tests(measured: DriftResult | None) -> dict[str, dict[str, Any]]:
    """The test as `tests` tells it, by name; none where nothing could be compared."""
    if measured is None or measured.p is None:
        return {}
    return {TEST: {"value": None, "expected": None, "p": measured.p, "claim": "drift"}}


def drift_rows(measured: DriftResult | None) -> list[dict[str, Any]]:
    """Every measure as `results.json` tells it, the smallest p first."""
    return [] if measured is None else [dataclasses.asdict(row) for row in measured.rows]


def _effect(row: DriftRow) -> dict[str, Any]:
    return {
        "name": measure_name(row.theme, row.measure),
        "value": row.change_percent,
        "interval": list(row.interval_percent),
        "unit": "%",
    }


def _listed(rows: Sequence[DriftRow]) -> str:
    told = [
        f"{row.theme or 'all themes'}, {row.measure}, {row.change_percent:+.1f} % "
        f"({row.interval_percent[0]:+.1f} to {row.interval_percent[1]:+.1f} %)"
        for row in rows[:TOLD]
    ]
    return "; ".join(told) + (f"; and {len(rows) - TOLD} more" if len(rows) > TOLD else "")


def _speed_words(measured: DriftResult) -> list[str]:
    speed = measured.speed
    if speed is None or not speed.removed:
        return []
    low, high = (100 * (end - 1) for end in speed.interval)
    return [
        f"What all measures have in common, {100 * (speed.factor - 1):+.1f} % ({low:+.1f} to "
        f"{high:+.1f} %) on pitch and on one over time, is what a wrong speed makes, and was taken "
        "out: a change of that kind needs a known device or a reference sound."
    ]


def _sensitivity(measured: DriftResult, settings: CompareSettings) -> dict[str, Any] | None:
    """The change that a typical measure would have shown, 4 times in 5, from its interval."""
    half = [np.ptp(row.interval_percent) / 2 for row in measured.rows if row.theme]
    if not half:
        return None
    z = stats.norm.ppf(1 - settings.significance / (2 * len(half))) + stats.norm.ppf(0.8)
    smallest = float(z * np.median(half) / stats.norm.ppf(0.975))
    return {
        "smallest_change": smallest,
        "power": 0.8,
        "words": f"A change of {smallest:.1f} % in a typical one of the {len(half)} measures would "
        "have been shown 4 times in 5.",
    }
