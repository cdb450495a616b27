"""The sections of the report, in the order of the page."""

from chingolo.analysis.report.elements.section import Section
from chingolo.synth.tables.registry import Registry

SECTIONS: Registry[Section] = Registry(
    "section of the report",
    {
        "verdict": "chingolo.analysis.report.sections.verdict:VERDICT",
        "song_map": "chingolo.analysis.report.sections.song_map:SONG_MAP",
        "themes": "chingolo.analysis.report.sections.themes:THEMES",
        "sung": "chingolo.analysis.report.sections.sung:SUNG",
        "examples": "chingolo.analysis.report.sections.examples:EXAMPLES",
        "statistics": "chingolo.analysis.report.sections.statistics:STATISTICS_OF_CHANGE",
        "clusters": "chingolo.analysis.report.sections.clusters:CLUSTERS",
        "places": "chingolo.analysis.report.sections.places:PLACES",
        "control": "chingolo.analysis.report.sections.control:CONTROL",
        "methods": "chingolo.analysis.report.sections.methods:METHODS",
    },
)
