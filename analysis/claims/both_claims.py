"""Both claims of a change, from what was measured."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.drift.measure_drift import DriftResult
from chingolo.analysis.change.era_change import EraChange
from chingolo.analysis.claims.claim import NOT_MADE
from chingolo.analysis.claims.drift import drift_claim, speed_is_known
from chingolo.analysis.claims.heard_twice import parts_themes
from chingolo.analysis.claims.refusals import design_refusal
from chingolo.analysis.claims.repertoire import repertoire_claim
from chingolo.analysis.settings import CompareSettings


def claims_of(
    songs: pd.DataFrame,
    eras: Eras,
    change: EraChange,
    settings: CompareSettings,
    *,
    measured: DriftResult | None = None,
    placebo: Mapping[str, Any] = NOT_MADE,
    drift_placebo: Mapping[str, Any] = NOT_MADE,
    by_people: bool = False,
    same: str = "",
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The claims, by name, and the rows of `theme_table` with what became of each theme.

    Args:
        songs: the rows of the song table.
        eras: era of each song.
        change: as it was measured.
        settings: levels.
        measured: how themes are sung, of `measure_drift`; None where no song was measured.
        placebo: of `recorder_placebo`.
        drift_placebo: of `drift_evidence`.
        by_people: whether the themes are types told by people.
        same: of `sameness`; why nothing at all can be claimed.
    """
    tests = change.tests
    refusal = same or design_refusal(songs, eras, change.design, settings)
    repertoire, themes = repertoire_claim(
        songs,
        eras,
        change.design,
        change.shares,
        tests.claims.get("repertoire", {}),
        settings,
        tests=[name for name, test in tests.results.items() if test["claim"] == "repertoire"],
        placebo=placebo,
        by_people=by_people,
        refusal=refusal,
    )
    drift = drift_claim(
        change.design,
        measured,
        settings,
        placebo=drift_placebo,
        controlled=speed_is_known(songs, eras, settings),
        themes_parted=parts_themes(placebo),
        refusal=refusal,
    )
    return {"repertoire": repertoire, "drift": drift}, themes
