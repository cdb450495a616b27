"""Typical songs of each theme."""

from pathlib import Path

from chingolo.analysis.report.elements.examples import MOST_THEMES, example_rows
from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted


def examples(comparison: Comparison, media: Media | None) -> str:
    """Typical songs of each theme, the eras side by side; a click plays."""
    if media is None:
        return ""
    pairs = example_rows(comparison)
    parts = [""]
    if "" in pairs:
        parts.append("<p>No cluster was found; these are songs of no theme.</p>")
    for name, sides in pairs.items():
        parts.append(f"<h3>{text(name)}</h3>")
        if comparison.eras is None:
            parts.append(f"<div>{_figures(comparison, media, sides[0])}</div>")
            continue
        eras = (comparison.eras.historical, comparison.eras.modern)
        columns = "".join(
            f"<div><p class='{colour}'>{text(era)}</p>"
            f"{_figures(comparison, media, side) or '<p class=small>no song</p>'}</div>"
            for colour, era, side in zip(("old", "young"), eras, sides, strict=True)
        )
        parts.append(f"<div class='pair'>{columns}</div>")
    hidden = len(set(comparison.songs["theme"]) - {""}) - MOST_THEMES
    if hidden > 0:
        parts.append(
            f"<p>{counted(hidden, 'smaller theme is', 'smaller themes are')} not shown here.</p>"
        )
    if media.missing:
        first = next(iter(media.missing.values()))
        many = counted(len(media.missing), "song")
        parts.append(f"<p>The audio of {many} is missing ({text(first)}).</p>")
    return "\n".join(parts)


def _figures(comparison: Comparison, media: Media, rows: list[int]) -> str:
    figures = []
    for row in rows:
        name = text(Path(str(comparison.songs["path"].iloc[row])).name)
        if row in media.examples:
            inner = (
                f'<button data-row="{row}" title="play"><img src="{media.examples[row]}" '
                f'alt="spectrogram of {name}" width="220" height="96"></button>'
            )
        else:
            inner = text(media.missing.get(row, ""))
        figures.append(f"<figure>{inner}<figcaption>{name}</figcaption></figure>")
    return "".join(figures)


EXAMPLES = Section("Songs of each theme", examples)
