"""The report's sections as HTML, in plain sentences."""

import html
from pathlib import Path
from typing import Any

import numpy as np

from chingolo.analysis.compare import Comparison
from chingolo.analysis.report.map_data import MOST_THEMES, Media, example_rows


def text(value: object) -> str:
    """HTML-safe text."""
    return html.escape(str(value))


def verdict(results: dict[str, Any]) -> str:
    """The verdict and its reasons."""
    reasons = "".join(f"<li>{text(reason)}</li>" for reason in results["reasons"])
    kind = text(results["verdict"].replace(" ", "-"))
    word = text(results["verdict"]) if results["eras"] else "no two eras"
    return f'<div class="verdict {kind}"><strong>{word}</strong><ul>{reasons}</ul></div>'


def song_map(comparison: Comparison) -> str:
    """The interactive map's frame; the script fills it."""
    shapes = ""
    if comparison.eras:
        shapes = (
            f" Squares: {text(comparison.eras.historical)}; discs: {text(comparison.eras.modern)}."
        )
    return (
        "<h2>Map of the songs</h2>"
        '<div class="tools"><label>colour by <select id="colour"></select></label>'
        '<button id="nearer" title="zoom in">+</button>'
        '<button id="farther" title="zoom out">&minus;</button>'
        '<button id="whole">whole map</button></div>'
        '<div class="mapbox"><canvas id="map" tabindex="0" role="img" '
        'aria-label="Map of the songs. Arrow keys step through songs, Enter plays one."></canvas>'
        '<div id="tip" hidden><canvas></canvas><p></p></div></div>'
        '<div id="legend"></div><p id="said" class="small" aria-live="polite"></p>'
        f"<p>Each mark is a song; songs that lie near are alike to the encoder "
        f"({_map_words(comparison.results['map'])}).{shapes} Point at a mark to see the song's "
        "spectrogram (0.5 to 10 kHz, its whole length), click to hear it.</p>"
    )


def _map_words(how: dict[str, Any]) -> str:
    name = {
        "pca": "plane of largest variance",
        "autoencoder": "bottleneck of an autoencoder",
        "umap": "UMAP",
    }[how["method"]]
    if how["trustworthiness"] is None:
        return name
    return (
        f"{name}; trustworthiness {how['trustworthiness']:.2f}, continuity "
        f"{how['continuity']:.2f} of 1"
    )


def _share(era: dict[str, Any], unit: str) -> str:
    low, high = era["interval"]
    return (
        f"{era['share']:.0%} <span class='small'>({low:.0%} to {high:.0%}; {era['units']} "
        f"{unit}s, {era['songs']} songs)</span>"
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


def theme_table(results: dict[str, Any]) -> str:
    """Shares of the themes and what became of each."""
    eras, unit = results["eras"], results["unit"]
    rows = "".join(
        f"<tr><td>{text(row['name'] or 'in no theme')}</td><td>{_bar(row)}</td>"
        f"<td>{_share(row['historical'], unit)}</td><td>{_share(row['modern'], unit)}</td>"
        f"<td class='status'>{text(row['status']) if row['name'] else ''}</td>"
        f"<td>{row['p']:.3f}</td></tr>"
        for row in results["themes"]
    )
    caution = ""
    if results["verdict"] == "refused":
        caution = (
            " <strong>The verdict is refused: the statuses describe these recordings and are no "
            "claim about the birds.</strong>"
        )
    return (
        "<h2>Themes</h2><div class='scroll'><table><thead><tr><th>theme</th>"
        "<th>0 to 100 %</th>"
        f"<th class='old'>{text(eras['historical'])}</th>"
        f"<th class='young'>{text(eras['modern'])}</th><th>status</th><th>p</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div><p>Share of the songs, every {text(unit)} "
        "counting alike, with 95 % bootstrap intervals; p of a difference in share. "
        f"{text(results['theme_naming'])}{caution}</p>"
    )


def examples(comparison: Comparison, media: Media) -> str:
    """Typical songs of each theme, the eras side by side; a click plays."""
    pairs = example_rows(comparison)
    parts = ["<h2>Songs of each theme</h2>"]
    if "" in pairs:
        parts.append("<p>No cluster was found; these are songs of no theme.</p>")
    for name, sides in pairs.items():
        parts.append(f"<h3>{text(name)}</h3>")
        if comparison.eras is None:
            parts.append(f"<div>{_figures(comparison, media, sides[0])}</div>")
            continue
        eras = (comparison.eras.historical, comparison.eras.modern)
        columns = "".join(
            f"<div><p class='{colour}'>{text(era)}</p>"
            f"{_figures(comparison, media, side) or '<p class=small>no song</p>'}</div>"
            for colour, era, side in zip(("old", "young"), eras, sides, strict=True)
        )
        parts.append(f"<div class='pair'>{columns}</div>")
    hidden = len(set(comparison.songs["theme"]) - {""}) - MOST_THEMES
    if hidden > 0:
        parts.append(f"<p>{hidden} smaller themes are not shown here.</p>")
    if media.missing:
        first = next(iter(media.missing.values()))
        parts.append(f"<p>The audio of {len(media.missing)} songs is missing ({text(first)}).</p>")
    return "\n".join(parts)


def _figures(comparison: Comparison, media: Media, rows: list[int]) -> str:
    figures = []
    for row in rows:
        name = text(Path(str(comparison.songs["path"].iloc[row])).name)
        if row in media.examples:
            inner = (
                f'<button data-row="{row}" title="play"><img src="{media.examples[row]}" '
                f'alt="spectrogram of {name}" width="220" height="96"></button>'
            )
        else:
            inner = text(media.missing.get(row, ""))
        figures.append(f"<figure>{inner}<figcaption>{name}</figcaption></figure>")
    return "".join(figures)


def clusters(results: dict[str, Any]) -> str:
    """Clusters, how firm they are, and agreement with labels."""
    found = results["clusters"]
    lines = [
        f"{found['n']} clusters among {results['songs']} songs; {found['noise_fraction']:.0%} of "
        "the songs are in none."
    ]
    if found.get("stability") is not None:
        lines.append(
            f"Fitted again on random 90 % of the songs the clusters agree with these at ARI "
            f"{found['stability']:.2f} (1: the same)."
        )
    if found.get("dbcv") is not None:
        lines.append(f"Density-based validity (DBCV, -1 to 1): {found['dbcv']:.2f}.")
    if found["ari"] is None:
        lines.append("There are no two known labels to compare the clusters with.")
    else:
        lines.append(
            f"Against the column '{found['label_column']}': ARI {found['ari']:.2f}, AMI "
            f"{found['ami']:.2f}, V-measure {found['v_measure']:.2f}."
        )
        lines += _label_lines(found)
    novel = results.get("novel")
    if novel:
        lines.append(
            f"A clustering of the historical songs alone takes {novel['modern']:.0%} of the modern "
            f"songs for novel; of historical songs that it was not fitted on, "
            f"{novel['historical']:.0%}."
        )
    body = "".join(f"<p>{text(line)}</p>" for line in lines)
    return f"<h2>Clusters and agreement with labels</h2>{body}"


def _label_lines(found: dict[str, Any]) -> list[str]:
    near, probe = found["nearest_neighbours"], found.get("linear_probe")
    if not near["songs"]:
        return ["No label occurs in two individuals or recordings, so neighbours cannot be asked."]
    lines = [
        "Nearest neighbours from other individuals or recordings name the right label for "
        f"{near['accuracy']:.0%} of {near['songs']} songs (macro-F1 {near['macro_f1']:.2f}; always "
        f"naming the commonest: {near['chance']:.0%})."
    ]
    if probe:
        lines.append(
            f"A linear probe with whole individuals or recordings held out: {probe['accuracy']:.0%}"
            f" right, macro-F1 {probe['macro_f1']:.2f}, calibration error "
            f"{probe['calibration_error']:.2f}."
        )
    return lines


def place_map(comparison: Comparison) -> str:
    """Songs by coordinates, where there are any."""
    songs = comparison.songs
    if not {"latitude", "longitude"} <= set(songs.columns):
        return ""
    known = songs["latitude"].notna() & songs["longitude"].notna()
    if not known.any():
        return ""
    eras = comparison.eras.of_song if comparison.eras else np.ones(len(songs), dtype=int)
    table = songs[known].assign(side=eras[known.to_numpy()])
    table = table[table["side"] >= 0]
    counts = table.groupby(["latitude", "longitude", "side"]).size().reset_index(name="songs")
    middle = np.cos(np.radians(counts["latitude"].mean()))
    x = counts["longitude"] * middle
    y = counts["latitude"]
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1e-6)
    marks = []
    for i in range(len(counts)):
        # half discs: the old era on the left, the young one on the right
        row = counts.iloc[i]
        radius = 5 + 16 * float(np.sqrt(row["songs"] / counts["songs"].max()))
        px = 40 + 420 * (float(x.iloc[i]) - float(x.min())) / span
        py = 40 + 420 * (float(y.max()) - float(y.iloc[i])) / span
        sweep, colour = ((0, "#b34700"), (1, "#005a9c"))[int(row["side"])]
        title = text(f"{row['latitude']:.3f}, {row['longitude']:.3f}: {int(row['songs'])} songs")
        marks.append(
            f'<path d="M{px:.1f},{py - radius:.1f} A{radius:.1f},{radius:.1f} 0 0 {sweep} '
            f'{px:.1f},{py + radius:.1f} Z" fill="{colour}" fill-opacity="0.8"><title>{title}'
            "</title></path>"
        )
    high = 80 + 420 * float(np.ptp(y)) / span
    wide = 80 + 420 * float(np.ptp(x)) / span
    return (
        f'<h2>Places</h2><svg width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} '
        f'{high:.0f}" role="img" aria-label="Songs by place">{"".join(marks)}</svg>'
        "<p>Songs by coordinates, north up; left half discs: the older era, right: the younger; "
        "area by the number of songs.</p>"
    )


def notes(results: dict[str, Any]) -> str:
    """What was controlled, and effort."""
    items = "".join(f"<li>{text(note)}</li>" for note in results["notes"])
    effort = ""
    if results.get("effort"):
        for side in ("historical", "modern"):
            counts = results["effort"][side].items()
            told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts)
            effort += f"<li>{text(results['eras'][side])}: {told}</li>"
        effort = f"<p>Effort:</p><ul>{effort}</ul>"
    if not items + effort:
        return ""
    return f"<h2>What was controlled, and what was not</h2><ul>{items}</ul>{effort}"
