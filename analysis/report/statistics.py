"""The report's statistics and methods as HTML, in plain sentences."""

from typing import Any

from chingolo.analysis.report.sections import text

TESTS = {
    "energy": ("Energy distance", "distance"),
    "mmd": ("Maximum mean discrepancy", "distance"),
    "classifier": ("Classifier of the eras, held-out AUC", "auc"),
    "permanova": ("PERMANOVA, share of variance (R²)", "r2"),
    "within_blocks": ("Energy distance within sites, summed", ""),
    "composition": ("Shares of the themes", ""),
    "drift": ("PERMANOVA within themes", ""),
    "descriptors_test": ("Acoustic descriptors within themes", ""),
    "combined": ("All of these at once", ""),
    "permdisp": ("PERMDISP, difference in spread (F)", "f"),
}


def p_value(p: float, permutations: int) -> str:
    """A p value as text, never smaller than the permutations allow."""
    return f"{p:.3f}" if p > 1 / (permutations + 1) or p >= 0.001 else f"{p:.1g}"


def statistics(results: dict[str, Any]) -> str:
    """Every test, turnover and descriptors."""
    if not results.get("combined"):
        return ""
    count = results["settings"]["permutations"]
    rows = []
    for name, (title, key) in TESTS.items():
        test = results.get(name)
        if test is None:
            continue
        value = test.get(key or "value")
        value = "-" if value is None else f"{value:.3g}"
        expected = f"{test['expected']:.3g}" if "expected" in test else "-"
        rows.append(
            f"<tr><td>{text(title)}</td><td>{value}</td><td>{expected}</td>"
            f"<td>{p_value(test['p'], count)}</td></tr>"
        )
    parts = [
        "<h2>Statistics</h2><div class='scroll'><table><thead><tr><th>test</th><th>value</th>"
        "<th>expected with no change</th><th>p</th></tr></thead><tbody>",
        *rows,
        f"</tbody></table></div><p>{count} permutations of the unit ({text(results['unit'])}), "
        f"block: {text(results['block'])}. The verdict goes by the line 'all of these at once', "
        "which keeps its level whatever the number of tests. PERMDISP tells whether a difference "
        "may be one of spread and not of place.</p>",
        _placebo(results["placebo"]) if results["energy"] else "",
        _turnover(results.get("turnover")),
        _descriptors(results),
    ]
    return "".join(parts)


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


def methods(results: dict[str, Any]) -> str:
    """A paragraph ready for a paper."""
    settings, found = results["settings"], results["clusters"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    run = results["run"]
    made = ", ".join(f"{key} {run[key]}" for key in sorted(run) if isinstance(run[key], str))
    if found is None:
        return f"<h2>Methods</h2><p>{text(_type_methods(results, versions))}</p>"
    lines = [
        f"Songs were represented by latent vectors ({made or 'origin not told'}).",
        f"Clusters were found with HDBSCAN (exact spanning tree, min_cluster_size "
        f"{found['min_cluster_size']})."
        if found["method"] == "hdbscan"
        else f"Clusters were found with k-means ({found['n']} clusters).",
    ]
    if results["eras"]:
        lines.append(
            "The eras were compared by energy distance, maximum mean discrepancy, a held-out "
            "linear classifier, PERMANOVA and theme shares, on the same "
            f"{settings['permutations']} permutations of {results['unit']}s "
            + ("within sites" if results["block"] == "site" else "without blocks")
            + ", combined by the harmonic mean of their p values on those permutations; every "
            f"{results['unit']} counted alike. Intervals are percentiles of "
            f"{settings['bootstraps']} bootstrap samples of {results['unit']}s. A change was "
            "claimed only where modern songs sent through the historical recorder were not found "
            "different from themselves, and where the difference remained once they came through "
            "it, also with its effect doubled in the worst direction, unless one recorder made "
            "both eras. Songs were drawn so that units had alike numbers of them in both eras."
        )
    lines.append(f"Software: {versions}; seed {settings['seed']}.")
    return f"<h2>Methods</h2><p>{text(' '.join(lines))}</p>"


def _type_methods(results: dict[str, Any], versions: str) -> str:
    settings = results["settings"]
    where = "within sites" if results["block"] == "site" else "without blocks"
    return (
        f"Shares of song types were compared by the largest standardised difference, "
        f"{settings['permutations']} permutations of {results['unit']}s {where}; every "
        f"{results['unit']} counted alike. Intervals are percentiles of {settings['bootstraps']} "
        f"bootstrap samples. Software: {versions}; seed {settings['seed']}."
    )
