"""The claim on the repertoire: which themes are sung, by what share of the birds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from chingolo.analysis.change.design.eras import Eras
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.theme_table import CHANGES, UNCLEAR, ThemeShares, theme_table
from chingolo.analysis.claims.apart import Apart
from chingolo.analysis.claims.claim import (
    CHANGED,
    NO_CHANGE_SHOWN,
    NOT_MADE,
    REFUSED,
    claim,
)
from chingolo.analysis.claims.heard_twice import BEYOND, parts_themes, told_heard
from chingolo.analysis.claims.refusals import same_device
from chingolo.analysis.settings import CompareSettings
from chingolo.synth.tables.words import alike

UNEQUAL = (
    "Birds of the two eras have unequal numbers of songs, which alone may part clusters; so themes "
    "were found anew on songs drawn alike."
)


def repertoire_claim(
    songs: pd.DataFrame,
    eras: Eras,
    design: Design,
    shares: ThemeShares,
    test: Mapping[str, Any],
    settings: CompareSettings,
    *,
    tests: Sequence[str],
    placebo: Mapping[str, Any] = NOT_MADE,
    apart: Apart | None = None,
    by_people: bool = False,
    anew: Callable[[], float] | None = None,
    otherwise: Callable[[Sequence[str]], Mapping[str, str]] | None = None,
    refusal: str = "",
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Decides what may be said of which themes are sung by what share of the birds.

    A change is claimed where the test over all themes rejects, a theme's own adjusted p does, the
    placebo does not reject, and no recorder of it moves that theme's share as far. Where no placebo
    could be made, one known device must have made all songs, or the user must have said that the
    recorders were alike, or people must have told the types.

    Args:
        songs: the rows of the song table.
        eras: era of each song.
        design: units, eras and blocks.
        shares: of `theme_shares`.
        test: `p` and `p_spread` of all tests of the repertoire at once.
        settings: levels.
        tests: names of the tests it rests on.
        placebo: of `recorder_placebo`; `passed` None where there was none.
        apart: of `themes_apart`; a theme that does not stand apart is not claimed. None where no
            clustering could have parted a theme by recorder.
        by_people: whether types were told by people, without a clustering that recorders could
            split.
        anew: `p_found_anew`, asked only where all songs show a change; a change is claimed at the
            larger p of the two. None where birds of both eras have alike numbers of songs.
        otherwise: `sung_otherwise` of some themes, asked of those alone that would be claimed; what
            is one theme of both eras is drift. None where no song was measured.
        refusal: why these songs cannot show a change whatever the tests say; "" where they could.

    Returns:
        The claim, and the rows of `theme_table`.
    """

    def table(claimed: bool) -> list[dict[str, Any]]:
        return theme_table(
            shares,
            claimed=claimed,
            significance=settings.significance,
            absent_below=settings.absent_below,
        )

    if refusal:
        refused = claim(REFUSED, [refusal], tests=tests, placebo=placebo)
        return refused, _without_status(table(False))
    if not shares.themes.sung.any() or not test:
        told = (
            "Fewer than half of the songs belong to a theme, so there is no repertoire to tell of."
        )
        return claim(REFUSED, [told], tests=tests, placebo=placebo), _without_status(table(False))
    p, all_songs = test["p"], ""
    if anew is not None and p <= settings.significance:
        p = max(p, anew())
        all_songs = f"; with themes found on all songs {test['p']:.3f}" if p > test["p"] else ""
    how = f"p = {p:.3f}{all_songs}, shares of all themes together, unit: {design.unit_name}"
    rows = table(p <= settings.significance)
    told = {
        "p": p,
        "tests": tests,
        "placebo": placebo,
        "sensitivity": power(shares, design, settings),
    }
    moved = [row for row in rows if row["status"] in CHANGES]
    same = otherwise([row["name"] for row in moved]) if moved and otherwise else {}
    rows = [row | {"status": UNCLEAR} if row["name"] in same else row for row in rows]
    moved = [row for row in moved if row["name"] not in same]
    caveat = [_told_otherwise(same, eras)] if same else []
    caveat += [design.caveat] if design.caveat else []
    told["effect"] = _largest(moved or rows)
    if same and not moved:
        reasons = [f"No theme is claimed to have come or gone ({how}).", *caveat]
        return claim(NO_CHANGE_SHOWN, reasons, **told), rows
    if p > settings.significance or not moved:
        return claim(
            NO_CHANGE_SHOWN,
            [
                *([UNEQUAL] if all_songs else []),
                f"The themes of {eras.historical} and {eras.modern} are not found to be sung by "
                f"other shares of the {design.unit_name}s ({how}). That is not proof that nothing "
                "changed.",
                told["sensitivity"]["words"],
            ],
            **told,
        ), rows
    named = "; ".join(f"{row['name']} {row['status']}" for row in moved)
    differ = f"Themes are sung by other shares of the {design.unit_name}s ({how}): {named}"
    control = _control(songs, eras, settings, by_people=by_people)
    if control:
        spelled = _alike(shares.themes.names, moved) if by_people else []
        rows = [row | {"status": UNCLEAR} if row in spelled else row for row in rows]
        reasons = [_told_alike(spelled)] if spelled else []
        if len(spelled) == len(moved):
            return claim(REFUSED, [f"{differ}.", *reasons], **told), _without_status(rows)
        told["effect"] = _largest([row for row in moved if row not in spelled])
        return claim(CHANGED, [f"{differ}.", control, *reasons, *caveat], **told), rows
    if placebo["passed"] is None:
        return claim(
            REFUSED,
            [
                f"{differ}, but nothing tells changed songs from a changed recorder: no song was "
                "heard through other recorders. Give the encoder's run (--run), or say "
                "--same-recorder if one kind of recorder made both eras."
            ],
            **told,
        ), _without_status(rows)
    if parts_themes(placebo):
        return claim(
            REFUSED,
            [
                f"{differ}, but so are they when a recorder alone differs (placebo, p = "
                f"{placebo['p']:.3f}): these themes are not told apart from recorders."
            ],
            **told,
        ), _without_status(rows)
    made = [row for row in moved if not _beyond(row, placebo)]
    near = [row for row in moved if row not in made and apart and not apart.stands(row["name"])]
    rows = [row | {"status": UNCLEAR} if row in made + near else row for row in rows]
    why = [f"a recorder alone moves these themes as far: {_names(made)}"] if made else []
    if near and apart:
        why.append(_told_near(near, apart, eras))
    if len(made) + len(near) == len(moved):
        refused = [f"{differ}, but {'; and '.join(why)}."]
        return claim(REFUSED, refused, **told), _without_status(rows)
    stands = [row for row in moved if row not in made + near]
    told["effect"] = _largest(stands)
    reasons = [
        f"{differ}.",
        f"None of {told_heard(placebo)} moves {_names(stands)} as far; "
        f"{placebo['stable']:.0%} of songs stayed in their theme.",
    ]
    reasons += [f"Not claimed, since {reason}." for reason in why]
    reasons += caveat
    return claim(CHANGED, reasons, **told), rows


def _told_otherwise(same: Mapping[str, str], eras: Eras) -> str:
    pairs = ", ".join(f"{one} (of {other})" for one, other in same.items())
    return (
        f"The notes of these are those of one theme, sung otherwise in {eras.historical} and "
        f"{eras.modern}, all higher or lower, faster or slower, which is drift: {pairs}."
    )


def _alike(names: Sequence[str], moved: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of [moved] types whose name another of [names] may only be a spelling of."""
    several = {name for group in alike(names) for name in group}
    return [row for row in moved if row["name"] in several]


def _told_alike(rows: Sequence[Mapping[str, Any]]) -> str:
    return (
        f"Not claimed, since another type has the same name but for case, blanks or the like, and "
        f"may be the same: {_names(rows)}. Write one type in one way, and name two otherwise."
    )


def _told_near(near: Sequence[Mapping[str, Any]], apart: Apart, eras: Eras) -> str:
    """Why themes that do not stand apart may be one theme that a recorder parted."""
    if not np.isfinite(apart.shift):
        return (
            f"no theme is sung in both {eras.historical} and {eras.modern} by enough birds to tell "
            f"how far their recorders moved songs: {_names(near)}"
        )
    pairs = ", ".join(f"{row['name']} ({apart.nearest[row['name']][0]})" for row in near)
    return (
        "no recorder that was tried explains how far the eras lie apart within themes that "
        "persist, and these lie hardly farther from one of the other era, which may be the same "
        f"theme: {pairs}"
    )


def _control(songs: pd.DataFrame, eras: Eras, settings: CompareSettings, *, by_people: bool) -> str:
    """What makes a recorder no explanation; "" where nothing does."""
    if by_people:
        return (
            "Types were given by people, and no recorder entered the tests; who gave them in each "
            "era was not controlled."
        )
    if settings.same_recorder:
        return "By the user's word, one kind of recorder made the songs of both eras."
    if same_device(songs, eras):
        return "One device made the songs of both eras, by the table's column 'device'."
    return ""


def _beyond(row: Mapping[str, Any], placebo: Mapping[str, Any]) -> bool:
    """Whether a theme's share differs by clearly more than any recorder of the placebo makes it."""
    difference = abs(row["modern"]["share"] - row["historical"]["share"])
    return difference > BEYOND * placebo["themes"].get(row["name"], 0.0)


def _names(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(row["name"]) for row in rows)


def _without_status(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "status": UNCLEAR} for row in rows]


def _largest(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The largest difference in a theme's share, with the interval of a difference of shares.

    Of the themes that are claimed to have changed, where there are some, else of all.

    By the method of Newcombe (1998, Statist. Med. 17:873, method 10), from both eras' intervals.
    """
    if not rows:
        return None
    row = max(rows, key=lambda row: abs(row["modern"]["share"] - row["historical"]["share"]))
    old, young = row["historical"], row["modern"]
    value = young["share"] - old["share"]
    below = np.hypot(young["share"] - young["interval"][0], old["interval"][1] - old["share"])
    above = np.hypot(young["interval"][1] - young["share"], old["share"] - old["interval"][0])
    return {
        "name": row["name"],
        "value": value,
        "interval": [float(value - below), float(value + above)],
        "unit": "difference in the share of songs",
    }


def power(shares: ThemeShares, design: Design, settings: CompareSettings) -> dict[str, Any]:
    """The smallest change of a theme's share that these units would have shown, 4 times in 5.

    Of a theme that has a tenth of the songs: the critical difference of the test over all themes
    (Bonferroni's bound on the themes) and the deviation of a difference, as in a z test.
    """
    count = max(int(shares.themes.sung.sum()), 1)
    era = design.era[design.testable]
    variance = 0.1 * 0.9 * shares.spread * (1 / (era == 0).sum() + 1 / (era == 1).sum())
    z = stats.norm.ppf(1 - settings.significance / (2 * count)) + stats.norm.ppf(0.8)
    smallest = min(float(z * np.sqrt(variance)), 1.0)
    return {
        "smallest_change": smallest,
        "power": 0.8,
        "words": (
            f"These {design.unit_name}s would have shown, 4 times in 5, a theme's share moving "
            f"from 10 % by {100 * smallest:.0f} points or more."
        ),
    }
