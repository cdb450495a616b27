"""A paragraph on methods, ready for a paper."""

from typing import Any

from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted


def methods(comparison: Comparison, media: Media | None) -> str:
    """A paragraph ready for a paper."""
    results = comparison.results
    settings, found = results["settings"], results["clusters"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    if found is None:
        lines = ["Song types were told by people.", *_change(results)]
        lines.append(f"Software: {versions}; seed {settings['seed']}.")
        return f"<p>{text(' '.join(lines))}</p>"
    lines = [
        _vectors(results["run"]),
        f"Clusters were found with HDBSCAN (exact spanning tree, min_cluster_size "
        f"{found['min_cluster_size']})."
        if found["method"] == "hdbscan"
        else f"Clusters were found with k-means ({found['n']} clusters).",
    ]
    if results["eras"]:
        lines += _change(results)
    lines.append(f"Software: {versions}; seed {settings['seed']}.")
    return f"<p>{text(' '.join(lines))}</p>"


def _vectors(run: dict[str, Any]) -> str:
    """What the songs were represented by, in a sentence."""
    told = {key: value for key, value in sorted(run.items()) if isinstance(value, str)}
    author = told.pop("written_by", "")
    made = ", ".join(f"{key} {value}" for key, value in told.items()) or "origin not told"
    if not author:
        return f"Songs were represented by latent vectors ({made})."
    return f"Songs were represented by vectors that {author} had written ({made}), as they were."


def _change(results: dict[str, Any]) -> list[str]:
    """How the eras were compared, in sentences."""
    settings, unit = results["settings"], results["unit"]
    where = "within sites" if results["block"] == "site" else "without blocks"
    deciding = _listed(_words(results, claimed=True))
    lines = [
        f"The repertoires of the eras were compared by {deciding or 'no test'}, on "
        f"{settings['permutations']} permutations of {unit}s {where}; every {unit} counted alike. "
        "Songs were drawn so that units had alike numbers of them in both eras, 20 times where "
        "they had not, and p values averaged on Cauchy's scale (Liu & Xie 2020). The p of a theme "
        "is that of the largest difference of all (Westfall & Young 1993); intervals of shares are "
        "Wilson's, with as many trials as the spread between birds is worth.",
    ]
    if results["clusters"]:
        lines.append(
            f"Where the {unit}s had unequal numbers of songs, a change that themes of all songs "
            "show was claimed at no smaller p than that of themes found anew on songs so drawn."
        )
    drawn = results["run"].get("recorders_drawn")
    if drawn:
        lines.append(
            f"Every recording was heard through "
            f"{counted(results['run']['recorders'], 'recorder')} as well, "
            f"those of {drawn} at random ({results['run']['family']}), and of their parts, through "
            "which the songs of one era lie nearest to those of the other (approximate Bayesian "
            "computation, Beaumont 2010; energy distance); a song's vector is the mean over what "
            "was heard of it, and clusters that recorders turn into one another are one theme."
        )
    made = {
        name: claim["placebo"]["passed"] is not None for name, claim in results["claims"].items()
    }
    if results["clusters"]:
        lines.append(
            "A change of the repertoire was claimed only for themes whose share no recorder of the "
            "placebo moves as far, and not where the placebo itself rejected, unless one recorder "
            "made both eras."
            if made["repertoire"]
            else "No placebo was made, so that a change of the repertoire was claimed only where "
            "one recorder made both eras."
        )
    if results["drift"]:
        lines.append(
            "How themes are sung was compared by intervals, trill periods and the pitch of whistles"
            f", the median of each {unit}'s songs, within sites; what all had in common as a wrong "
            "speed has it was taken out where no device fixed the speed; p is that of the largest "
            "of all measures"
            + (
                ", and a measure counted only where no recorder of its own placebo moves it as "
                "far, unless one recorder made both eras."
                if made["drift"]
                else "; these songs were not measured again through recorders."
            )
        )
    described = _listed(_words(results, claimed=False))
    if described:
        lines.append(f"How the recordings differ was told by {described}, which decide nothing.")
    if results.get("turnover"):
        lines.append(
            f"Overlap of the repertoires has intervals of {settings['bootstraps']} bootstrap "
            f"samples of {unit}s."
        )
    return lines


def _words(results: dict[str, Any], *, claimed: bool) -> list[str]:
    return [
        statistic.words or statistic.title
        for statistic in STATISTICS.values()
        if bool(statistic.claim) == claimed and results["tests"].get(statistic.name)
    ]


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


METHODS = Section("Methods", methods)
