"""The placebo of many recorders: songs against themselves, heard through other recorders."""

from typing import Any

import numpy as np

from chingolo.analysis.change.design.eras import MODERN
from chingolo.analysis.change.design.permutation import family_wise_p, permuted_eras
from chingolo.analysis.change.design.theme_counts import theme_counts
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.composition import share_differences, unit_shares


def recorder_placebo(
    theme: np.ndarray, copied: np.ndarray | None, design: Design, *, permutations: int = 999
) -> dict[str, Any]:
    """What recorders alone do to the shares of themes.

    Every modern unit is compared with its own songs heard through one recorder, pair by pair, and
    so for each recorder; nothing but the recorder differs.

    Args:
        theme: [songs] theme of each song, "" for none.
        copied: [recorders, songs] theme that each song has through each recorder; None where songs
            were heard as they are alone.
        design: units and eras.
        permutations: exchanges of units with their copies behind each p.

    Returns:
        `passed`: whether no recorder changes the shares (at a level of 5 % over all recorders); `p`
        of the recorder that changes them most, adjusted for all recorders; `recorders`; `stable`,
        share of songs that stay in their theme; `themes`: for each theme the largest difference in
        share that a recorder makes. `passed` alone, None, without copies.
    """
    if copied is None or not len(copied):
        return {"passed": None}
    modern = np.zeros(len(theme), dtype=bool)
    inside = design.unit_of_song >= 0
    modern[inside] = (design.era == MODERN)[design.unit_of_song[inside]]
    if not design.testable.any() or not modern.any():
        return {"passed": None}
    units, own = np.unique(design.unit_of_song[modern], return_inverse=True)
    paired = Design(
        unit_of_song=np.concatenate([own, own + len(units)]),
        era=np.repeat([1, 0], len(units)),
        block=np.tile(np.arange(len(units)), 2),
        name=np.tile(design.name[units], 2),
        unit_name=design.unit_name,
        block_name="pair",
        seed=design.seed,
    )
    eras = permuted_eras(paired, permutations=permutations)
    smallest, largest = [], {}
    for through in copied:
        counts = theme_counts(np.concatenate([theme[modern], through[modern]]), paired)
        statistics = share_differences(counts, paired, eras)
        smallest.append(float(family_wise_p(statistics).min(initial=1.0)))
        shares = unit_shares(counts, paired)
        differences = np.abs(shares[: len(units)].mean(axis=0) - shares[len(units) :].mean(axis=0))
        for name, difference in zip(counts.names, differences, strict=True):
            if name:
                largest[name] = max(largest.get(name, 0.0), float(difference))
    p = min(1.0, min(smallest) * len(copied))
    stayed = (copied == theme)[:, modern & (theme != "")]
    return {
        "passed": p > 0.05,
        "p": p,
        "recorders": len(copied),
        "stable": float(stayed.mean()) if stayed.size else 0.0,
        "themes": largest,
    }
