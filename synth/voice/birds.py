"""The constants of the birds' vocal organs, each with its source."""

from dataclasses import dataclass


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

    source: str
    """Where the values come from, or why they were chosen."""


BIRDS = {
    "zebra_finch": Bird(
        name="zebra_finch",
        gamma=24_000.0,
        trachea_length=0.035,
        reflection=0.1,
        cavity=Cavity(),
        alpha=0.15,
        source="gamma, L, r and the cavity: Amador et al., Nature 495 (2013), Methods; "
        "alpha 0.15: within their range of phonation",
    ),
    "rufous_collared_sparrow": Bird(
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
    ),
    "yellowhammer": Bird(
        name="yellowhammer",
        gamma=24_000.0,
        trachea_length=0.038,
        reflection=0.1,
        cavity=Cavity(inverse_compliance=6.5e10),
        alpha=0.11,
        source="chosen: gamma and r as for the zebra finch; L slightly longer for a bird of about "
        "27 g; the cavity stiffer, for a resonance of 4.5 kHz in the middle of its band; alpha "
        "near the purest tone",
    ),
}
