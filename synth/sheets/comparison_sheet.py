"""Contact sheet of recordings beside their re-synthesis, dry and as they would hold it."""

from pathlib import Path

import numpy as np
import pandas as pd

from chingolo.synth.sheets.contact_sheet import SAMPLE_RATE, draw_spectrogram
from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import atomic_path


def write_comparison_sheet(
    table: pd.DataFrame, made: pd.DataFrame, quality: pd.DataFrame, path: Path, *, songs: int = 24
) -> None:
    """Draws each recording beside copy 0 of its fit, worst first, as PNG.

    Args:
        table: song table that was fitted.
        made: song table of the fits, with `fit_song` and `fit_copy`.
        quality: one row per song of `table`; `heard` is the file of its re-synthesis in its
            surroundings, relative to the folder of `path`.
        path: PNG file.
        songs: at most this many.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    faithful = made[made["fit_copy"] == 0]
    order = quality.set_index("song").loc[faithful["fit_song"], "log_mel_correlation"].astype(float)
    faithful = faithful.iloc[np.argsort(order.to_numpy(), kind="stable")[:songs]]
    across, each = 2, 3
    rows = -(-len(faithful) // across)
    figure = Figure(figsize=(20, 1.9 * rows + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, each * across, squeeze=False, sharey=True).ravel()
    for axis in axes[each * len(faithful) :]:
        axis.set_axis_off()
    for number, (_, row) in enumerate(faithful.iterrows()):
        song = table.iloc[int(row["fit_song"])]
        told = quality.iloc[int(row["fit_song"])]
        start = float(song.get("start_s", 0.0) or 0.0)
        begun = "" if np.isnan(start) else f" {start:g} s"
        titles = (
            f"recording {Path(song['path']).name}{begun}",
            f"re-synthesis: {told['verdict']}, r {told['log_mel_correlation']:.2f}",
            f"as the recording would hold it, r {told['heard_correlation']:.2f}",
        )
        sources = (song, row, pd.Series({"path": str(path.parent / told["heard"])}))
        for place, (title, source) in enumerate(zip(titles, sources, strict=True)):
            axis = axes[each * number + place]
            draw_spectrogram(axis, load_song(source, sample_rate=SAMPLE_RATE), SAMPLE_RATE)
            axis.set_title(title, fontsize=7)
            axis.tick_params(labelsize=6)
    heading = "dry and with the room and noise of the recording, the least alike first"
    figure.suptitle(f"recordings beside their re-synthesis, {heading}", fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=90, format="png")
