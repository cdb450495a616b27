"""Maximum mean discrepancy between the eras."""

import numpy as np
from sklearn.metrics import pairwise_distances

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.unit_means import (
    contrasts,
    quadratic,
    unit_matrix,
    unit_means,
)
from chingolo.analysis.change.design.units import Design
from chingolo.analysis.change.statistics.statistic import Figure, Statistic


def mmd_values(evidence: Evidence, design: Design, eras: np.ndarray) -> np.ndarray:
    """Squared maximum mean discrepancy (Gretton et al. 2012), Gaussian kernel, for every draw.

    The kernel's width is the median distance between units' mean vectors; units count as in
    `energy_values`.

    Returns:
        [draws] squared discrepancies, between 0 and 2.
    """
    width = _median_distance(unit_means(design) @ evidence.z)

    def kernel(distance: np.ndarray) -> np.ndarray:
        return np.exp(-(distance**2) / (2 * width**2))

    matrix = unit_matrix(evidence.z, design, kernel)
    return quadratic(matrix, contrasts(eras, design.block[design.testable]))


def _median_distance(points: np.ndarray, *, most: int = 1000) -> float:
    """Median distance between at most `most` points spread over [points, dimensions]; 1 if 0."""
    chosen = np.linspace(0, len(points) - 1, min(most, len(points))).round().astype(int)
    distance = pairwise_distances(points[chosen].astype(np.float64))
    return float(np.median(distance[np.triu_indices_from(distance, 1)])) or 1.0


MMD = Statistic(
    name="mmd",
    title="Maximum mean discrepancy",
    values=mmd_values,
    needs=("vectors",),
    source="Gretton et al. 2012",
    words="maximum mean discrepancy",
    figure=Figure("distance", lambda value: float(np.sqrt(max(value, 0.0)))),
)
