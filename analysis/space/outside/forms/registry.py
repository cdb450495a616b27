"""All forms of others' vectors, in the order in which a file is tried."""

from typing import TYPE_CHECKING

from chingolo.synth.tables.registry import Registry

if TYPE_CHECKING:
    from chingolo.analysis.space.outside.forms.form import Form

FORMS: "Registry[Form]" = Registry(
    "form of vectors",
    {
        "hoplite": "chingolo.analysis.space.outside.forms.hoplite:HOPLITE",
        "birdnet": "chingolo.analysis.space.outside.forms.birdnet_analyzer:BIRDNET_ANALYZER",
        "bacpipe": "chingolo.analysis.space.outside.forms.bacpipe:BACPIPE",
        "array": "chingolo.analysis.space.outside.forms.array:ARRAY",
    },
)
