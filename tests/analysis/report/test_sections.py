"""Every section that is entered: HTML or nothing, with eras and without."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.change.drift.song_measures import HeardNote, SongMeasures
from chingolo.analysis.compare import compare
from chingolo.analysis.report.elements.media import Media, collect_media
from chingolo.analysis.report.sections.registry import SECTIONS
from chingolo.analysis.results import Comparison
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable

SETTINGS = CompareSettings(permutations=99, bootstraps=20)


def two_whistles(interval: float, pitch: float) -> SongMeasures:
    time = np.arange(0.0, 0.2, 0.002)
    return SongMeasures(
        tuple(
            HeardNote(at, at, hertz, 0.0, 0.2, at + time, np.full(len(time), hertz))
            for at, hertz in ((0.1, 3000.0), (0.1 + interval, pitch))
        )
    )


def compared(*, eras: bool) -> tuple[Comparison, Media]:
    """Three themes of eight birds an era, in memory, with every column that song tables know."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"era": era if eras else "", "individual": f"{era}-{bird}", "latitude": -34.0}
        | {"longitude": -58.0, "site": "marsh", "device": "reel", "date": f"{era}-10-01"}
        | {"species": "Zonotrichia capensis", "label": "a", "origin": "recorded"}
        for era in ("1966", "2020")
        for bird in range(8)
        for _ in range(3)
    )
    centre = 5 * np.eye(3)[np.arange(len(rows)) % 3]
    z = (centre + 0.2 * random.standard_normal((len(rows), 3))).astype(np.float32)
    own = 0.02 * random.standard_normal((len(rows), 2))
    sung = [two_whistles(0.4 * np.exp(a), 4000 * np.exp(b)) for a, b in own]
    comparison = compare(LatentTable(rows, z), SETTINGS, sung=sung, sung_again=[sung])
    if eras:
        results = comparison.results | {"commands": ["chingolo compare a<b.parquet"]}
        comparison = replace(comparison, results=results)
    return comparison, collect_media(comparison)


@pytest.fixture(scope="module")
def both() -> list[tuple[Comparison, Media]]:
    """With two eras, and without."""
    return [compared(eras=True), compared(eras=False)]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_is_told_where_it_applies(name: str, both: list[tuple[Comparison, Media]]):
    told = [SECTIONS[name].page(comparison, media) for comparison, media in both]
    assert told[0]
    for page in told:
        assert not page or page.startswith("<")
        assert page.count("<h2>") == (1 if page and SECTIONS[name].title else 0)


def test_commands_are_shown_as_they_are_typed(both):
    page = SECTIONS["commands"].page(*both[0])
    assert "chingolo compare a&lt;b.parquet" in page
    assert not SECTIONS["commands"].page(*both[1])


def test_the_measures_of_songs_are_told_in_units_with_what_recorders_make(both):
    page = SECTIONS["sung"].page(*both[0])
    assert "interval from part 1 to part 2" in page
    assert " ms</td>" in page  # 0.4 s
    assert " Hz</td>" in page
    assert "0.0 %" in page  # copies that are the songs themselves
    assert "1 random recorder" in page


def test_the_methods_tell_how_sung_themes_were_compared_where_they_were(both):
    with_measures = SECTIONS["methods"].page(*both[0])
    assert "trill periods and the pitch of whistles" in with_measures
    assert "no recorder of its own placebo moves it" in with_measures
    assert "trill periods" not in SECTIONS["methods"].page(*both[1])


def test_the_methods_tell_a_placebo_where_it_was_made(both):
    comparison, media = both[0]
    without = SECTIONS["methods"].page(comparison, media)
    assert "No placebo was made, so that a change of the repertoire was claimed only" in without
    claims = deepcopy(comparison.results["claims"])
    claims["repertoire"]["placebo"]["passed"] = True
    claims["drift"]["placebo"]["passed"] = None
    other = replace(comparison, results=comparison.results | {"claims": claims})
    page = SECTIONS["methods"].page(other, media)
    assert "not where the placebo itself rejected" in page
    assert "these songs were not measured again through recorders" in page


def test_recorders_that_were_chosen_are_told_as_such(both):
    comparison, media = both[0]
    made_by = {"recorders": 1, "recorders_drawn": 200, "family": "wide-2"}
    chosen = replace(comparison, results=comparison.results | {"run": made_by})
    assert "1 recorder, of 200 at random those" in SECTIONS["sung"].page(chosen, media)
    assert "those of 200 at random (wide-2)" in SECTIONS["methods"].page(chosen, media)
    assert "at random" not in SECTIONS["methods"].page(comparison, media)
