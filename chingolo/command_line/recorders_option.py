"""The option `--recorders` of the commands that send songs through a drawn channel."""

from typing import Annotated

import tyro

from chingolo.synth.recorder.families import WIDE_FAMILIES
from chingolo.synth.recorder.recorders import RECORDER_SETS

RecordersOption = Annotated[
    str | None,
    tyro.conf.arg(
        help="What a drawn channel draws from: a set for random "
        f"({RECORDER_SETS.names()}; default field-1), a family for wide "
        f"({WIDE_FAMILIES.names()}; default wide-1)."
    ),
]
