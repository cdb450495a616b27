"""Both claims of a change, each with its placebo, and the verdict over them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.drift.sung_otherwise import sung_otherwise
from chingolo.analysis.change.era_change import EraChange
from chingolo.analysis.claims.apart import themes_apart
from chingolo.analysis.claims.claim import NOT_MADE, verdict_of
from chingolo.analysis.claims.drift import drift_claim, drift_rows, drift_tests, speed_is_known
from chingolo.analysis.claims.drift_evidence import Measured, drift_evidence
from chingolo.analysis.claims.heard_twice import parts_themes
from chingolo.analysis.claims.placebo import recorder_placebo
from chingolo.analysis.claims.refusals import design_refusal, sameness
from chingolo.analysis.claims.repertoire import repertoire_claim
from chingolo.analysis.results import put_together
from chingolo.analysis.settings import CompareSettings


def claims_of(
    songs: pd.DataFrame,
    eras: Eras,
    evidence: Evidence,
    change: EraChange,
    settings: CompareSettings,
    *,
    copied_theme: np.ndarray | None = None,
    copies: np.ndarray | None = None,
    sung: Measured | None = None,
    sung_again: Sequence[Measured] | None = None,
    by_people: bool = False,
    anew: Callable[[], float] | None = None,
) -> dict[str, Any]:
    """What `results.json` tells of the claims: verdict, reasons, claims, tests, themes, drift.

    Args:
        songs: the rows of the song table.
        eras: era of each song.
        evidence: of each song.
        change: as it was measured.
        settings: levels.
        copied_theme: [recorders, songs] theme of each song through each random recorder.
        copies: [songs, recorders, dimensions] their vectors.
        sung: [songs] of `measure_recordings`; None where no song was measured.
        sung_again: [recorders] of `measure_copies`.
        by_people: whether the themes are types told by people.
        anew: see `repertoire_claim`.
    """
    theme, design, tests = evidence.theme, change.design, change.tests
    assert theme is not None
    speed_known = speed_is_known(songs, eras, settings)
    placebo: dict[str, Any] = dict(NOT_MADE)
    measured, drift_placebo = None, dict(NOT_MADE)
    if not by_people:
        placebo = recorder_placebo(songs, theme, copied_theme, design)
    if sung is not None and design.testable.any():
        measured, drift_placebo = drift_evidence(
            songs,
            theme,
            sung,
            sung_again,
            design,
            permutations=settings.permutations,
            speed_known=speed_known,
        )
    refusal = sameness(evidence.z, eras) or design_refusal(songs, eras, design, settings)
    repertoire, themes = repertoire_claim(
        songs,
        eras,
        design,
        change.shares,
        tests.claims.get("repertoire", {}),
        settings,
        tests=[name for name, test in tests.results.items() if test["claim"] == "repertoire"],
        placebo=placebo,
        # a recorder that was measured is the one that made the eras
        apart=None
        if by_people or placebo.get("measured")
        else themes_apart(evidence.z, theme, design, copies=copies),
        by_people=by_people,
        anew=anew,
        otherwise=None
        if by_people or sung is None
        else partial(sung_otherwise, theme=theme, era=eras.of_song, sung=sung),
        refusal=refusal,
    )
    drift = drift_claim(
        design,
        measured,
        settings,
        placebo=drift_placebo,
        one_recorder=speed_known,
        themes_parted=parts_themes(placebo),
        refusal=refusal,
    )
    claims = {"repertoire": repertoire, "drift": drift}
    verdict, reasons = verdict_of(claims)
    return {
        "verdict": verdict,
        "reasons": reasons,
        "claims": claims,
        "tests": put_together(tests.results, drift_tests(measured)),
        "themes": themes,
        "drift": drift_rows(measured),
    }
