"""The statistics of change, in the order in which the report tells them."""

from chingolo.analysis.change.statistics.statistic import Statistic
from chingolo.synth.tables.registry import Registry

_HERE = "chingolo.analysis.change.statistics"

STATISTICS: Registry[Statistic] = Registry(
    "statistic of change",
    {
        "composition": f"{_HERE}.composition:COMPOSITION",
        "energy": f"{_HERE}.energy:ENERGY",
        "mmd": f"{_HERE}.mmd:MMD",
        "classifier": f"{_HERE}.classifier:CLASSIFIER",
        "permanova": f"{_HERE}.permanova:PERMANOVA",
        "within_blocks": f"{_HERE}.energy:WITHIN_BLOCKS",
        "within_themes": f"{_HERE}.permanova:WITHIN_THEMES",
        "descriptors": f"{_HERE}.descriptors:DESCRIPTORS",
        "permdisp": f"{_HERE}.permdisp:PERMDISP",
    },
)
