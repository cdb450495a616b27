"""Names of columns as people write them: in one spelling, and none that only looks known."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from chingolo.synth.tables.words import composed

LIKE_TIMES = re.compile(
    r"(start|begin|onset|end|stop|offset)([ _]?(time|at))?"
    r"([ _]?\(?(s|sec|secs|seconds|ms|samples?)\)?)?"
)
"""What other programs call the times of a song; read as something else, a row would be the whole
recording."""


def one_spelling(names: Iterable[Any], known: Collection[str]) -> list[Any]:
    """Names of columns composed and without outer blanks; known ones in the case they are known in.

    `Start s` and `START_S` are `start_s`, unless that stands there as well.

    Args:
        names: as they stand; what is no text stays.
        known: names that mean something here, in lower case with `_` for blanks.
    """
    spelled = [composed(name) if isinstance(name, str) else name for name in names]
    folded = [
        name.casefold().replace(" ", "_") if isinstance(name, str) else name for name in spelled
    ]
    return [
        fold if fold in known and folded.count(fold) == 1 else name
        for name, fold in zip(spelled, folded, strict=True)
    ]


def times_of_others(names: Collection[Any]) -> list[str]:
    """The columns that another program's times seem to stand in, where `start_s`, `end_s` lack."""
    if {"start_s", "end_s"} & set(names):
        return []
    return [
        name for name in names if isinstance(name, str) and LIKE_TIMES.fullmatch(name.casefold())
    ]
