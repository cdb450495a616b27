"""How themes are sung: every measure of the claim on drift, and what recorders alone do to it."""

import math
from typing import Any

from chingolo.analysis.change.drift.measure_drift import measure_name
from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import NO_PLACEBO, Section, placebo_of, text
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted

OPEN = 12
"""Measures shown before the rest is folded."""


def sung(comparison: Comparison, media: Media | None) -> str:
    """Both eras' values of every measure, its change, p, and the recorders' share of it."""
    rows = comparison.results["drift"]
    if not rows:
        return ""
    claim = comparison.results["claims"]["drift"]
    eras = comparison.results["eras"]
    moved = claim["placebo"].get("measures", {})
    tested = "" if claim["p"] is None else f" All together: p = {claim['p']:.3f}."
    more = (
        f"<details><summary>{counted(len(rows) - OPEN, 'more measure')}</summary>"
        f"{_table(rows[OPEN:], eras, moved)}</details>"
        if len(rows) > OPEN
        else ""
    )
    return (
        "<p>Changes of times and pitches within sites, the speed that all have in common taken out "
        f"where no known device fixes it; p of each is family-wise.{tested}</p>"
        f"{_table(rows[:OPEN], eras, moved)}{more}<p>"
        f"{_placebo(claim['placebo'], comparison.results['run'])}</p>"
    )


def _table(rows: list[dict[str, Any]], eras: dict[str, str], moved: dict[str, float]) -> str:
    told = []
    for row in rows:
        low, high = row["interval_percent"]
        name = measure_name(row["theme"], row["measure"])
        told.append(
            f"<tr><td>{text(row['theme'] or 'all themes')}</td><td>{text(row['measure'])}</td>"
            f"<td>{_value(row['historical'], row['unit'])}</td>"
            f"<td>{_value(row['modern'], row['unit'])}</td>"
            f"<td>{row['change_percent']:+.1f} % "
            f"<span class='small'>({low:+.1f} to {high:+.1f})</span></td>"
            f"<td>{row['p']:.3f}</td>"
            f"<td>{f'{moved[name]:.1f} %' if name in moved else '-'}</td>"
            f"<td>{row['units'][0]}, {row['units'][1]}</td></tr>"
        )
    return (
        "<div class='scroll'><table><thead><tr><th>theme</th><th>measure</th>"
        f"<th class='old'>{text(eras['historical'])}</th>"
        f"<th class='young'>{text(eras['modern'])}</th><th>change</th><th>p</th>"
        "<th>a recorder's most</th><th>units</th></tr></thead>"
        f"<tbody>{''.join(told)}</tbody></table></div>"
    )


def _value(value: float | None, unit: str) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    return f"{1000 * value:.1f} ms" if unit == "s" else f"{value:.0f} {text(unit)}"


def _placebo(placebo: dict[str, Any], made_by: dict[str, Any]) -> str:
    if placebo["passed"] is None:
        return NO_PLACEBO
    return (
        f"Placebo: {placebo_of(placebo, 'some songs of each era', made_by)}, pair by pair "
        f"(p = {placebo['p']:.3f} over all recorders). A change "
        "counts only if it is clearly larger than a recorder's most."
    )


SUNG = Section("How themes are sung", sung)
