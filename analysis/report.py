"""The report: one self-contained page, `results.json` and `songs.csv`."""

import html
import json
from pathlib import Path
from typing import Any

import numpy as np

from analysis.compare import Comparison
from analysis.pictures import song_picture
from synth.files import atomic_path
from synth.songs import write_song_table

TEMPLATE = Path(__file__).with_name("report_template.html")
# Okabe & Ito (2008), distinguishable with the common colour deficiencies
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6000", "#333333")
EXAMPLES = 4


def write_report(comparison: Comparison, folder: str | Path) -> None:
    """Writes report.html, songs.csv and, last, results.json.

    Args:
        comparison: what was found.
        folder: made where it is missing; files of these names in it are replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    folder = Path(folder)
    page = report_page(comparison)
    with atomic_path(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    write_song_table(comparison.songs, folder / "songs.csv")
    with atomic_path(folder / "results.json") as temporary:
        text = json.dumps(comparison.results, indent=2, sort_keys=True, default=_plain)
        temporary.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def headline(comparison: Comparison) -> str:
    """Verdict, reasons and themes as a few lines of text for a terminal."""
    results = comparison.results
    lines = [f"verdict: {results['verdict']}", *results["reasons"]]
    lines += [
        f"  {row['name']:<24} {row['historical']['share']:>6.1%} -> "
        f"{row['modern']['share']:>6.1%}  {row['status']}"
        for row in results["themes"]
        if row["name"]
    ]
    return "\n".join(lines)


def report_page(comparison: Comparison) -> str:
    """The page as HTML text; missing audio is told in place of the picture."""
    results = comparison.results
    parts = [_verdict(results), _map(comparison)]
    if results["themes"]:
        parts.append(_themes(results))
    parts += [_examples(comparison), _clusters(results), _statistics(results), _notes(results)]
    eras = results["eras"]
    title = f"{eras['historical']} and {eras['modern']} compared" if eras else "Songs in one space"
    page = TEMPLATE.read_text(encoding="utf-8")
    return page.replace("{{title}}", _text(title)).replace("{{body}}", "\n".join(parts))


def _text(value: object) -> str:
    return html.escape(str(value))


def _verdict(results: dict) -> str:
    reasons = "".join(f"<li>{_text(reason)}</li>" for reason in results["reasons"])
    kind = _text(results["verdict"].replace(" ", "-"))
    word = _text(results["verdict"]) if results["eras"] else "no two eras"
    return f'<div class="verdict {kind}"><strong>{word}</strong><ul>{reasons}</ul></div>'


def _map(comparison: Comparison) -> str:
    width, height, margin = 720, 480, 16
    low, high = comparison.map.min(axis=0), comparison.map.max(axis=0)
    unit = (comparison.map - low) / np.where(high > low, high - low, 1.0)
    x = margin + unit[:, 0] * (width - 2 * margin)
    y = height - margin - unit[:, 1] * (height - 2 * margin)
    group = comparison.songs["theme"].to_numpy(object)
    names = sorted(set(group.tolist()) - {""})
    eras = comparison.eras.of_song if comparison.eras else np.full(len(x), -1)
    dots = []
    for i in range(len(x)):
        number = names.index(group[i]) if group[i] else -1
        colour = COLOURS[number % len(COLOURS)] if group[i] else "#aaaaaa"
        label = _text(f"{group[i] or 'no theme'}: {Path(comparison.songs['path'].iloc[i]).name}")
        title = f'fill="{colour}" fill-opacity="0.7"><title>{label}</title>'
        if eras[i] == 1:
            dots.append(f'<circle cx="{x[i]:.1f}" cy="{y[i]:.1f}" r="4" {title}</circle>')
        else:
            place = f'x="{x[i] - 3.5:.1f}" y="{y[i] - 3.5:.1f}"'
            dots.append(f'<rect {place} width="7" height="7" {title}</rect>')
    legend = ", ".join(
        f'<span style="color:{COLOURS[i % len(COLOURS)]}">&#9632;</span> {_text(name)}'
        for i, name in enumerate(names)
    )
    marks = ""
    if comparison.eras:
        old, young = _text(comparison.eras.historical), _text(comparison.eras.modern)
        marks = f" Squares: {old}; circles: {young}."
    return (
        "<h2>Map of the songs</h2>"
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Map of the songs">'
        f"{''.join(dots)}</svg><p>Each mark is a song; near songs are alike to the encoder "
        f"(plane of largest variance).{marks} Grey: in no theme. {legend}</p>"
    )


def _share(era: dict) -> str:
    low, high = era["interval"]
    return (
        f"{era['share']:.0%} <span class='small'>({low:.0%} to {high:.0%}; "
        f"{era['units']} units, {era['songs']} songs)</span>"
    )


def _themes(results: dict) -> str:
    eras = results["eras"]
    rows = "".join(
        f"<tr><td>{_text(row['name'] or 'in no theme')}</td><td>{_share(row['historical'])}</td>"
        f"<td>{_share(row['modern'])}</td><td>{_text(row['status']) if row['name'] else ''}</td>"
        f"<td>{row['p']:.3f}</td></tr>"
        for row in results["themes"]
    )
    return (
        "<h2>Themes</h2><div class='scroll'><table><thead><tr><th>theme</th>"
        f"<th class='old'>{_text(eras['historical'])}</th>"
        f"<th class='young'>{_text(eras['modern'])}</th><th>status</th><th>p</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div><p>Share of the songs, every {results['unit']} "
        "counting alike, with 95 % bootstrap intervals; p of a difference in share. "
        f"{_text(results['theme_naming'])}</p>"
    )


def _examples(comparison: Comparison) -> str:
    songs, eras = comparison.songs, comparison.eras
    groups = sorted(set(songs["theme"]) - {""})
    parts = ["<h2>Songs of each theme</h2>"]
    if not groups:
        parts.append("<p>No cluster was found; these are songs of no theme.</p>")
    for name in groups or [""]:
        parts.append(f"<h3>{_text(name)}</h3>")
        member = songs["theme"].to_numpy(object) == name
        if eras is None:
            parts.append(f"<div>{_figures(comparison, np.flatnonzero(member))}</div>")
            continue
        sides = []
        for code, era in enumerate((eras.historical, eras.modern)):
            chosen = np.flatnonzero(member & (eras.of_song == code))
            figures = _figures(comparison, chosen) or "<p class='small'>no song</p>"
            colour = ("old", "young")[code]
            sides.append(f"<div><p class='{colour}'>{_text(era)}</p>{figures}</div>")
        parts.append(f"<div class='pair'>{''.join(sides)}</div>")
    return "\n".join(parts)


def _figures(comparison: Comparison, rows: np.ndarray) -> str:
    """The most typical songs, at most one of a recording while there are others."""
    songs = comparison.songs
    typical = rows[np.argsort(-songs["cluster_probability"].to_numpy()[rows], kind="stable")]
    first = ~songs["path"].iloc[typical].duplicated().to_numpy()
    chosen = np.concatenate([typical[first], typical[~first]])[:EXAMPLES]
    figures = []
    for row in chosen:
        song = songs.iloc[row]
        picture, missing = song_picture(song)
        name = _text(Path(song["path"]).name)
        shown = f'<img src="{picture}" alt="spectrogram of {name}">' if picture else _text(missing)
        figures.append(f"<figure>{shown}<figcaption>{name}</figcaption></figure>")
    return "".join(figures)


def _clusters(results: dict) -> str:
    clusters = results["clusters"]
    lines = [
        f"{clusters['n']} clusters among {results['songs']} songs; "
        f"{clusters['noise_fraction']:.0%} of the songs are in none."
    ]
    if clusters["ari"] is None:
        lines.append("There are no two known labels to compare the clusters with.")
    else:
        near = clusters["nearest_neighbours"]
        lines.append(
            f"Against the column '{clusters['label_column']}': ARI {clusters['ari']:.2f}, AMI "
            f"{clusters['ami']:.2f}, V-measure {clusters['v_measure']:.2f}."
        )
        lines.append(
            f"Nearest neighbours from other individuals or recordings name the right label for "
            f"{near['accuracy']:.0%} of {near['songs']} songs (always naming the commonest: "
            f"{near['chance']:.0%})."
            if near["songs"]
            else "No label occurs in two individuals or recordings, so neighbours cannot be asked."
        )
    text = "".join(f"<p>{_text(line)}</p>" for line in lines)
    return f"<h2>Clusters and agreement with labels</h2>{text}"


def _statistics(results: dict) -> str:
    energy = results.get("energy")
    if not energy:
        return ""
    return (
        f"<h2>Statistics</h2><p>Energy distance between the eras {energy['distance']:.4g}; "
        f"{energy['expected']:.4g} is expected with no change; p = {energy['p']:.3f}. Shares of "
        f"the themes: p = {results['composition']['p']:.3f}. Both at once, which the verdict goes "
        f"by: p = {results['combined']['p']:.3f}. {results['settings']['permutations']} "
        f"permutations of the unit ({_text(results['unit'])}; block: {_text(results['block'])})."
        "</p>"
    )


def _notes(results: dict) -> str:
    items = "".join(f"<li>{_text(note)}</li>" for note in results["notes"])
    seed = results["settings"]["seed"]
    return f"<h2>What was controlled, and what was not</h2><ul>{items}</ul><p>Seed {seed}.</p>"
