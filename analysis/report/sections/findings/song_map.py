"""The interactive map of the songs."""

from typing import Any

from chingolo.analysis.report.elements.media import Media
from chingolo.analysis.report.elements.section import Section, text
from chingolo.analysis.results import Comparison
from chingolo.synth.spectra.front_end import front_end_of


def song_map(comparison: Comparison, media: Media | None) -> str:
    """The interactive map's frame; the script fills it."""
    if media is None:
        return ""
    ear = front_end_of(comparison.results["run"])
    shapes = ""
    if comparison.eras:
        shapes = (
            f" Squares: {text(comparison.eras.historical)}; discs: {text(comparison.eras.modern)}."
        )
    return (
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
        f"spectrogram as the encoder hears it ({ear.f_min / 1000:g} to {ear.highest / 1000:g} kHz "
        "on the mel scale, its whole length), click to hear it.</p>"
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


SONG_MAP = Section("Map of the songs", song_map)
