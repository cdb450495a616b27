"""msn: masked siamese network; the student's whole views have patches hidden.

As in Assran et al. 2022: what the running mean of the encoder makes of the unmasked clip is
assigned to the very prototypes that the student learns, sharpened to p^(1 / 0.25), which is
`teacher_temperature` 0.025 beside `student_temperature` 0.1; assignments are balanced by Sinkhorn,
as in the published settings, and the mean prediction's entropy is maximised (equation 2). Other
than there, each whole view learns what the other is assigned, as in DINO.
"""

from dataclasses import dataclass
from typing import Annotated

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
class MSNSettings(PrototypeSettings):
    """Settings of msn."""

    name: str = "msn"
    """The method's name."""

    mean_entropy: Annotated[float, Bounds(0)] = 1.0
    """Weight of the mean prediction's entropy (Assran et al. 2022)."""

    masked: Annotated[float, Bounds(0, 0.95)] = 0.3
    """Share of patches hidden from the student."""


def _terms(settings: MSNSettings, outputs: BatchOutputs) -> Terms:
    cosines = outputs.student["cosines"]
    flat = cosines.reshape(-1, cosines.shape[-1])
    entropy = losses.mean_entropy(flat, settings.student_temperature)
    return {
        "self_distillation": (1.0, self_distillation(settings, outputs)),
        "mean_entropy": (-settings.mean_entropy, entropy),
    }


METHOD = Method(
    title="prototypes that the teacher and a student with masked views agree on",
    source="Assran et al. 2022",
    settings=MSNSettings,
    heads=prototype_heads,
    terms=_terms,
    shared=("prototypes",),
    hidden_share=lambda settings: settings.masked,
    takes_local_views=True,
    assign=assign,
    rests=resting_prototypes,
    check=check_assignment,
)
