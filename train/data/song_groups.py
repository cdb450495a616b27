"""Songs that must not be parted: of one bird or recording, with what was sung from them."""

import re
from collections.abc import Collection, Hashable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from chingolo.synth.tables.words import word

FRAGMENT = re.compile(r"#(?:t=(?:npt:)?[\d.,:eE+-]+(?:&track=\d+)?|track=\d+)$", re.ASCII)
"""What `song_reference` puts behind the path of a part of a recording."""


def song_groups(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Groups of songs of one name, with all that was sung from them.

    A song without a name joins all songs of its recording; a re-synthesis joins all songs of the
    recording that its `fitted_from` names, whichever stretch of it.

    Args:
        table: a song table with absolute paths.
        names: [songs] such as the individual, "" where it is not known.

    Returns:
        [songs], each group named by its number.
    """
    own = _recordings(table["path"])
    resung = "fitted_from" in table.columns
    origin = _recordings(table["fitted_from"]) if resung else [""] * len(own)
    shared = {*origin, *(tape for tape, name in zip(own, names, strict=True) if not name)} - {""}
    return joined_groups(
        [
            [("name", name)] * bool(name) + [("recording", tape) for tape in tapes & shared]
            for name, tapes in zip(names, map(set, zip(own, origin, strict=True)), strict=True)
        ]
    )


def joined_groups(values: Sequence[Collection[Hashable]]) -> list[str]:
    """Groups of songs that share a value, also by way of other songs.

    Args:
        values: [songs] of each.

    Returns:
        [songs], each group named by its number.
    """
    place = {value: i for i, value in enumerate(dict.fromkeys(v for own in values for v in own))}
    rows = [row for row, own in enumerate(values) for _ in own]
    linked = [len(values) + place[value] for own in values for value in own]
    size = len(values) + len(place)
    links = coo_array((np.ones(len(rows), bool), (rows, linked)), shape=(size, size))
    _, group = connected_components(links, directed=False)
    return [str(name) for name in group[: len(values)]]


def with_whole_origins(table: pd.DataFrame, bases: Sequence[Path]) -> pd.DataFrame:
    """The table with paths in `fitted_from` absolute and links followed, as those of `path` are.

    Args:
        table: a song table; what names no file stays as it is.
        bases: folders that relative paths start from, the first first.
    """
    if "fitted_from" not in table.columns:
        return table

    def whole(value: str) -> str:
        path, fragment = _parted(value)
        return next(filter(None, (_followed(base / path) for base in bases)), path) + fragment

    origins = [whole(str(value)) if word(value) else "" for value in table["fitted_from"]]
    return table.assign(fitted_from=pd.Series(origins, table.index, dtype=object))


def _recordings(references: pd.Series) -> list[str]:
    """[songs] the recording that each names, in one spelling; "" for none."""
    return [
        word(_followed(Path(path)) or path) if word(value) else ""
        for value in references
        for path in [_parted(str(value))[0]]
    ]


def _parted(reference: str) -> tuple[str, str]:
    """Path and fragment of a reference to a song."""
    found = FRAGMENT.search(reference)
    return (reference[: found.start()], found[0]) if found else (reference, "")


def _followed(path: Path) -> str:
    """The absolute path without links, "" where there is no such file."""
    try:
        return str(path.resolve(strict=True))
    except (OSError, ValueError, RuntimeError):
        return ""
