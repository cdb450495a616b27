"""What was controlled, what was not, the table's check, and the effort of each era."""

from typing import Any

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison


def control(comparison: Comparison, media: Media | None) -> str:
    """What was controlled, the table's check and effort."""
    results = comparison.results
    check = results.get("table_check")
    remarks = [*(check["remarks"] if check else []), *results["notes"]]
    items = "".join(f"<li>{text(remark)}</li>" for remark in remarks)
    effort = ""
    if results.get("effort"):
        for side in ("historical", "modern"):
            counts = results["effort"][side].items()
            told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts)
            effort += f"<li>{text(results['eras'][side])}: {told}</li>"
        effort = f"<p>Effort:</p><ul>{effort}</ul>"
    sites = _sites(check["sites"], results["eras"]) if check else ""
    told = f"<ul>{items}</ul>" if items else ""
    return f"{told}{sites}{effort}"


def _sites(sites: list[dict[str, Any]], eras: dict[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{text(row['site'])}</td><td>{row['units'][0]}</td><td>{row['songs'][0]}</td>"
        f"<td>{row['units'][1]}</td><td>{row['songs'][1]}</td></tr>"
        for row in sites
    )
    old, young = (
        f"<th class='{kind}'>{text(eras[side])}, units</th><th class='{kind}'>songs</th>"
        for kind, side in (("old", "historical"), ("young", "modern"))
    )
    return (
        "<h3>The table</h3><div class='scroll'><table><thead><tr><th>site</th>"
        f"{old}{young}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


CONTROL = Section("What was controlled, and what was not", control)
