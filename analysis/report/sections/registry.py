"""The sections of the report, in the order of the page."""

from chingolo.analysis.report.elements.section import Section
from chingolo.synth.tables.registry import Registry

_HERE = "chingolo.analysis.report.sections"

SECTIONS: Registry[Section] = Registry(
    "section of the report",
    {
        "verdict": f"{_HERE}.verdict:VERDICT",
        "song_map": f"{_HERE}.song_map:SONG_MAP",
        "themes": f"{_HERE}.themes:THEMES",
        "examples": f"{_HERE}.examples:EXAMPLES",
        "statistics": f"{_HERE}.statistics:STATISTICS_OF_CHANGE",
        "clusters": f"{_HERE}.clusters:CLUSTERS",
        "places": f"{_HERE}.places:PLACES",
        "control": f"{_HERE}.control:CONTROL",
        "methods": f"{_HERE}.methods:METHODS",
    },
)
