"""Tests of a change between two eras; units are permuted within blocks, songs never."""

import numpy as np
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import GroupKFold

from chingolo.analysis.change.descriptors import descriptor_statistic, within_themes
from chingolo.analysis.change.design import Design
from chingolo.analysis.change.evidence import Evidence
from chingolo.analysis.change.permutation import (
    block_quadratic,
    combined_p,
    contrasts,
    permutation_p,
    permuted_eras,
    quadratic,
    unit_matrix,
    unit_means,
    within_blocks,
)
from chingolo.analysis.change.theme_table import composition_statistic


def energy_statistic(
    z: np.ndarray, design: Design, eras: np.ndarray, *, one_song: bool = True
) -> np.ndarray:
    """Energy distance between the eras (Szekely & Rizzo 2013) for every draw of eras.

    2 E|X-Y| - E|X-X'| - E|Y-Y'|, as a V-statistic, where every unit counts as one random song of
    its own; with several blocks it is the distance after both eras are weighted to the same
    mixture of blocks.

    Args:
        z: [songs, dimensions] vectors.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1, as `permuted_eras` draws them.
        one_song: see `unit_matrix`.

    Returns:
        [draws] distances in the units of z.
    """
    matrix = unit_matrix(z, design, one_song=one_song)
    return quadratic(-matrix, contrasts(eras, design.block[design.testable]))


def mmd_statistic(z: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """Squared maximum mean discrepancy (Gretton et al. 2012), Gaussian kernel, for every draw.

    The kernel's width is the median distance between units' mean vectors; units count as in
    `energy_statistic`.

    Args:
        z: [songs, dimensions] vectors.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1.

    Returns:
        [draws] squared discrepancies, between 0 and 2.
    """
    width = median_distance(unit_means(design) @ z)

    def kernel(distance: np.ndarray) -> np.ndarray:
        return np.exp(-(distance**2) / (2 * width**2))

    matrix = unit_matrix(z, design, kernel)
    return quadratic(matrix, contrasts(eras, design.block[design.testable]))


def median_distance(points: np.ndarray, *, most: int = 1000) -> float:
    """Median distance between at most `most` points spread over [points, dimensions]; 1 if 0."""
    chosen = np.linspace(0, len(points) - 1, min(most, len(points))).round().astype(int)
    distance = pairwise_distances(points[chosen].astype(np.float64))
    return float(np.median(distance[np.triu_indices_from(distance, 1)])) or 1.0


def classifier_scores(
    z: np.ndarray, design: Design, eras: np.ndarray, *, folds: int = 5, seed: int = 0
) -> np.ndarray:
    """Held-out scores of a linear classifier of the eras, one for each unit and draw.

    Ridge regression of the era on the units' mean vectors (standardised within blocks), penalty
    equal to the number of dimensions; an individual heard in both eras stays in one fold. The folds
    do not depend on the eras, so that all draws are fitted at once as targets of one regression.

    Args:
        z: [songs, dimensions] vectors.
        design: units and blocks.
        eras: [draws, testable units] 0 or 1.
        folds: folds of units.
        seed: seed of the folds.

    Returns:
        [testable units, draws] scores, higher for units more like the modern era.
    """
    block = design.block[design.testable]
    means = within_blocks(unit_means(design) @ z.astype(np.float64), block)
    means = means / np.where(means.std(axis=0) > 0, means.std(axis=0), 1.0)
    targets = within_blocks(eras.T.astype(np.float64), block)
    names = design.name[design.testable]
    splits = min(folds, len(np.unique(names)))
    scores = np.zeros_like(targets)
    if splits < 2:
        return scores
    splitter = GroupKFold(splits, shuffle=True, random_state=seed)
    for train, test in splitter.split(means, groups=names):
        model = Ridge(alpha=means.shape[1], fit_intercept=False).fit(means[train], targets[train])
        scores[test] = model.predict(means[test]).reshape(len(test), -1)
    return scores


def classifier_statistic(
    z: np.ndarray, design: Design, eras: np.ndarray, *, seed: int = 0
) -> np.ndarray:
    """Classifier two-sample test (Lopez-Paz & Oquab 2017): held-out AUC of `classifier_scores`.

    Returns:
        [draws] areas under the ROC curve over units; near 0.5, or a little below, with no change.
    """
    scores = classifier_scores(z, design, eras, seed=seed)
    ranks = stats.rankdata(scores, axis=0)
    modern = eras.sum(axis=1)
    historical = eras.shape[1] - modern
    above = (ranks * eras.T).sum(axis=0) - modern * (modern + 1) / 2
    return above / (modern * historical)


def permanova_statistic(z: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """PERMANOVA (Anderson 2001) of the units' mean vectors on era, after blocks: R2 of each draw.

    Euclidean distances, so that the sum of squares due to era is that of the contrast of means;
    with blocks, of the era within blocks. Pseudo-F is (units - blocks - 1) R2 / (1 - R2 - R2 of
    the blocks).

    Returns:
        [draws] share of the total sum of squares that the era takes.
    """
    block = design.block[design.testable]
    means = unit_means(design) @ z.astype(np.float64)
    means = means - means.mean(axis=0)
    contrast = within_blocks(eras.T.astype(np.float64), block).T
    explained = ((contrast @ means) ** 2).sum(axis=1) / (contrast**2).sum(axis=1)
    return explained / max(float((means**2).sum()), 1e-300)


def dispersions(z: np.ndarray, design: Design) -> np.ndarray:
    """Distance of each testable unit's songs from the centre of its era and block.

    The mean over the unit's songs, times sqrt(n / (n - 1)) for n units about a centre, which frees
    small groups from the bias towards their own centre (Stier et al. 2013).

    Returns:
        [testable units] distances in the units of z; 0 for a unit alone in its era and block.
    """
    era, block = design.era[design.testable], design.block[design.testable]
    mean_of = unit_means(design)
    result = np.zeros(len(era))
    for value in np.unique(block):
        for side in (0, 1):
            members = np.flatnonzero((block == value) & (era == side))
            centre = (mean_of[members] @ z).mean(axis=0)
            distance = np.linalg.norm(z - centre, axis=1)
            leverage = len(members) / max(len(members) - 1, 1)
            result[members] = np.sqrt(leverage) * (mean_of[members] @ distance)
    return result


def permdisp_statistic(z: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """PERMDISP (Anderson 2006): F of the dispersions, which stay with their unit in every draw."""
    block = design.block[design.testable]
    values = within_blocks(dispersions(z, design)[:, None], block)[:, 0]
    contrast = within_blocks(eras.T.astype(np.float64), block).T
    between = (contrast @ values) ** 2 / (contrast**2).sum(axis=1)
    within = np.maximum((values**2).sum() - between, 1e-12 * max(1.0, (values**2).sum()))
    return between / within * max(len(values) - len(np.unique(block)) - 1, 1)


def change_tests(
    evidence: Evidence, design: Design, *, permutations: int = 999, seed: int = 0
) -> dict[str, dict[str, float]]:
    """All tests of one change, on the same permutations of units within blocks.

    Args:
        evidence: of each song.
        design: units, eras and blocks.
        permutations: number of permutations.
        seed: seed of the permutations.

    Returns:
        For each test `value`, the mean `expected` over the permutations, and `p`: `energy` (also
        `distance`), `mmd` (also `distance`, the root), `classifier` (also `auc`), `permanova`
        (also `r2`), `permdisp` (also `f`); `within_blocks`, the energy distances within blocks
        summed, which finds changes that differ between blocks; `composition` of the themes'
        shares; `drift`, PERMANOVA on vectors less their theme's mean, and `descriptors` treated
        alike, which find changes within themes; `combined.p` of all but PERMDISP at once, which
        the verdict goes by.
    """
    z, theme = evidence.z, evidence.theme
    eras = permuted_eras(design, permutations=permutations, seed=seed)
    matrix = unit_matrix(z, design)
    block = design.block[design.testable]
    energy = quadratic(-matrix, contrasts(eras, block))
    mmd = mmd_statistic(z, design, eras)
    classifier = classifier_statistic(z, design, eras, seed=seed)
    permanova = permanova_statistic(z, design, eras)
    deciding = {"energy": energy, "mmd": mmd, "classifier": classifier, "permanova": permanova}
    if len(np.unique(block)) > 1:
        deciding["within_blocks"] = block_quadratic(-matrix, eras, block)
    if theme is not None:
        deciding["composition"] = composition_statistic(theme, design, eras)
        deciding["drift"] = permanova_statistic(within_themes(z, theme), design, eras)
        if evidence.descriptors is not None:
            residuals = within_themes(evidence.descriptors, theme)
            deciding["descriptors"] = descriptor_statistic(residuals, design, eras)
    tests = {name: summary(values) for name, values in deciding.items()}
    tests["energy"]["distance"] = float(energy[0])
    tests["mmd"]["distance"] = float(np.sqrt(max(mmd[0], 0.0)))
    tests["classifier"]["auc"] = float(classifier[0])
    tests["permanova"]["r2"] = float(permanova[0])
    permdisp = permdisp_statistic(z, design, eras)
    tests["permdisp"] = summary(permdisp) | {"f": float(permdisp[0])}
    tests["combined"] = {"p": combined_p(deciding)}
    return tests


def summary(values: np.ndarray) -> dict[str, float]:
    """`value` of a statistic, the mean `expected` over its permutations, and `p`."""
    return {
        "value": float(values[0]),
        "expected": float(values[1:].mean()),
        "p": permutation_p(values),
    }
