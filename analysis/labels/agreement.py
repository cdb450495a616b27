"""Agreement with known labels; folds are by individual or recording, never by clip."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    f1_score,
    pairwise_distances,
    v_measure_score,
)
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chingolo.analysis.space.latent_table import LatentTable
from chingolo.synth.tables.files import InputError
from chingolo.synth.tables.words import words
from chingolo.train.data.song_groups import song_groups

LABEL_COLUMNS = ("label", "species")
"""Where known labels are looked for."""


def label_agreement(
    latents: LatentTable, assignment: np.ndarray, *, label_column: str = "", seed: int = 0
) -> dict[str, Any]:
    """Agreement of clusters, neighbours and a linear probe with the known labels.

    Args:
        latents: songs and their vectors.
        assignment: [songs] cluster, -1 for none.
        label_column: column of the labels; "" takes the first of `LABEL_COLUMNS` that is there.
        seed: of the probe's folds.

    Returns:
        `cluster_agreement`, `label_column`, `nearest_neighbours` and `linear_probe`; without two
        labels `ari`, `ami`, `v_measure` and `label_column` alone.

    Raises:
        InputError: if there is no such column.
    """
    songs = latents.songs
    column = column_of_labels(songs, label_column)
    labels = words(songs[column]) if column else np.array([])
    if len(set(labels.tolist()) - {""}) < 2:
        return {"ari": None, "ami": None, "v_measure": None, "label_column": column or None}
    group = singers(songs)
    return {
        **cluster_agreement(assignment, labels),
        "label_column": column,
        "nearest_neighbours": nearest_neighbour_agreement(latents.z, labels, group),
        "linear_probe": linear_probe(latents.z, labels, group, seed=seed),
    }


def column_of_labels(songs: pd.DataFrame, asked: str) -> str:
    """The column of the labels: the one asked for, else the first of `LABEL_COLUMNS`, else "".

    Raises:
        InputError: if the one asked for is not there.
    """
    if asked and asked not in songs.columns:
        there = ", ".join(map(str, songs.columns))
        raise InputError(f"no column '{asked}' for labels; there are {there}")
    return asked or next((name for name in LABEL_COLUMNS if name in songs.columns), "")


def singers(songs: pd.DataFrame) -> np.ndarray:
    """[songs] individual, or else the recording: what folds and neighbours are kept apart by.

    Songs that `song_groups` joins are of one.
    """
    path = songs["path"].astype(str).to_numpy(object)
    missing = np.full(len(songs), "", object)
    individual = words(songs["individual"]) if "individual" in songs.columns else missing
    named = np.where(individual == "", path, individual)
    groups = song_groups(songs, individual.tolist())
    return named if len(set(groups)) == len(set(named)) else np.array(groups, object)


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
    z: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    asked: np.ndarray | None = None,
    neighbours: int = 5,
) -> dict[str, float]:
    """Label of the nearest songs from other groups against the song's own label.

    Args:
        z: [songs, dimensions] vectors.
        labels: [songs] text, "" for unlabelled songs, which are left out.
        groups: [songs] individual or recording; the query's own group is never a neighbour.
        asked: [songs] bool, those that are told by the others; default: each by those of other
            groups.
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
    told = np.ones(len(labels), bool) if asked is None else asked
    for query in np.flatnonzero(told[known]):
        other = group != group[query] if asked is None else ~asked[known]
        others = np.flatnonzero(other)
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


def lone_labels(labels: np.ndarray, parts: np.ndarray) -> dict[str, int]:
    """Labels that one part alone holds, which nothing can be learnt or told by, with their songs.

    Args:
        labels: [songs] text, "" for unlabelled songs.
        parts: [songs] fold, or individual or recording.
    """
    table = pd.DataFrame({"label": labels.astype(str), "part": parts.astype(str)})
    found = table[table["label"] != ""].groupby("label")["part"].agg(["size", "nunique"])
    return {str(name): int(row["size"]) for name, row in found[found["nunique"] < 2].iterrows()}


def linear_probe(
    z: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    fold: np.ndarray | None = None,
    asked: np.ndarray | None = None,
    folds: int = 5,
    seed: int = 0,
) -> dict[str, float] | None:
    """Logistic regression of the label on the vectors, whole groups held out.

    Args:
        z: [songs, dimensions] vectors, standardised on each training part.
        labels: [songs] text, "" for unlabelled songs, which are left out.
        groups: [songs] individual or recording; a group is never in both parts.
        fold: [songs] given folds, which then take the place of `groups`.
        asked: [songs] bool, those that are told by what is learnt from the others, which alone are
            then scored; takes the place of folds.
        folds: folds of groups; fewer where a label has fewer groups.
        seed: of the folds.

    Returns:
        `accuracy`, `macro_f1`, `calibration_error` (10 bins of the best class's probability; Guo et
        al. 2017), `songs` and `folds`; None with fewer than two labels that occur in two groups.
    """
    kept = labels != ""
    truth = labels.astype(str)
    parts = groups if fold is None else fold
    parts = (parts if asked is None else asked).astype(str)
    kept &= ~np.isin(truth, list(lone_labels(labels, parts)))
    if len(set(truth[kept])) < 2:
        return None
    x, y, part = z[kept].astype(np.float64), truth[kept], parts[kept]
    names = np.unique(y)
    if asked is not None:
        splits = [(np.flatnonzero(~asked[kept]), np.flatnonzero(asked[kept]))]
    elif fold is None:
        count = min(folds, min(len(set(part[y == name])) for name in names))
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        splits = list(splitter.split(x, y, part))
    else:
        splits = list(LeaveOneGroupOut().split(x, y, part))
    probability = np.zeros((len(y), len(names)))
    for train, test in splits:
        if len(set(y[train])) < 2:
            return None
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        model.fit(x[train], y[train])
        columns = np.searchsorted(names, model.classes_)
        probability[np.ix_(test, columns)] = model.predict_proba(x[test])
    told = np.sort(np.concatenate([test for _, test in splits]))
    y, probability = y[told], probability[told]
    predicted = names[probability.argmax(axis=1)]
    return {
        "accuracy": float((predicted == y).mean()),
        "macro_f1": float(f1_score(y, predicted, average="macro", labels=names)),
        "calibration_error": calibration_error(probability.max(axis=1), predicted == y),
        "songs": len(y),
        "folds": len(splits),
    }


def calibration_error(confidence: np.ndarray, right: np.ndarray, *, bins: int = 10) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal-width bins."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (place == i).sum() * abs(confidence[place == i].mean() - right[place == i].mean())
        for i in np.unique(place)
    ]
    return float(np.sum(gaps) / len(confidence))


def _vote(labels: np.ndarray) -> str:
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    return str(names[np.lexsort((first, -counts))[0]])
