"""The sections of the report, in the order of the page."""

from chingolo.analysis.report.elements.section import Section
from chingolo.synth.tables.registry import Registry

SECTIONS: Registry[Section] = Registry(
    "section of the report",
    {
        "verdict": "chingolo.analysis.report.sections.findings.verdict:VERDICT",
        "song_map": "chingolo.analysis.report.sections.findings.song_map:SONG_MAP",
        "themes": "chingolo.analysis.report.sections.findings.themes:THEMES",
        "sung": "chingolo.analysis.report.sections.findings.sung:SUNG",
        "examples": "chingolo.analysis.report.sections.findings.examples:EXAMPLES",
        "statistics": "chingolo.analysis.report.sections.grounds.statistics:STATISTICS_OF_CHANGE",
        "clusters": "chingolo.analysis.report.sections.grounds.clusters:CLUSTERS",
        "places": "chingolo.analysis.report.sections.grounds.places:PLACES",
        "control": "chingolo.analysis.report.sections.grounds.control:CONTROL",
        "methods": "chingolo.analysis.report.sections.grounds.methods:METHODS",
        "commands": "chingolo.analysis.report.sections.grounds.commands:COMMANDS",
    },
)
