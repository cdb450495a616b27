"""Agreement with known labels; folds are by individual or recording, never by clip."""

import numpy as np
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    f1_score,
    pairwise_distances,
    v_measure_score,
)


def cluster_agreement(assignment: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Agreement of clusters with labels; songs in no cluster count as one cluster of their own.

    Args:
        assignment: [songs] cluster, -1 for none.
        labels: [songs] text, "" for unlabelled songs, which are left out.

    Returns:
        `ari` (Hubert & Arabie 1985), `ami` (Vinh et al. 2010), `v_measure` (Rosenberg &
        Hirschberg 2007) and the number of labelled `songs`.
    """
    known = labels != ""
    truth, found = labels[known].astype(str), assignment[known]
    return {
        "ari": float(adjusted_rand_score(truth, found)),
        "ami": float(adjusted_mutual_info_score(truth, found)),
        "v_measure": float(v_measure_score(truth, found)),
        "songs": int(known.sum()),
    }


def nearest_neighbour_agreement(
    z: np.ndarray, labels: np.ndarray, groups: np.ndarray, *, neighbours: int = 5
) -> dict[str, float]:
    """Label of the nearest songs from other groups against the song's own label.

    Args:
        z: [songs, dimensions] vectors.
        labels: [songs] text, "" for unlabelled songs, which are left out.
        groups: [songs] individual or recording; the query's own group is never a neighbour.
        neighbours: neighbours that vote; the nearer wins a tie.

    Returns:
        `accuracy` and `macro_f1` over the songs whose label occurs in another group too, their
        number (`songs`), and `chance`, the accuracy of always naming the commonest label.
    """
    known = np.flatnonzero(labels != "")
    truth = labels[known].astype(str)
    group = np.unique(groups[known].astype(str), return_inverse=True)[1]
    distance = pairwise_distances(z[known].astype(np.float64))
    predicted, kept = [], []
    for query in range(len(known)):
        others = np.flatnonzero(group != group[query])
        if not len(others) or truth[query] not in truth[others]:
            continue
        nearest = others[np.argsort(distance[query, others], kind="stable")[:neighbours]]
        predicted.append(_vote(truth[nearest]))
        kept.append(query)
    if not kept:
        return {"accuracy": np.nan, "macro_f1": np.nan, "chance": np.nan, "songs": 0}
    right = truth[kept]
    return {
        "accuracy": float(np.mean(right == np.array(predicted))),
        "macro_f1": float(f1_score(right, predicted, average="macro", labels=np.unique(right))),
        "chance": float(np.unique(right, return_counts=True)[1].max() / len(right)),
        "songs": len(kept),
    }


def _vote(labels: np.ndarray) -> str:
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    return str(names[np.lexsort((first, -counts))[0]])
