"""Writing a comparison: one self-contained page, figures, `songs.csv` and `results.json`."""

import json
from collections.abc import Callable
from pathlib import Path

from chingolo.analysis.report.elements.media import collect_media
from chingolo.analysis.report.elements.section import text
from chingolo.analysis.report.figures import write_figures
from chingolo.analysis.report.sections.registry import SECTIONS
from chingolo.analysis.results import Comparison, results_text
from chingolo.synth.tables.content import note_written, refuse_others
from chingolo.synth.tables.files import atomic_path
from chingolo.synth.tables.song_table import write_song_table

TEMPLATE = Path(__file__).with_name("report_template.html")
REPORT_FILES = (
    *("report.html", "songs.csv", "results.json"),
    *("map.pdf", "map.png", "themes.pdf", "themes.png"),
)
SCRIPT = Path(__file__).with_name("report_map.js")


def write_report(
    comparison: Comparison,
    folder: str | Path,
    *,
    force: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Writes report.html, figures (PDF, PNG), songs.csv and, last, results.json.

    Args:
        comparison: what was found.
        folder: made where it is missing; what an earlier report wrote there is replaced.
        force: replace files of these names that are another's, or were edited, too.
        tell: takes lines of progress.

    Raises:
        InputError: if the folder cannot be written, or holds such a file and `force` is not set.
    """
    folder = Path(folder)
    refuse_others(folder, REPORT_FILES, force=force)
    page = report_page(comparison, tell=tell)
    with atomic_path(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    write_figures(comparison, folder)
    write_song_table(comparison.songs, folder / "songs.csv")
    with atomic_path(folder / "results.json") as temporary:
        temporary.write_text(results_text(comparison.results) + "\n", encoding="utf-8")
    note_written(folder, REPORT_FILES)


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
