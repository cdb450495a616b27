"""A paragraph on methods, ready for a paper."""

from typing import Any

from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison


def methods(comparison: Comparison, media: Media | None) -> str:
    """A paragraph ready for a paper."""
    results = comparison.results
    settings, found = results["settings"], results["clusters"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    made_by = sorted(results["run"].items())
    made = ", ".join(f"{key} {value}" for key, value in made_by if isinstance(value, str))
    if found is None:
        return f"<p>{text(_song_type_methods(results, versions))}</p>"
    lines = [
        f"Songs were represented by latent vectors ({made or 'origin not told'}).",
        f"Clusters were found with HDBSCAN (exact spanning tree, min_cluster_size "
        f"{found['min_cluster_size']})."
        if found["method"] == "hdbscan"
        else f"Clusters were found with k-means ({found['n']} clusters).",
    ]
    if results["eras"]:
        lines.append(
            f"The eras were compared by {_deciding(results)}, on the same "
            f"{settings['permutations']} permutations of {results['unit']}s "
            + ("within sites" if results["block"] == "site" else "without blocks")
            + ", combined by the harmonic mean of their p values on those permutations; every "
            f"{results['unit']} counted alike. Intervals are percentiles of "
            f"{settings['bootstraps']} bootstrap samples of {results['unit']}s. A change was "
            "claimed only where modern songs sent through the historical recorder were not found "
            "different from themselves, and where the difference remained once they came through "
            "it, also with its effect doubled in the worst direction, unless one recorder made "
            "both eras. Songs were drawn so that units had alike numbers of them in both eras."
        )
    lines.append(f"Software: {versions}; seed {settings['seed']}.")
    return f"<p>{text(' '.join(lines))}</p>"


def _deciding(results: dict[str, Any]) -> str:
    """The statistics that were made and decide, in words."""
    words = [
        statistic.words
        for statistic in STATISTICS.values()
        if statistic.decides and results.get(statistic.results_key)
    ]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _song_type_methods(results: dict[str, Any], versions: str) -> str:
    settings = results["settings"]
    where = "within sites" if results["block"] == "site" else "without blocks"
    return (
        f"Song types, as themes, were compared by {_deciding(results)}, on the same "
        f"{settings['permutations']} permutations of {results['unit']}s {where}; every "
        f"{results['unit']} counted alike. Intervals are percentiles of {settings['bootstraps']} "
        f"bootstrap samples. Software: {versions}; seed {settings['seed']}."
    )


METHODS = Section("Methods", methods)
