"""The constants of the birds' vocal organs, each with its source.

A further bird is one `Bird` here and its line in `BIRDS`; the sets do not change.
"""

from dataclasses import dataclass, field, replace

from chingolo.synth.tables.content import LATER
from chingolo.synth.tables.registry import Registry


@dataclass(frozen=True)
class Cavity:
    """The oro-oesophageal cavity as a Helmholtz resonator between glottis and beak.

    Electric analogue of Amador et al. (2013), Methods; defaults are their zebra finch values.
    """

    inverse_compliance: float = 4.5e10
    """1/Ch, compliance of the cavity's air."""

    inverse_beak_inertance: float = 1e-4
    """1/Lb, inertance of the beak's opening."""

    inverse_glottis_inertance: float = 1 / 82
    """1/Lg, inertance of the glottis."""

    beak_resistance: float = 5e6
    """Rb, losses at the beak."""

    cavity_resistance: float = 6e5
    """Rh, losses in the cavity."""


@dataclass(frozen=True)
class Bird:
    """Constants of one species' vocal organ."""

    name: str
    """The key in `BIRDS`."""

    gamma: float
    """Time scale of the labia, 1/s."""

    trachea_length: float
    """L, m."""

    reflection: float
    """r, share of the pressure reflected at the end of the trachea."""

    cavity: Cavity | None
    """The cavity behind the beak; None leaves it out."""

    alpha: float
    """Air-sac pressure parameter of an ordinary note, dimensionless; sets the timbre."""

    source: str = field(repr=False)
    """Where the values come from, or why they were chosen. Not in the repr, which tells what a
    sound depends on."""

    coupling: float = field(default=0.0, metadata=LATER)
    """How far the pressure above the sources acts on them, dimensionless: 0 not at all; see
    `coupled_sources.py`."""


SHORTEST_TRACHEA = 0.004
"""m, of sources that hear each other: what comes back sooner than a few steps of the integration
cannot be told."""

SONGBIRD_GAMMA = 24_000.0
"""1/s, of the zebra finch (Amador et al. 2013)."""


def larger(bird: Bird, times: float) -> Bird:
    """The same vocal organ so many times as large: it sings all the same, slower and lower.

    Every length and time is multiplied: gamma, whose inverse is a time, is divided, and so are the
    resonances and widths of the cavity, 1/sqrt(L C) and R/L.
    """
    cavity = bird.cavity and replace(
        bird.cavity,
        inverse_compliance=bird.cavity.inverse_compliance / times**2,
        beak_resistance=bird.cavity.beak_resistance / times,
        cavity_resistance=bird.cavity.cavity_resistance / times,
    )
    gamma, length = bird.gamma / times, bird.trachea_length * times
    return replace(bird, gamma=gamma, trachea_length=length, cavity=cavity)


ZEBRA_FINCH = Bird(
    name="zebra_finch",
    gamma=24_000.0,
    trachea_length=0.035,
    reflection=0.1,
    cavity=Cavity(),
    alpha=0.15,
    source="gamma, L, r and the cavity: Amador et al., Nature 495 (2013), Methods; "
    "alpha 0.15: within their range of phonation",
)

RUFOUS_COLLARED_SPARROW = Bird(
    name="rufous_collared_sparrow",
    gamma=24_000.0,
    trachea_length=0.035,
    reflection=0.1,
    cavity=Cavity(),
    alpha=0.10,
    source="gamma, L, r and the cavity: chosen equal to the zebra finch's, a bird of like size "
    "(gamma only scales time, so f0 is met by beta). The cavity's resonance, 3.7 kHz, lies in "
    "the middle of the whistles and takes the second harmonic about 30 dB down, as in "
    "recordings; a living songbird keeps it tuned to f0 (Riede, Suthers, Fletcher & Blevins, "
    "PNAS 103, 5543-5548, 2006), which is met here by equalising the loudness. alpha 0.10: "
    "chosen, near the purest tone",
)

YELLOWHAMMER = Bird(
    name="yellowhammer",
    gamma=24_000.0,
    trachea_length=0.038,
    reflection=0.1,
    cavity=Cavity(inverse_compliance=6.5e10),
    alpha=0.11,
    source="chosen: gamma and r as for the zebra finch; L slightly longer for a bird of about "
    "27 g; the cavity stiffer, for a resonance of 4.5 kHz in the middle of its band; alpha "
    "near the purest tone",
)

BIRDS: Registry[Bird] = Registry(
    "bird",
    {
        "zebra_finch": ZEBRA_FINCH,
        "rufous_collared_sparrow": RUFOUS_COLLARED_SPARROW,
        "yellowhammer": YELLOWHAMMER,
    },
)

BIRD_SETS: Registry[tuple[str, ...]] = Registry(
    "bird set",
    {
        "songbirds-1": ("rufous_collared_sparrow", "yellowhammer", "zebra_finch"),
    },
)
"""Names and their order, which draws depend on; a set never changes, a new one gets a new name."""


def bird_set(name: str) -> tuple[Bird, ...]:
    """The birds of a set, in its order.

    Raises:
        InputError: if there is no such set.
    """
    return tuple(BIRDS[bird] for bird in BIRD_SETS.named(name))
