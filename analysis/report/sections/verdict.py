"""The verdict and its reasons: the head of the page."""

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison


def verdict(comparison: Comparison, media: Media | None) -> str:
    """The verdict and its reasons."""
    results = comparison.results
    reasons = "".join(f"<li>{text(reason)}</li>" for reason in results["reasons"])
    kind = text(results["verdict"].replace(" ", "-"))
    word = text(results["verdict"]) if results["eras"] else "no two eras"
    return f'<div class="verdict {kind}"><strong>{word}</strong><ul>{reasons}</ul></div>'


VERDICT = Section("", verdict)
