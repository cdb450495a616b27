"""Contact sheets: one look at many spectrograms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chingolo.synth.tables.audio import load_song
from chingolo.synth.tables.files import atomic_path

SAMPLE_RATE = 22_050


def write_contact_sheet(
    table: pd.DataFrame, path: Path, *, title: str, songs: int = 24, columns: int = 4
) -> None:
    """Draws spectrograms of songs, some of every label, as PNG.

    Args:
        table: song table.
        path: PNG file.
        title: printed above.
        songs: at most this many, taken in turn from each label.
        columns: pictures in a row.
    """
    label = table["label"] if "label" in table.columns else pd.Series("", index=table.index)
    turn = table.groupby(label.to_numpy()).cumcount()
    chosen = table.iloc[np.lexsort((label.to_numpy().astype(str), turn.to_numpy()))[:songs]]
    chosen = chosen.loc[label.loc[chosen.index].sort_values(kind="stable").index]
    pictures = []
    for _, song in chosen.iterrows():
        parts = [str(song.get(key, "")) for key in ("label", "individual", "device")]
        wave = load_song(song, sample_rate=SAMPLE_RATE)
        pictures.append((" | ".join(part for part in parts if part), wave))
    write_wave_sheet(pictures, SAMPLE_RATE, path, title=title, columns=columns)


def write_wave_sheet(
    waves: Sequence[tuple[str, np.ndarray]],
    sample_rate: int,
    path: Path,
    *,
    title: str,
    columns: int = 4,
) -> None:
    """Draws spectrograms of waves, as PNG.

    Args:
        waves: what stands above each picture, and [samples].
        sample_rate: of all, Hz.
        path: PNG file.
        title: printed above all.
        columns: pictures in a row.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = -(-len(waves) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.2 * rows + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(waves) :]:
        axis.set_axis_off()
    for axis, (told, wave) in zip(axes, waves, strict=False):
        draw_spectrogram(axis, wave, sample_rate)
        axis.set_title(told, fontsize=7)
        axis.tick_params(labelsize=6)
    figure.suptitle(title, fontsize=8, wrap=True)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=90, format="png")


def draw_spectrogram(
    axis: Any, wave: np.ndarray, sample_rate: int, *, top: float = 10_000.0
) -> None:
    """Draws a spectrogram (23 ms windows every 5 ms, 60 dB deep) on a Matplotlib axis."""
    from scipy.signal import ShortTimeFFT, get_window

    size = 1 << round(np.log2(0.023 * sample_rate))
    hop = max(1, round(0.005 * sample_rate))
    transform = ShortTimeFFT(np.asarray(get_window("hann", size)), hop, sample_rate)
    wave = np.pad(wave, (0, max(0, size - len(wave))))
    power = transform.spectrogram(wave)
    level = 10 * np.log10(np.maximum(power, 1e-20))
    peak = level.max()
    axis.imshow(
        level,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=peak - 60,
        vmax=peak,
        extent=transform.extent(len(wave)),
    )
    axis.set_ylim(0, min(top, sample_rate / 2))
    axis.set_xlim(0, len(wave) / sample_rate)
