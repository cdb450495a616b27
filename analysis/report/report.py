"""Writing a comparison: one self-contained page, figures, `songs.csv` and `results.json`."""

import json
from collections.abc import Callable
from pathlib import Path

from chingolo.analysis.report.elements.media import collect_media
from chingolo.analysis.report.elements.section import text
from chingolo.analysis.report.figures import write_figures
from chingolo.analysis.report.sections.registry import SECTIONS
from chingolo.analysis.results import Comparison, results_text
from chingolo.synth.tables.files import InputError, atomic_path
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
        InputError: if the folder cannot be written, or holds a song table that is no report's.
    """
    folder = Path(folder)
    if (folder / "songs.csv").exists() and not (folder / "report.html").exists():
        raise InputError(
            f"{folder}: holds a songs.csv that no report wrote, and a report would write over it; "
            "choose another --out"
        )
    page = report_page(comparison, tell=tell)
    with atomic_path(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    write_figures(comparison, folder)
    write_song_table(comparison.songs, folder / "songs.csv")
    with atomic_path(folder / "results.json") as temporary:
        temporary.write_text(results_text(comparison.results) + "\n", encoding="utf-8")


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
    eras = comparison.results["eras"]
    media, data, script = None, "{}", ""
    if comparison.results["map"]:
        media = collect_media(comparison, tell=tell)
        data = json.dumps(media.map, separators=(",", ":")).replace("<", "\\u003c")
        script = SCRIPT.read_text(encoding="utf-8")
    parts = [section.page(comparison, media) for section in SECTIONS.values()]
    title = f"{eras['historical']} and {eras['modern']} compared" if eras else "Songs in one space"
    filled = {
        "title": text(title),
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
