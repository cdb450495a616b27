"""What a statistic of change is: one object that all else derives from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from chingolo.analysis.change.design.evidence import Evidence
from chingolo.analysis.change.design.units import Design

Need = Literal["vectors", "themes", "descriptors", "blocks"]
"""What a statistic may need: vectors, themes or descriptors of the songs, or several blocks."""


Claim = Literal["repertoire", "drift"]
"""What may be claimed: which themes are sung by what share of the birds, or how they are sung."""
CLAIMS: tuple[Claim, ...] = get_args(Claim)


@dataclass(frozen=True)
class Figure:
    """One more figure of a statistic, for those who know it by another measure."""

    key: str
    """Its key beside `value`, `expected` and `p`."""

    of: Callable[[float], float] = float
    """From the observed value."""

    def __post_init__(self):
        if self.key in ("value", "expected", "p"):
            raise ValueError(f"a figure cannot have the key {self.key}: every test has it")


@dataclass(frozen=True)
class Statistic:
    """A statistic of change; it is large where the eras differ."""

    name: str
    """As in the registry."""

    title: str
    """Its row in the report's table of tests."""

    values: Callable[[Evidence, Design, np.ndarray], np.ndarray]
    """Evidence of the songs, design and eras [draws, testable units] (0 historical, 1 modern; the
    true ones first, as `permuted_eras` draws them) -> values [draws]."""

    needs: tuple[Need, ...]
    """Without these it is not made."""

    source: str = ""
    """Authors and year."""

    words: str = ""
    """What the report's methods paragraph calls it; needed where it is part of a claim."""

    remark: str = ""
    """A sentence under the report's table."""

    claim: Claim | None = None
    """The claim that it is a test of; None for one that tells how the recordings differ, which a
    recorder moves as well as a bird does, and decides nothing."""

    figure: Figure | None = None
    """Shown in the table in place of the value."""

    def possible(self, evidence: Evidence, design: Design) -> bool:
        """Whether there is all that it needs."""
        there: dict[Need, bool] = {
            "vectors": evidence.z.shape[1] > 0,
            "themes": evidence.theme is not None,
            "descriptors": evidence.descriptors is not None,
            "blocks": len(np.unique(design.block[design.testable])) > 1,
        }
        return all(there[need] for need in self.needs)
