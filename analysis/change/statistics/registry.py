"""The statistics of change, in the order in which the report tells them."""

from chingolo.analysis.change.statistics.statistic import Statistic
from chingolo.synth.tables.registry import Registry

STATISTICS: Registry[Statistic] = Registry(
    "statistic of change",
    {
        "composition": "chingolo.analysis.change.statistics.composition:COMPOSITION",
        "energy": "chingolo.analysis.change.statistics.energy:ENERGY",
        "mmd": "chingolo.analysis.change.statistics.mmd:MMD",
        "classifier": "chingolo.analysis.change.statistics.classifier:CLASSIFIER",
        "permanova": "chingolo.analysis.change.statistics.permanova:PERMANOVA",
        "within_blocks": "chingolo.analysis.change.statistics.energy:WITHIN_BLOCKS",
        "within_themes": "chingolo.analysis.change.statistics.permanova:WITHIN_THEMES",
        "descriptors": "chingolo.analysis.change.statistics.descriptors:DESCRIPTORS",
        "permdisp": "chingolo.analysis.change.statistics.permdisp:PERMDISP",
    },
)
