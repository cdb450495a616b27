"""Remembers arrays that are met again and again, within a bound of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec

import numpy as np

MOST_BYTES = 1 << 25
"""Of the results of one function, 32 MiB: those of a hundred songs of some seconds. Counted by the
number of results, as `functools.lru_cache` does, long recordings would fill the memory."""


Arguments = ParamSpec("Arguments")


def cached_arrays(
    function: Callable[Arguments, np.ndarray], *, most_bytes: int = MOST_BYTES
) -> Callable[Arguments, np.ndarray]:
    """Keeps what a pure function gave last, as long as it fits; a larger result is not kept.

    Args:
        function: of hashable arguments.
        most_bytes: of all results that are kept.

    Returns:
        The function; its arrays are shared, and so read-only.
    """
    kept: OrderedDict[Hashable, np.ndarray] = OrderedDict()
    lock = Lock()

    @wraps(function)
    def cached(*arguments: Any, **named: Any) -> np.ndarray:
        key = (arguments, tuple(sorted(named.items())))
        with lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        made = function(*arguments, **named)
        made.flags.writeable = False
        with lock:
            if made.nbytes <= most_bytes:
                kept[key] = made
            while sum(array.nbytes for array in kept.values()) > most_bytes:
                kept.popitem(last=False)
        return made

    return cached
