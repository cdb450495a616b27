"""A classifier of the eras, asked of units that it has not seen."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.unit_means import unit_means, within_blocks
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Figure, Statistic

FOLDS = 5


def classifier_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """Classifier two-sample test (Lopez-Paz & Oquab 2017): held-out AUC of `classifier_scores`.

    Returns:
        [draws] areas under the ROC curve over units; near 0.5, or a little below, with no change.
    """
    scores = classifier_scores(evidence.z, design, eras)
    ranks = stats.rankdata(scores, axis=0)
    modern = eras.sum(axis=1)
    historical = eras.shape[1] - modern
    above = (ranks * eras.T).sum(axis=0) - modern * (modern + 1) / 2
    return above / (modern * historical)


def classifier_scores(z: np.ndarray, design: Design, eras: np.ndarray) -> np.ndarray:
    """Held-out scores of a linear classifier of the eras, one for each unit and draw.

    Ridge regression of the era on the units' mean vectors (standardised within blocks), penalty
    equal to the number of dimensions, in 5 folds of units; an individual heard in both eras stays
    in one fold. The folds do not depend on the eras, so that all draws are fitted at once as
    targets of one regression.

    Args:
        z: [songs, dimensions] vectors.
        design: units and blocks, and the seed of the folds.
        eras: [draws, testable units] 0 or 1.

    Returns:
        [testable units, draws] scores, higher for units more like the modern era.
    """
    block = design.block[design.testable]
    means = within_blocks(unit_means(design) @ z.astype(np.float64), block)
    means = means / np.where(means.std(axis=0) > 0, means.std(axis=0), 1.0)
    targets = within_blocks(eras.T.astype(np.float64), block)
    # by the order in which birds come, since folds of names would follow their spelling
    names = pd.factorize(design.name[design.testable])[0]
    splits = min(FOLDS, len(np.unique(names)))
    scores = np.zeros_like(targets)
    if splits < 2:
        return scores
    splitter = GroupKFold(splits, shuffle=True, random_state=design.seed)
    for train, test in splitter.split(means, groups=names):
        model = Ridge(alpha=means.shape[1], fit_intercept=False).fit(means[train], targets[train])
        scores[test] = model.predict(means[test]).reshape(len(test), -1)
    return scores


CLASSIFIER = Statistic(
    name="classifier",
    title="Classifier of the eras, held-out AUC",
    values=classifier_values,
    needs=("vectors",),
    source="Lopez-Paz & Oquab 2017",
    words="a held-out linear classifier",
    figure=Figure("auc"),
)
