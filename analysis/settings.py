"""What a comparison can be told; light to import, so that `--help` answers at once."""

from dataclasses import dataclass
from typing import Annotated, Literal

from chingolo.synth.tables.bounds import Bounds, option
from chingolo.synth.tables.files import InputError

RECORDERS = 12
"""That songs are heard through; chosen by what docs/methods.md measures."""

DRAWN = 150
"""Recorders at random, of which those are kept."""


MapMethod = Literal["pca", "autoencoder", "umap"]
"""How a map of songs is drawn."""


@dataclass(frozen=True)
class CompareSettings:
    """Choices of a comparison of two eras."""

    historical: str = ""
    """Name of the older era as it stands in the table; empty: inferred (years, or the word
    'historical') where exactly two eras occur."""

    modern: str = ""
    """Name of the younger era; empty: inferred as above."""

    era_column: str = "era"
    """Column that holds the era; any other column with two groups may stand in for it."""

    cut_date: str = ""
    """Makes two eras from the column 'date' (or from years in the era column): before this day and
    from it on, as 1990-01-01."""

    label_column: str = ""
    """Column of known labels for the agreement section alone; empty: 'label', else 'species'."""

    min_cluster_size: Annotated[int, Bounds(2, or_zero=True)] = 0
    """Fewest songs that make a cluster; 0: two per cent of the songs, but at least 5."""

    clusterer: Literal["hdbscan", "kmeans"] = "hdbscan"
    """Density clusters that leave noise out, or k-means, which puts every song into a cluster."""

    clusters: Annotated[int, Bounds(2, or_zero=True)] = 0
    """Number of clusters of k-means; 0: that of 2 to 12 with the best silhouette."""

    map_method: MapMethod = "pca"
    """How the map is drawn: principal components, the bottleneck of an autoencoder trained on the
    vectors, or UMAP (the extra `umap`)."""

    map_dimensions: Literal[2, 3, 4] = 2
    """Dimensions of the map in songs.csv; the picture shows the first two."""

    permutations: Annotated[int, Bounds(1, 1_000_000)] = 999
    """Permutations of each test; the smallest p value is 1 / (permutations + 1)."""

    bootstraps: Annotated[int, Bounds(1, 1_000_000)] = 500
    """Bootstrap samples of units behind each interval."""

    significance: Annotated[float, Bounds(0, 1, inside=True)] = 0.05
    """Level at which a test rejects."""

    absent_below: Annotated[float, Bounds(0, 1)] = 0.02
    """A theme counts as absent from an era where its share is at most this."""

    same_recorder: bool = False
    """You know that one kind of recorder made the songs of both eras, so that no placebo of
    recorders is needed; the report says that this is your word."""

    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    """Seed of every random draw; the same inputs and seed give the same results."""


OF_VECTORS = (
    *("clusterer", "clusters", "min_cluster_size", "map_method", "map_dimensions"),
    *("label_column", "same_recorder"),
)
"""Settings that a comparison of types in a table has no use of."""


def refuse_idle(settings: CompareSettings, *, types: bool) -> None:
    """Refuses settings that were changed and that nothing would read.

    Args:
        settings: of the comparison.
        types: whether types are compared, without vectors.

    Raises:
        InputError: naming the first.
    """
    for name in OF_VECTORS if types else ():
        if getattr(settings, name) != getattr(CompareSettings, name):
            raise InputError(
                f"{option(name)}: for latent tables; --type-column compares types alone"
            )
    if settings.clusters and settings.clusterer != "kmeans":
        raise InputError(
            f"--clusters {settings.clusters}: for --clusterer kmeans; {settings.clusterer} finds "
            "their number"
        )
    if settings.min_cluster_size and settings.clusterer != "hdbscan":
        raise InputError(
            f"--min-cluster-size {settings.min_cluster_size}: for --clusterer hdbscan alone"
        )
