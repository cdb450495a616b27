"""Songs by coordinates."""

import numpy as np

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison
from chingolo.synth.tables.files import counted


def places(comparison: Comparison, media: Media | None) -> str:
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
        many = counted(int(row["songs"]), "song")
        title = text(f"{row['latitude']:.3f}, {row['longitude']:.3f}: {many}")
        marks.append(
            f'<path d="M{px:.1f},{py - radius:.1f} A{radius:.1f},{radius:.1f} 0 0 {sweep} '
            f'{px:.1f},{py + radius:.1f} Z" fill="{colour}" fill-opacity="0.8"><title>{title}'
            "</title></path>"
        )
    high = 80 + 420 * float(np.ptp(y)) / span
    wide = 80 + 420 * float(np.ptp(x)) / span
    return (
        f'<svg width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} '
        f'{high:.0f}" role="img" aria-label="Songs by place">{"".join(marks)}</svg>'
        "<p>Songs by coordinates, north up; left half discs: the older era, right: the younger; "
        "area by the number of songs.</p>"
    )


PLACES = Section("Places", places)
