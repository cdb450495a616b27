"""What a section of the report is, and the text that sections are made of."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted


@dataclass(frozen=True)
class Section:
    """One section of the page."""

    title: str
    """Its heading; "" for none."""

    html: Callable[[Comparison, Media | None], str]
    """Comparison and its pictures and sounds (None where there is no map) -> HTML below the
    heading; "" where the section does not apply."""

    def page(self, comparison: Comparison, media: Media | None) -> str:
        """The section with its heading; "" where it does not apply."""
        inner = self.html(comparison, media)
        return f"<h2>{text(self.title)}</h2>{inner}" if inner and self.title else inner


NO_PLACEBO = "Placebo: not made, since songs were not heard through other recorders."


def placebo_of(placebo: Mapping[str, Any], songs: str, made_by: Mapping[str, Any]) -> str:
    """What a placebo compares: performances heard by two devices, or `songs` with themselves."""
    if placebo["measured"]:
        pairs = counted(placebo["recorders"], "pair")
        return f"performances heard by two devices ({pairs} of devices)"
    drawn = made_by.get("recorders_drawn")
    which = (
        f"{counted(placebo['recorders'], 'recorder')}, of {drawn} at random those that make one "
        "era sound most like the other"
        if drawn
        else counted(placebo["recorders"], "random recorder")
    )
    return f"{songs} against themselves through {which}"


def text(value: object) -> str:
    """HTML-safe text."""
    return html.escape(str(value))
