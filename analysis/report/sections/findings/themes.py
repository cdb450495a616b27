"""Shares of the themes in both eras, and what became of each."""

from typing import Any

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted


def _share(era: dict[str, Any], unit: str) -> str:
    low, high = era["interval"]
    return (
        f"{era['share']:.0%} <span class='small'>({low:.0%} to {high:.0%}; "
        f"{counted(era['units'], unit)}, {counted(era['songs'], 'song')})</span>"
    )


def _bar(row: dict[str, Any]) -> str:
    """Both shares with intervals, 0 to 100 %, as a small drawing."""
    marks = []
    for y, era, colour in ((7, row["historical"], "#b34700"), (19, row["modern"], "#005a9c")):
        low, high = (160 * value for value in era["interval"])
        x = 160 * era["share"]
        marks.append(
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" '
            f'stroke-width="3"/><circle cx="{x:.1f}" cy="{y}" r="4.5" fill="{colour}"/>'
        )
    return (
        '<svg width="170" height="26" viewBox="-5 0 170 26" aria-hidden="true">'
        f'<line x1="0" x2="160" y1="25" y2="25" stroke="#d9dee4"/>{"".join(marks)}</svg>'
    )


def themes(comparison: Comparison, media: Media | None) -> str:
    """Shares of the themes and what became of each."""
    results = comparison.results
    if not results["themes"]:
        return ""
    eras, unit = results["eras"], results["unit"]
    rows = "".join(
        f"<tr><td>{text(row['name'])}</td><td>{_bar(row)}</td>"
        f"<td>{_share(row['historical'], unit)}</td><td>{_share(row['modern'], unit)}</td>"
        f"<td class='status'>{text(row['status'])}</td>"
        f"<td>{row['p']:.3f}</td></tr>"
        for row in results["themes"]
    )
    caution = ""
    if results["claims"]["repertoire"]["verdict"] == "refused":
        caution = (
            " <strong>The claim on the repertoire is refused: these shares describe recordings and "
            "tell nothing of the birds.</strong>"
        )
    return (
        "<div class='scroll'><table><thead><tr><th>theme</th>"
        "<th>0 to 100 %</th>"
        f"<th class='old'>{text(eras['historical'])}</th>"
        f"<th class='young'>{text(eras['modern'])}</th><th>status</th><th>p</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div><p>Share of the songs, every {text(unit)} "
        "counting alike, of songs in some theme and at sites recorded in both eras, with 95 % "
        "intervals over birds; p of a difference in share, adjusted for all themes. "
        f"{text(results['theme_naming'])}{caution}</p>"
    )


THEMES = Section("Themes", themes)
