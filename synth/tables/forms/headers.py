"""Names of columns as people write them: in one spelling, and none that only looks known."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from chingolo.synth.tables.words import composed

NUMERIC_COLUMNS = (
    "start_s",
    "end_s",
    "channel",
    "low_hz",
    "high_hz",
    "date_error_days",
    "latitude",
    "longitude",
)

TEXT_COLUMNS = (
    "species",
    "label",
    "era",
    "individual",
    "site",
    "date",
    "device",
    "origin",
)
PLAIN_COLUMNS = ("source", "licence")
"""Known columns of text that names nothing, and is kept as it is written."""

KNOWN = frozenset({"path", *NUMERIC_COLUMNS, *TEXT_COLUMNS, *PLAIN_COLUMNS})

UNIT = r"([ _]?(time|at))?([ _]?\(?(s|sec|secs|seconds|ms|samples?)\)?)?"
LIKE_BEGIN = re.compile(rf"(start|begin|onset){UNIT}")
LIKE_END = re.compile(rf"(end|stop|offset|duration|delta){UNIT}")
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
    """The columns that another program's times seem to stand in, where `start_s` or `end_s` lack.

    A duration alone is none: a table of whole recordings may tell theirs.
    """
    texts = [name for name in names if isinstance(name, str)]
    begins = [name for name in texts if LIKE_BEGIN.fullmatch(name.casefold())]
    ends = [name for name in texts if LIKE_END.fullmatch(name.casefold())]
    if {"start_s", "end_s"} <= set(names):
        return []
    if "start_s" in names:
        return ends
    if "end_s" in names:
        return begins
    alone = not begins and all(re.match("duration|delta", name.casefold()) for name in ends)
    return [] if alone else begins + ends
