"""Every test of a change, the placebo, turnover and descriptors."""

from typing import Any

from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.change.statistics.statistic import Statistic
from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import NO_PLACEBO, Section, placebo_of, text
from chingolo.analysis.results import Comparison


def p_value(p: float, permutations: int) -> str:
    """A p value as text, never smaller than the permutations allow."""
    return f"{p:.3f}" if p > 1 / (permutations + 1) or p >= 0.001 else f"{p:.1g}"


def statistics(comparison: Comparison, media: Media | None) -> str:
    """Every test, turnover and descriptors."""
    results = comparison.results
    if not results["tests"]:
        return ""
    count = results["settings"]["permutations"]
    known = [statistic for statistic in STATISTICS.values() if results["tests"].get(statistic.name)]
    deciding = [statistic for statistic in known if statistic.claim]
    others = [statistic for statistic in known if not statistic.claim]
    remarks = " ".join(statistic.remark for statistic in known if statistic.remark)
    parts = [
        "<h3>Tests behind the claims</h3>",
        _table([_row(statistic, results, count) for statistic in deciding]),
        f"<p>{count} permutations of the unit ({text(results['unit'])}), block: "
        f"{text(results['block'])}.</p>",
        _placebo(results["claims"]["repertoire"]["placebo"], results["run"])
        if results["clusters"]
        else "",
        _turnover(results.get("turnover")),
    ]
    if others:
        parts += [
            "<h3>How the recordings differ</h3><p>Recorders move these as birds do, so they decide "
            "nothing.</p>",
            _table([_row(statistic, results, count) for statistic in others]),
            f"<p>{text(remarks)}</p>" if remarks else "",
        ]
    return "".join([*parts, _descriptors(results)])


def _table(rows: list[str]) -> str:
    return (
        "<div class='scroll'><table><thead><tr><th>test</th><th>value</th>"
        "<th>expected with no change</th><th>p</th><th>p of single draws of songs</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(statistic: Statistic, results: dict[str, Any], permutations: int) -> str:
    """A statistic's row of the table."""
    test = results["tests"][statistic.name]
    shown = test["value" if statistic.figure is None else statistic.figure.key]
    low, high = test["p_spread"]
    spread = f"{low:.3f} to {high:.3f}" if low < high else "-"
    return (
        f"<tr><td>{text(statistic.title)}</td><td>{shown:.3g}</td><td>{test['expected']:.3g}</td>"
        f"<td>{p_value(test['p'], permutations)}</td><td>{spread}</td></tr>"
    )


def _placebo(placebo: dict[str, Any], made_by: dict[str, Any]) -> str:
    if placebo["passed"] is None:
        return f"<p>{NO_PLACEBO}</p>"
    worst = max(placebo["themes"].values(), default=0.0)
    heard = placebo_of(placebo, "the songs of each era", made_by)
    return (
        f"<p>Placebo: {heard}, pair by pair. {placebo['stable']:.0%} stay in their theme; "
        f"the recorder that does most moves a theme's share by {100 * worst:.0f} points "
        f"(p = {placebo['p']:.3f} over all recorders).</p>"
    )


def _turnover(turnover: dict[str, Any] | None) -> str:
    if not turnover:
        return ""
    names = {
        "morisita_horn": "Morisita-Horn",
        "chao_jaccard": "Chao-Jaccard",
        "jaccard": "plain Jaccard (falls with unequal effort)",
    }
    items = []
    for key, name in names.items():
        row = turnover[key]
        low, high = row["interval"]
        expected = "" if row["expected"] is None else f"; {row['expected']:.2f} with no change"
        items.append(
            f"<li>{name}: {row['value']:.2f} (95 % interval {low:.2f} to {high:.2f}{expected})</li>"
        )
    return f"<p>Overlap of the repertoires, 1 for the same:</p><ul>{''.join(items)}</ul>"


def _figure(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _descriptors(results: dict[str, Any]) -> str:
    descriptors = results.get("descriptors")
    if not descriptors:
        return ""
    eras = results["eras"]
    rows = "".join(
        f"<tr><td>{text(row['title'])}</td><td>{_figure(row['historical'])}</td>"
        f"<td>{_figure(row['modern'])}</td><td>{row['effect']:+.2f} "
        f"<span class='small'>({row['interval'][0]:+.2f} to {row['interval'][1]:+.2f})</span></td>"
        f"<td>{row['p']:.3f}</td></tr>"
        for row in descriptors.values()
    )
    return (
        "<h3>Acoustic descriptors</h3><div class='scroll'><table><thead><tr><th></th>"
        f"<th class='old'>{text(eras['historical'])}</th>"
        f"<th class='young'>{text(eras['modern'])}</th><th>effect (unit s.d.)</th>"
        f"<th>p (all descriptors)</th></tr></thead><tbody>{rows}</tbody></table></div>"
        "<p>Means over units; the effect is the difference between songs of one theme and site, in "
        "standard deviations of units, with 95 % intervals. A recorder moves them too.</p>"
    )


STATISTICS_OF_CHANGE = Section("Statistics", statistics)
