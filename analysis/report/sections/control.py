"""What was controlled, what was not, and the effort of each era."""

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison


def control(comparison: Comparison, media: Media | None) -> str:
    """What was controlled, and effort."""
    results = comparison.results
    items = "".join(f"<li>{text(note)}</li>" for note in results["notes"])
    effort = ""
    if results.get("effort"):
        for side in ("historical", "modern"):
            counts = results["effort"][side].items()
            told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts)
            effort += f"<li>{text(results['eras'][side])}: {told}</li>"
        effort = f"<p>Effort:</p><ul>{effort}</ul>"
    if not items + effort:
        return ""
    return f"<ul>{items}</ul>{effort}"


CONTROL = Section("What was controlled, and what was not", control)
