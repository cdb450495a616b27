"""A frozen reference: clusters fitted once and kept in one file; later songs are told by it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from chingolo.analysis.space.cluster import (
    Clusters,
    Method,
    assign,
    dbcv,
    fit_clusters,
    hdbscan_model,
    stability,
)
from chingolo.analysis.space.latent_table import LatentTable
from chingolo.analysis.space.themes.name_themes import name_themes
from chingolo.synth.tables.files import InputError, atomic_path, counted

NOVEL = "novel"
FORMAT = "chingolo reference 1"
TREE = ("parent", "child", "lambda_val", "child_size")


@dataclass(frozen=True)
class Reference:
    """Clusters of reference songs, to which later songs are assigned."""

    clusters: Clusters
    """The clustering, fitted once."""

    themes: tuple[str, ...]
    """[clusters] name of each cluster; see `name_themes`."""

    dimensions: int
    """Length of the latent vectors."""

    made_by: dict[str, Any]
    """What made the vectors; see `LatentTable.made_by`."""

    quality: dict[str, float | None]
    """`noise_fraction`, `dbcv` and `stability` of the clustering when it was fitted."""


def fit_reference(
    latents: LatentTable,
    *,
    min_cluster_size: int = 0,
    method: Method = "hdbscan",
    clusters: int = 0,
    seed: int = 0,
) -> Reference:
    """Fits the clusters that later songs are told by.

    Args:
        latents: the reference songs.
        min_cluster_size: see `fit_clusters`.
        method: see `fit_clusters`.
        clusters: see `fit_clusters`.
        seed: of k-means and of the subsamples behind `stability`.

    Raises:
        InputError: if the songs make no cluster, so that every later song would be novel.
    """
    fitted = fit_clusters(
        latents.z, min_cluster_size=min_cluster_size, method=method, clusters=clusters, seed=seed
    )
    if not fitted.count:
        raise InputError(
            f"{counted(len(latents.z), 'song makes', 'songs make')} no cluster of "
            f"{fitted.min_cluster_size} or more: no reference can be made of them"
        )
    theme, _ = name_themes(latents.songs, fitted.assignment)
    first = [int(np.argmax(fitted.assignment == cluster)) for cluster in range(fitted.count)]
    quality = {
        "noise_fraction": fitted.noise_fraction,
        "dbcv": dbcv(latents.z, fitted, seed=seed),
        "stability": stability(latents.z, fitted, seed=seed),
    }
    themes = tuple(str(theme[row]) for row in first)
    return Reference(fitted, themes, latents.z.shape[1], dict(latents.made_by), quality)


def assign_songs(reference: Reference, z: np.ndarray, *, checkpoint: str = "") -> pd.DataFrame:
    """Tells songs by the reference.

    Args:
        reference: of `fit_reference` or `load_reference`.
        z: [songs, dimensions] vectors made by the reference's own encoder.
        checkpoint: hash of the encoder that made `z`; compared with the reference's where both are
            known.

    Returns:
        [songs] `cluster` (-1 where novel), `theme` (its name, or `novel`) and `theme_probability`,
        the strength of membership from 0 to 1; a song of probability 0 is novel.

    Raises:
        InputError: if the vectors are of another length or another encoder.
    """
    if z.ndim != 2 or z.shape[1] != reference.dimensions:
        raise InputError(
            f"vectors of {z.shape[-1]} dimensions do not fit a reference of "
            f"{reference.dimensions}: both must come from one encoder"
        )
    own = reference.made_by.get("checkpoint", "")
    if checkpoint and own and checkpoint != own:
        raise InputError(
            f"the reference was made with another encoder (checkpoint {own}, not {checkpoint})"
        )
    if not len(z):
        cluster, probability = np.zeros(0, int), np.zeros(0)
    else:
        cluster, probability = assign(reference.clusters, z)
    names = np.array([*reference.themes, NOVEL], dtype=object)
    return pd.DataFrame(
        {"cluster": cluster, "theme": names[cluster], "theme_probability": probability}
    )


def save_reference(reference: Reference, path: str | Path) -> None:
    """Writes a reference as one `.npz` file of plain arrays (no pickle).

    Raises:
        InputError: if `path` does not end in `.npz` or its folder cannot be written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(f"{path}: a reference ends in .npz")
    fitted = reference.clusters
    about = {
        "format": FORMAT,
        "method": fitted.method,
        "min_cluster_size": fitted.min_cluster_size,
        "themes": reference.themes,
        "dimensions": reference.dimensions,
        "run": reference.made_by,
        "quality": reference.quality,
    }
    arrays: dict[str, np.ndarray] = {
        "about": np.array(json.dumps(about, sort_keys=True)),
        "assignment": fitted.assignment,
        "probability": fitted.probability,
        "rank": fitted.rank,
    }
    if fitted.projection is not None:
        arrays["mean"] = np.asarray(fitted.projection.mean_)
        arrays["components"] = np.asarray(fitted.projection.components_)
    if fitted.model is not None:
        tree = fitted.model.condensed_tree_.to_numpy()
        arrays |= {f"tree_{field}": tree[field] for field in TREE}
        arrays["points"] = np.asarray(fitted.model.prediction_data_.raw_data)
        arrays["labels"] = np.asarray(fitted.model.labels_)
    if fitted.centres is not None and fitted.reach is not None:
        arrays |= {"centres": fitted.centres, "reach": fitted.reach}
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)  # type: ignore[arg-type]


def load_reference(path: str | Path) -> Reference:
    """Reads a reference; it assigns songs as the one that was saved did.

    Raises:
        InputError: if the file is missing or no reference.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such reference; make one with `chingolo embed --freeze`")
    try:
        with path.open("rb") as handle:
            file = np.load(handle, allow_pickle=False)
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays["about"]))
        if about["format"] != FORMAT:
            raise InputError(f"{path}: a reference of another version ({about['format']})")
        clusters = _thaw(about, arrays)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, EOFError, BadZipFile) as error:
        raise InputError(f"{path}: not a reference of `chingolo embed --freeze`") from error
    return Reference(
        clusters, tuple(about["themes"]), about["dimensions"], about["run"], about["quality"]
    )


def _thaw(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Clusters:
    projection = None
    if "components" in arrays:
        projection = PCA(len(arrays["components"]))
        projection.mean_, projection.components_ = arrays["mean"], arrays["components"]
    model, size = None, int(about["min_cluster_size"])
    if "points" in arrays:
        # the spanning tree, which takes nearly all the time, is not built again
        model = hdbscan_model(size)
        fields: Any = [(f, arrays[f"tree_{f}"].dtype) for f in TREE]
        tree = np.zeros(len(arrays["tree_parent"]), dtype=fields).view(np.recarray)
        for field in TREE:
            tree[field] = arrays[f"tree_{field}"]
        model.labels_, model.condensed_tree_ = arrays["labels"], tree
        model._raw_data = arrays["points"]
        model.generate_prediction_data()
    return Clusters(
        assignment=arrays["assignment"],
        probability=arrays["probability"],
        model=model,
        projection=projection,
        rank=arrays["rank"],
        min_cluster_size=size,
        method=about["method"],
        centres=arrays.get("centres"),
        reach=arrays.get("reach"),
    )
