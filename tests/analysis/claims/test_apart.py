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


def test_a_direction_that_recorders_move_songs_in_counts_for_less():
    """The eras lie 1 apart along axis 0, as recorders move songs; a lost theme 0.9 along axis 1."""
    random = np.random.default_rng(0)
    bird = np.arange(600)
    modern = bird >= 300
    theme = np.array(["A", "B", "C"], object)[bird % 3]
    theme[modern & (theme == "C")] = "A"
    place = {"A": (0.0, 0.0), "B": (0.0, 6.0), "C": (0.0, 0.9)}
    z = np.zeros((600, 4))
    z[:, :2] = [place[name] for name in theme]
    z[:, 0] += modern
    z += 0.1 * random.standard_normal(z.shape)
    design = design_of(modern, bird)
    plain = themes_apart(z, theme, design)
    assert plain.persisting == 2
    assert plain.nearest["C"][0] == "A"
    assert not plain.stands("C")
    copies = np.repeat(z[:, None], 8, axis=1)
    copies[:, :, 0] += random.standard_normal((600, 8))
    apart = themes_apart(z, theme, design, copies=copies)
    # 1/4 of the mean variance along axis 1, 5/4 along axis 0: distances of sqrt(1/5) and 1 to 0.9
    assert apart.nearest["C"][1] / apart.shift == pytest.approx(np.sqrt(1 + 0.81 * 5), rel=0.05)
    assert apart.stands("C")
    still = themes_apart(z, theme, design, copies=np.repeat(z[:, None], 3, axis=1))
    assert still.shift == pytest.approx(plain.shift)


def test_where_one_theme_persists_more_is_asked_for():
    random = np.random.default_rng(0)
    bird = np.arange(400)
    modern = bird >= 200
    theme = np.where(bird % 2, "A", "B").astype(object)
    theme[modern & (theme == "B")] = "A"
    z = 0.05 * random.standard_normal((400, 3))
    z[:, 0] += modern
    for distance, stands in ((1.4, False), (2.5, True)):
        lost = z.copy()
        lost[theme == "B", 1] = np.sqrt(distance**2 - 1)
        apart = themes_apart(lost, theme, design_of(modern, bird))
        assert apart.persisting == 1
        assert apart.nearest["B"][1] / apart.shift == pytest.approx(distance, rel=0.03)
        assert apart.stands("B") == stands
