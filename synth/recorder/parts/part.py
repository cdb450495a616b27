"""The form of a part of a recorder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Part:
    """One thing that a recorder does."""

    title: str
    """In a few words, for sheets and pages."""

    settings: type
    """A frozen dataclass of what is drawn once a recorder."""

    hear: Callable[[Any, np.ndarray, int, np.random.Generator], np.ndarray]
    """(settings, wave [samples] float32, sample rate in Hz, random) -> [samples] float32.

    The recording is whole, not empty and not silent. Sounds stay where they are, unless
    `heard_at` says where they go. `random` is of the take: noise and weather, never what a recorder
    keeps from one recording to the next.
    """

    source: str
    """Of the model and its numbers."""

    heard_at: Callable[[Any, np.ndarray, float], np.ndarray] | None = None
    """(settings, times [...] s, duration s) -> [...] s: where what sounded then is heard.

    None where nothing moves.
    """
