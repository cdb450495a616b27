"""Clusters, how firm they are, and agreement with known labels."""

from typing import Any

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted


def clusters(comparison: Comparison, media: Media | None) -> str:
    """Clusters, how firm they are, and agreement with labels."""
    results = comparison.results
    found = results["clusters"]
    if not found:
        return ""
    lines = [
        f"{counted(found['n'], 'cluster')} among {counted(results['songs'], 'song')}; "
        f"{found['noise_fraction']:.0%} of the songs are in none."
    ]
    if found.get("stability") is not None:
        lines.append(
            f"Fitted again on random 90 % of the songs the clusters agree with these at ARI "
            f"{found['stability']:.2f} (1: the same)."
        )
    if found.get("dbcv") is not None:
        lines.append(f"Density-based validity (DBCV, -1 to 1): {found['dbcv']:.2f}.")
    if found["ari"] is None:
        lines.append("There are no two known labels to compare the clusters with.")
    else:
        lines.append(
            f"Against the column '{found['label_column']}': ARI {found['ari']:.2f}, AMI "
            f"{found['ami']:.2f}, V-measure {found['v_measure']:.2f}."
        )
        lines += _label_lines(found)
    novel = results.get("novel")
    if novel:
        lines.append(
            f"A clustering of the historical songs alone takes {novel['modern']:.0%} of the modern "
            f"songs for novel; of historical songs that it was not fitted on, "
            f"{novel['historical']:.0%}."
        )
    return "".join(f"<p>{text(line)}</p>" for line in lines)


def _label_lines(found: dict[str, Any]) -> list[str]:
    near, probe = found["nearest_neighbours"], found.get("linear_probe")
    if not near["songs"]:
        return ["No label occurs in two individuals or recordings, so neighbours cannot be asked."]
    lines = [
        "Nearest neighbours from other individuals or recordings name the right label for "
        f"{near['accuracy']:.0%} of {counted(near['songs'], 'song')} (macro-F1 "
        f"{near['macro_f1']:.2f}; always naming the commonest: {near['chance']:.0%})."
    ]
    if probe:
        lines.append(
            f"A linear probe with whole individuals or recordings held out: {probe['accuracy']:.0%}"
            f" right, macro-F1 {probe['macro_f1']:.2f}, calibration error "
            f"{probe['calibration_error']:.2f}."
        )
    return lines


CLUSTERS = Section("Clusters and agreement with labels", clusters)
