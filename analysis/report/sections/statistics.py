"""Every test of a change, the placebo, turnover and descriptors."""

from typing import Any

from chingolo.analysis.change.change_tests import COMBINED
from chingolo.analysis.change.statistics.registry import STATISTICS
from chingolo.analysis.change.statistics.statistic import Statistic
from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison


def p_value(p: float, permutations: int) -> str:
    """A p value as text, never smaller than the permutations allow."""
    return f"{p:.3f}" if p > 1 / (permutations + 1) or p >= 0.001 else f"{p:.1g}"


def statistics(comparison: Comparison, media: Media | None) -> str:
    """Every test, turnover and descriptors."""
    results = comparison.results
    if not results.get(COMBINED):
        return ""
    count = results["settings"]["permutations"]
    known = STATISTICS.values()
    deciding = [statistic for statistic in known if statistic.decides]
    others = [statistic for statistic in known if not statistic.decides]
    rows = [_row(statistic, results, count) for statistic in deciding]
    rows.append(_cells("All of these at once", "-", "-", results[COMBINED]["p"], count))
    rows += [_row(statistic, results, count) for statistic in others]
    remarks = " ".join(
        statistic.remark
        for statistic in known
        if statistic.remark and results.get(statistic.results_key)
    )
    parts = [
        "<div class='scroll'><table><thead><tr><th>test</th><th>value</th>"
        "<th>expected with no change</th><th>p</th></tr></thead><tbody>",
        *rows,
        f"</tbody></table></div><p>{count} permutations of the unit ({text(results['unit'])}), "
        f"block: {text(results['block'])}. The verdict goes by the line 'all of these at once', "
        f"which keeps its level whatever the number of tests. {text(remarks)}</p>",
        _placebo(results["placebo"]) if results["clusters"] else "",
        _turnover(results.get("turnover")),
        _descriptors(results),
    ]
    return "".join(parts)


def _row(statistic: Statistic, results: dict[str, Any], permutations: int) -> str:
    """A statistic's row of the table; "" where it was not made."""
    test = results.get(statistic.results_key)
    if test is None:
        return ""
    shown = test["value" if statistic.figure is None else statistic.figure.key]
    expected = f"{test['expected']:.3g}"
    return _cells(statistic.title, f"{shown:.3g}", expected, test["p"], permutations)


def _cells(title: str, value: str, expected: str, p: float, permutations: int) -> str:
    return (
        f"<tr><td>{text(title)}</td><td>{value}</td><td>{expected}</td>"
        f"<td>{p_value(p, permutations)}</td></tr>"
    )


def _placebo(placebo: dict[str, Any]) -> str:
    if placebo["passed"] is None:
        return "<p>Channel placebo: not made.</p>"
    outcome = "passed" if placebo["passed"] else "failed"
    share = placebo["share"]
    told = "" if share is None else f"; the recorder alone makes {share:.0%} of the difference"
    left = ""
    if placebo["matched_p"] is not None:
        left = (
            " Of the difference between the eras there remains, once the modern songs come through "
            f"the historical recorder too, p = {placebo['matched_p']:.3f}; and if that recorder's "
            "model errs, to the worst, by as much as its whole effect, "
            f"p = {placebo['worst_p']:.3f}."
        )
    return (
        f"<p>Channel placebo: {outcome} (p = {placebo['p']:.3f} of modern songs against themselves "
        f"through the historical recorder{told}).{left}</p>"
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
        f"<th>p (Holm)</th></tr></thead><tbody>{rows}</tbody></table></div>"
        "<p>Means over units; the effect is the difference between songs of one theme and site, in "
        "standard deviations among units, with 95 % bootstrap intervals.</p>"
    )


STATISTICS_OF_CHANGE = Section("Statistics", statistics)
