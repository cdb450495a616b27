"""dino: self-distillation without labels, with a KoLeo spread.

What is otherwise than in Caron et al. 2021 and Oquab et al. 2023, and why, is told in
`docs/methods.md`.
"""

from dataclasses import dataclass
from typing import Annotated

import jax
import jax.numpy as jnp

from chingolo.synth.tables.bounds import Bounds
from chingolo.train.objective import losses
from chingolo.train.objective.method import BatchOutputs, Method, Terms
from chingolo.train.objective.self_distillation import (
    PrototypeSettings,
    assign,
    check_assignment,
    prototype_heads,
    resting_prototypes,
    self_distillation,
)


@dataclass(frozen=True)
class DINOSettings(PrototypeSettings):
    """Settings of dino."""

    name: str = "dino"
    """The method's name."""

    koleo: Annotated[float, Bounds(0)] = 0.1
    """Weight of the KoLeo spread of projections (Sablayrolles et al. 2019)."""


def _terms(settings: DINOSettings, outputs: BatchOutputs) -> Terms:
    spread = jnp.mean(jax.vmap(losses.koleo)(outputs.student["projection"]))
    return {
        "self_distillation": (1.0, self_distillation(settings, outputs)),
        "koleo": (settings.koleo, spread),
    }


METHOD = Method(
    title="prototypes that teacher and student agree on, projections spread by KoLeo",
    source="Caron et al. 2021; KoLeo, Sablayrolles et al. 2019",
    settings=DINOSettings,
    heads=prototype_heads,
    terms=_terms,
    takes_local_views=True,
    assign=assign,
    rests=resting_prototypes,
    check=check_assignment,
)
