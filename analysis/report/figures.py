"""Figures of a comparison for a paper, as PDF and PNG."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from chingolo.analysis.report.elements.colours import COLOURS, ERA_COLOURS
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import atomic_path

SETTINGS: Any = {
    "font.size": 9,
    "pdf.fonttype": 42,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def write_figures(comparison: Comparison, folder: Path) -> None:
    """Writes map and themes to `folder`, each as PDF and PNG.

    The files hold no date, so that the same comparison gives the same bytes.
    """
    with matplotlib.rc_context(SETTINGS):
        figures = {"map": draw_map(comparison)} if comparison.results["map"] else {}
        if comparison.results["themes"]:
            figures["themes"] = draw_themes(comparison)
        for name, figure in figures.items():
            with atomic_path(folder / f"{name}.pdf") as temporary:
                metadata = {"CreationDate": None, "Creator": None, "Producer": None}
                figure.savefig(temporary, metadata=metadata)
            with atomic_path(folder / f"{name}.png") as temporary:
                figure.savefig(temporary, dpi=200, metadata={"Software": None})


def draw_map(comparison: Comparison) -> Figure:
    """The map of the songs: shape and panel by era, colour by theme."""
    theme = comparison.songs["theme"].to_numpy(object)
    names = sorted(set(theme.tolist()) - {""})
    eras = comparison.eras
    sides = [(eras.historical, 0), (eras.modern, 1)] if eras else [("all songs", None)]
    figure = Figure(figsize=(3.4 * len(sides), 3.4), layout="constrained")
    axes = figure.subplots(1, len(sides), sharex=True, sharey=True, squeeze=False)[0]
    for axis, (title, side) in zip(axes, sides, strict=True):
        here = np.full(len(theme), True)
        if eras is not None:
            here = eras.of_song == side
        for i, name in enumerate(["", *names]):
            rows = here & (theme == name)
            colour = COLOURS[(i - 1) % len(COLOURS)] if name else "#b0b6bd"
            marker = "s" if side == 0 else "o"
            axis.scatter(
                *comparison.map[rows].T,
                s=10,
                c=colour,
                marker=marker,
                alpha=0.7,
                linewidths=0,
                label=name or "no theme",
            )
        axis.set_title(title)
        axis.set_xlabel("first axis")
    axes[0].set_ylabel("second axis")
    if len(names) <= 12:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    return figure


def draw_themes(comparison: Comparison) -> Figure:
    """Share of each theme in both eras with 95 % intervals."""
    rows = [row for row in comparison.results["themes"] if row["name"]]
    figure = Figure(figsize=(5.5, 0.6 + 0.4 * max(len(rows), 1)), layout="constrained")
    axis = figure.subplots()
    for place, side in enumerate(("historical", "modern")):
        share = np.array([row[side]["share"] for row in rows])
        interval = np.array([row[side]["interval"] for row in rows]).reshape(-1, 2)
        error = np.abs(np.stack([share - interval[:, 0], interval[:, 1] - share]))
        axis.errorbar(
            share,
            np.arange(len(rows)) + 0.3 * place - 0.15,
            xerr=error,
            fmt="s" if side == "historical" else "o",
            color=ERA_COLOURS[place],
            markersize=4,
            label=comparison.results["eras"][side],
        )
    axis.set_yticks(range(len(rows)), [f"{row['name']} ({row['status']})" for row in rows])
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.set_xlabel(f"share of songs, every {comparison.results['unit']} alike")
    axis.legend(fontsize=8)
    return figure
