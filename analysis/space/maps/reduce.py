"""Latent vectors in two, three or four dimensions, and how true the picture is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from chingolo.analysis.settings import MapMethod
from chingolo.synth.tables.files import InputError

MOST_SONGS = 2000


@dataclass(frozen=True)
class Reduction:
    """A fitted reduction; `reduce_new` takes further songs."""

    points: np.ndarray
    """[songs, dimensions] places of the songs it was fitted on."""

    model: Any
    """The fitted `PCA`, `Bottleneck` or `umap.UMAP`."""

    method: MapMethod

    trustworthiness: float | None
    """Whether neighbours in the picture are neighbours in the latent space, 0 to 1 (Venna & Kaski
    2001); None with too few songs."""

    continuity: float | None
    """Whether neighbours in the latent space are neighbours in the picture, 0 to 1."""


def reduce(
    z: np.ndarray, *, dimensions: int = 2, method: MapMethod = "pca", seed: int = 0
) -> Reduction:
    """Reduces latent vectors for a picture.

    Args:
        z: [songs, latent dimensions] vectors.
        dimensions: 2, 3 or 4.
        method: principal components; the bottleneck of an autoencoder trained on these vectors
            (`maps.bottleneck`); or UMAP (McInnes et al. 2018; the extra `umap`).
        seed: of the autoencoder and of UMAP, which is run on one thread so that it repeats.

    Raises:
        InputError: if UMAP is asked for and not installed.
    """
    if method == "umap" and len(z) > dimensions + 2:
        model = _umap(dimensions, min(15, len(z) - 1), seed)
        points = np.asarray(model.fit_transform(z.astype(np.float32)), np.float64)
    else:
        method = "autoencoder" if method == "autoencoder" and min(z.shape) > dimensions else "pca"
        kept = min(dimensions, *z.shape)
        # songs that are all alike have no variance to share out
        with np.errstate(invalid="ignore"):
            model: Any = PCA(kept, svd_solver="full").fit(z.astype(np.float64))
        if method == "autoencoder":
            from chingolo.analysis.space.maps.bottleneck import fit_bottleneck

            model = fit_bottleneck(z.astype(np.float64), model.components_, seed=seed)
        points = _padded(model.transform(z.astype(np.float64)), dimensions)
    kept = np.sort(np.random.default_rng(seed).permutation(len(z))[:MOST_SONGS])
    neighbours = min(12, (len(kept) - 1) // 2)
    trust, continuity = None, None
    if neighbours >= 2:
        inside, outside = z[kept].astype(np.float64), points[kept]
        trust = float(trustworthiness(inside, outside, n_neighbors=neighbours))
        # continuity is trustworthiness with the two spaces exchanged
        continuity = float(trustworthiness(outside, inside, n_neighbors=neighbours))
    return Reduction(points, model, method, trust, continuity)


def reduce_new(reduction: Reduction, z: np.ndarray) -> np.ndarray:
    """[songs, dimensions] places of further songs in a fitted reduction."""
    if reduction.method == "umap":
        return np.asarray(reduction.model.transform(z.astype(np.float32)), np.float64)
    return _padded(reduction.model.transform(z.astype(np.float64)), reduction.points.shape[1])


def _padded(points: np.ndarray, dimensions: int) -> np.ndarray:
    return np.pad(points, ((0, 0), (0, dimensions - points.shape[1])))


def _umap(dimensions: int, neighbours: int, seed: int) -> Any:
    try:
        import umap  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError("UMAP is not installed: pip install 'chingolo[umap]'") from error
    return umap.UMAP(n_components=dimensions, n_neighbors=neighbours, random_state=seed, n_jobs=1)
