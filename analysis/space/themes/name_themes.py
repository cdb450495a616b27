"""Themes: clusters, named after what a classifier says of most of their songs."""

import numpy as np
import pandas as pd

from chingolo.synth.tables.words import words


def name_themes(
    songs: pd.DataFrame, assignment: np.ndarray, *, majority: float = 0.6
) -> tuple[np.ndarray, str]:
    """Names the theme of each song after its cluster.

    Where a classifier trained on other songs has left the column `predicted_label`, clusters in
    which one predicted label has the majority take its name, and those of one name are one theme.
    The songs' own column `label` is never read.

    Args:
        songs: the rows of a song table.
        assignment: [songs] cluster, -1 for none.
        majority: share of a cluster's songs that must agree on the predicted label.

    Returns:
        [songs] name of the theme, "" for songs in no cluster, and a sentence on how names came.
    """
    names = np.array([f"cluster {c}" if c >= 0 else "" for c in assignment], dtype=object)
    if "predicted_label" not in songs.columns:
        return names, "Themes are clusters of the latent vectors, numbered by size."
    predicted = words(songs["predicted_label"])
    for cluster in np.unique(assignment[assignment >= 0]):
        members = assignment == cluster
        labels, counts = np.unique(predicted[members].astype(str), return_counts=True)
        best = int(np.argmax(counts))
        if labels[best] and counts[best] >= majority * members.sum():
            names[members] = str(labels[best])
    return names, (
        "Themes are clusters of the latent vectors, named after the label that a classifier "
        "trained on a separate labelled corpus predicts for most of their songs; clusters of one "
        "name are one theme."
    )


def themes_of(theme: np.ndarray, assignment: np.ndarray) -> np.ndarray:
    """[clusters + 1] object, the theme of each cluster by its number; the last, -1, has none."""
    names = np.full(int(assignment.max(initial=-1)) + 2, "", dtype=object)
    names[assignment] = theme
    return names
