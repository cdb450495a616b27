"""Writing a comparison: one self-contained page, figures, `songs.csv` and `results.json`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.compare import Comparison
from chingolo.analysis.report import sections as sections
from chingolo.analysis.report import statistics as report_statistics
from chingolo.analysis.report.figures import write_figures
from chingolo.analysis.report.map_data import collect_media
from chingolo.synth.tables.files import atomic_path
from chingolo.synth.tables.song_table import write_song_table

TEMPLATE = Path(__file__).with_name("report_template.html")
SCRIPT = Path(__file__).with_name("report_map.js")


def write_report(
    comparison: Comparison,
    folder: str | Path,
    *,
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Writes report.html, figures (PDF, PNG), songs.csv and, last, results.json.

    Args:
        comparison: what was found.
        folder: made where it is missing; files of these names in it are replaced.
        tell: takes lines of progress.

    Raises:
        InputError: if the folder cannot be written.
    """
    folder = Path(folder)
    page = report_page(comparison, tell=tell)
    with atomic_path(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    write_figures(comparison, folder)
    write_song_table(comparison.songs, folder / "songs.csv")
    with atomic_path(folder / "results.json") as temporary:
        temporary.write_text(results_text(comparison.results) + "\n", encoding="utf-8")


def results_text(results: dict[str, Any]) -> str:
    """`results.json` as text: sorted keys, null for what is not a number."""
    return json.dumps(_plain(results), indent=2, sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def headline(comparison: Comparison) -> str:
    """Verdict, reasons and themes as a few lines of text for a terminal."""
    results = comparison.results
    verdict = results["verdict"] if results["eras"] else "none, no two eras"
    lines = [f"verdict: {verdict}", *results["reasons"]]
    lines += [
        f"  {row['name']:<24} {row['historical']['share']:>6.1%} -> "
        f"{row['modern']['share']:>6.1%}  {row['status']}"
        for row in results["themes"]
        if row["name"]
    ]
    return "\n".join(lines)


def report_page(comparison: Comparison, *, tell: Callable[[str], None] = lambda line: None) -> str:
    """The page as HTML text; missing audio is told in place of the picture."""
    results = comparison.results
    eras, data, script = results["eras"], "{}", ""
    song_map, examples = "", ""
    if results["map"]:
        media = collect_media(comparison, tell=tell)
        song_map = sections.song_map(comparison)
        examples = sections.examples(comparison, media)
        data = json.dumps(media.map, separators=(",", ":")).replace("<", "\\u003c")
        script = SCRIPT.read_text(encoding="utf-8")
    parts = [
        sections.verdict(results),
        song_map,
        sections.theme_table(results) if results["themes"] else "",
        examples,
        report_statistics.statistics(results),
        sections.clusters(results) if results["clusters"] else "",
        sections.place_map(comparison),
        sections.notes(results),
        report_statistics.methods(results),
    ]
    title = f"{eras['historical']} and {eras['modern']} compared" if eras else "Songs in one space"
    filled = {
        "title": sections.text(title),
        "body": "\n".join(parts),
        "script": script,
        "data": data,
    }
    page = TEMPLATE.read_text(encoding="utf-8")
    head, *rest = page.split("{{")
    # one pass, so that braces within the songs' own text are left alone
    pieces = [head]
    for piece in rest:
        name, after = piece.split("}}", 1)
        pieces += [filled[name], after]
    return "".join(pieces)
