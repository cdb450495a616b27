"""Whether a change of the repertoire stands where its themes are found on songs of equal effort.

Clusters found on all songs follow whom they are of: a bird of many songs makes a cluster of its
own, where one of two songs stays noise. Where the birds of one era have fewer songs, their shares
of the themes then differ with no change at all, however evenly songs are drawn afterwards.
"""

import numpy as np

from chingolo.analysis.change.change_tests import values_of
from chingolo.analysis.change.design.equal_effort import effort_designs
from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.permutation import combined_p, mean_p, permuted_eras
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.settings import CompareSettings
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.song_space import find_themes

DRAWS = 5
"""Draws of songs whose themes are found anew."""


def p_found_anew(
    latents: LatentTable, design: Design, kept: np.ndarray, settings: CompareSettings
) -> float:
    """P of the tests of the repertoire on themes that are found on songs of equal effort alone.

    Units are then exchangeable from the clustering on, so that the level holds whatever the
    clustering makes of them. A draw in which most songs belong to no theme has p = 1.

    Args:
        latents: songs and vectors, as they were clustered.
        design: units, eras and blocks.
        kept: [effort draws, songs] of `equal_effort`.
        settings: how clusters are found, and the permutations.
    """
    tests = [statistic for statistic in STATISTICS.values() if statistic.claim == "repertoire"]
    eras = permuted_eras(design, permutations=settings.permutations)
    p = []
    for songs, part in effort_designs(design, kept[:DRAWS]):
        of_draw = latents.take(np.flatnonzero(songs))
        evidence = Evidence(of_draw.z, find_themes(of_draw, settings).theme)
        values = values_of(tests, evidence, part, eras) if evidence.has_repertoire else {}
        p.append(combined_p(values) if values else 1.0)
    return float(mean_p(np.array(p)))
