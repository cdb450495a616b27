"""Themes of one era that may be one of the other's, parted by a recorder that nobody tried."""

import numpy as np
import pandas as pd
import pytest

from chingolo.analysis.claims.apart import themes_apart
from chingolo.analysis.compare import compare
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.copies.embed_copies import with_copies
from chingolo.analysis.space.latent_table import LatentTable
from tests.analysis.change.test_change import design_of

BIRDS, SONGS, DIMENSIONS = 48, 3, 12
SETTINGS = CompareSettings(permutations=199, bootstraps=20)


def eras_of(
    themes: list[list[int]], moved: np.ndarray, spread: dict[int, float] | None = None
) -> LatentTable:
    """Each bird sings one theme; the young era's vectors of theme t are moved by moved[t].

    Themes lie 1 apart (times the square root of 2), songs by 0.03 or the theme's `spread`. Copies
    say that recorders do nothing.
    """
    random = np.random.default_rng(4)
    rows, z, near = [], [], spread or {}
    for era, sung in enumerate(themes):
        for bird in range(BIRDS):
            theme = sung[bird % len(sung)]
            for song in range(SONGS):
                rows.append(
                    {
                        "path": f"{era}-{bird}-{song}.wav",
                        "era": ("1966", "2020")[era],
                        "individual": f"{era}-{bird}",
                        "site": "marsh",
                    }
                )
                middle = np.eye(DIMENSIONS)[theme] + era * moved[theme]
                z.append(middle + near.get(theme, 0.03) * random.standard_normal(DIMENSIONS))
    latents = LatentTable(pd.DataFrame(rows), np.array(z, np.float32), {})
    return with_copies(latents, np.repeat(latents.z[:, None], 3, axis=1))


def shift(theme: int, size: float) -> np.ndarray:
    """A recorder moves each theme by 0.2 its own way, this one by `size`."""
    moved = 0.2 * np.eye(DIMENSIONS)[6:].repeat(2, axis=0)[:DIMENSIONS]
    moved[theme] *= size / 0.2
    return moved


def statuses(latents: LatentTable) -> tuple[str, set[str]]:
    results = compare(latents, SETTINGS).results
    claim = results["claims"]["repertoire"]
    return claim["verdict"], {row["status"] for row in results["themes"]}


def test_a_theme_that_a_recorder_parts_is_neither_lost_nor_new():
    # 0.28 is far enough for two clusters of songs so alike, and hardly more than the 0.2 that all
    # themes are moved by
    latents = eras_of([[0, 1, 2, 3]] * 2, shift(0, 0.28), {0: 0.01})
    verdict, found = statuses(latents)
    assert verdict != "changed"
    assert not found & {"lost", "new"}
    reasons = compare(latents, SETTINGS).results["claims"]["repertoire"]["reasons"]
    assert any("may be the same theme" in reason for reason in reasons)


def test_a_theme_that_came_is_new_though_recorders_moved_all():
    verdict, found = statuses(eras_of([[0, 1, 2, 3], [5, 1, 2, 3]], shift(0, 0.2)))
    assert verdict == "changed"
    assert {"lost", "new"} <= found


def test_where_nothing_persists_nothing_tells_recorders_from_birds():
    latents = eras_of([[0, 1, 2], [3, 4, 5]], shift(0, 0.2))
    results = compare(latents, SETTINGS).results
    assert results["claims"]["repertoire"]["verdict"] == "refused"
    assert "no theme is sung in both" in results["claims"]["repertoire"]["reasons"][0]
    one_device = LatentTable(latents.songs.assign(device="Uher"), latents.z, {}, latents.copies)
    assert compare(one_device, SETTINGS).results["claims"]["repertoire"]["verdict"] == "changed"


def test_where_all_themes_are_parted_none_is_lost_or_new():
    latents = eras_of([[0, 1, 2, 3]] * 2, shift(0, 0.2), dict.fromkeys(range(4), 0.01))
    verdict, found = statuses(latents)
    assert (verdict, found) == ("refused", {"unclear"})


@pytest.mark.parametrize("songs", [1, 6])
def test_distances_are_those_of_the_means_however_few_songs(songs: int):
    random = np.random.default_rng(0)
    bird = np.repeat(np.arange(800), songs)
    theme = np.where(bird % 2, "A", "B").astype(object)
    modern = bird >= 400
    z = np.zeros((len(bird), 5))
    z[:, 0] = np.where(theme == "A", 3.0, 0.0) + 0.4 * modern
    z += 0.5 * random.standard_normal(z.shape) + 0.2 * random.standard_normal((800, 5))[bird]
    apart = themes_apart(z, theme, design_of(modern, bird))
    assert apart.shift == pytest.approx(0.4, abs=0.1)
    other, distance = apart.nearest["A"]
    assert (other, distance) == ("B", pytest.approx(3.0, abs=0.5))
    assert apart.stands("A")
    assert apart.stands("C")  # of which nothing is known to lie near
