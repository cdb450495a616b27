"""The channel placebo: modern songs sent through the historical recorder, against themselves."""

import numpy as np

from analysis.change import change_tests, energy_statistic, permanova_statistic
from analysis.permutation import combined_p, permuted_eras
from analysis.themes import composition_statistic
from analysis.units import HISTORICAL, MODERN, Design


def placebo_tests(
    z: np.ndarray,
    rerecorded: np.ndarray,
    theme: np.ndarray | None,
    rerecorded_theme: np.ndarray | None,
    design: Design,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> dict[str, float]:
    """Whether modern songs differ from themselves once the historical recorder made them.

    Energy distance, PERMANOVA and theme shares, as between the eras, compare every modern unit with
    its own re-recorded copy, the copy standing as one more unit of the same site: a recorder whose
    effect is as large as what chance makes between such samples of birds is found. Then the
    historical songs are compared with the copies, which came through that recorder as they did.

    Args:
        z: [songs, dimensions] vectors of all songs.
        rerecorded: [songs, dimensions] vectors after the historical recorder; only rows of modern
            songs are read.
        theme: [songs] themes of the songs, or None.
        rerecorded_theme: [songs] themes of the re-recorded songs, or None.
        design: units, eras and blocks of the songs.
        permutations: number of permutations.
        seed: seed of the permutations.

    Returns:
        `p` of the placebo, its energy `distance`, and `matched_p` of the historical songs against
        the re-recorded modern ones.
    """
    modern = np.flatnonzero(_era_of_song(design) == MODERN)
    own = design.unit_of_song[modern]
    units = np.unique(own)
    own = np.searchsorted(units, own)
    doubled = Design(
        unit_of_song=np.concatenate([own, own + len(units)]),
        era=np.repeat([MODERN, HISTORICAL], len(units)),
        block=np.tile(design.block[units], 2),
        name=np.tile(design.name[units], 2),
        unit_name=design.unit_name,
        block_name=design.block_name,
        notes=(),
    )
    both = np.concatenate([z[modern], rerecorded[modern]])
    eras = permuted_eras(doubled, permutations=permutations, seed=seed)
    # a bird and its copy share songs, so each stands with all of its songs, not with one at random
    energy = energy_statistic(both, doubled, eras, one_song=False)
    statistics = {"energy": energy, "permanova": permanova_statistic(both, doubled, eras)}
    if theme is not None and rerecorded_theme is not None:
        themes = np.concatenate([theme[modern], rerecorded_theme[modern]])
        statistics["composition"] = composition_statistic(themes, doubled, eras)
    result = {"p": combined_p(statistics), "distance": float(energy[0])}
    if design.testable.any():
        is_modern = _era_of_song(design) == MODERN
        matched = np.where(is_modern[:, None], rerecorded, z)
        themes = None
        if theme is not None and rerecorded_theme is not None:
            themes = np.where(is_modern, rerecorded_theme, theme)
        tests = change_tests(matched, themes, design, permutations=permutations, seed=seed)
        result["matched_p"] = tests["combined"]["p"]
    return result


def _era_of_song(design: Design) -> np.ndarray:
    return np.where(design.unit_of_song >= 0, design.era[design.unit_of_song], -1)
