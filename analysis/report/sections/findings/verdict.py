"""The two claims and their reasons: the head of the page."""

from typing import Any

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison

ASKED = {
    "repertoire": "Which themes are sung, by what share of the birds",
    "drift": "How the themes are sung",
}
"""What each claim is about."""


def verdict(comparison: Comparison, media: Media | None) -> str:
    """Each claim with its verdict and reasons."""
    results = comparison.results
    if not results["claims"]:
        reasons = "".join(f"<li>{text(reason)}</li>" for reason in results["reasons"])
        return f'<div class="verdict refused"><strong>no two eras</strong><ul>{reasons}</ul></div>'
    return "".join(_claim(name, claim) for name, claim in results["claims"].items())


def _claim(name: str, claim: dict[str, Any]) -> str:
    reasons = "".join(f"<li>{text(reason)}</li>" for reason in claim["reasons"])
    kind = claim["verdict"].replace(" ", "-")
    return (
        f'<div class="verdict {text(kind)}"><span class="small">{text(ASKED[name])}</span><br>'
        f"<strong>{text(name.capitalize())}: {text(claim['verdict'])}</strong>"
        f"<ul>{reasons}</ul></div>"
    )


VERDICT = Section("", verdict)
