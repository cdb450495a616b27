"""The commands that led from recordings to the page."""

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison


def commands(comparison: Comparison, media: Media | None) -> str:
    """Commands as they are typed, one a line; "" where nobody told them."""
    lines = comparison.results.get("commands")
    return f"<pre>{text(chr(10).join(lines))}</pre>" if lines else ""


COMMANDS = Section("Commands that made this page", commands)
