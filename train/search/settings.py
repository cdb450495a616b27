"""The settings of a search and the names of its files; importing this imports no jax."""

from dataclasses import dataclass
from typing import Annotated

from chingolo.synth.tables.bounds import Bounds

JOURNAL, SETTINGS, TRIALS, BEST = "study.journal", "search.json", "trials.csv", "best.json"
ENCODER = "encoder"
FILES = (SETTINGS, JOURNAL, TRIALS, BEST, ENCODER)


@dataclass(frozen=True)
class SearchSettings:
    """What a search is made with; one that goes on has the same."""

    steps: Annotated[int, Bounds(1)] = 200
    """Optimiser steps of each network; it is looked at four times, and ended where it is below the
    median of the others."""

    units: Annotated[int, Bounds(2, 1_000_000)] = 800
    """Invented units that each encoder is taught with."""

    renditions: Annotated[int, Bounds(2, 1000)] = 3
    """Of each, every one through a recorder of its own."""

    held_out: Annotated[int, Bounds(2, 1_000_000)] = 200
    """Other invented units, that it is asked for."""

    seed: Annotated[int, Bounds(0, 2**31 - 1)] = 0
    """Decides everything random."""
