"""Families of recorders as data: which parts there are, how often, and what each is drawn from."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chingolo.synth.tables.registry import Registry

if TYPE_CHECKING:  # `--help` names the families, and waits for nothing heavy
    import numpy as np


@dataclass(frozen=True)
class Uniform:
    """A number between two, each as likely."""

    low: float
    high: float

    def draw(self, random: "np.random.Generator") -> float:
        """One number."""
        return float(random.uniform(self.low, self.high))


@dataclass(frozen=True)
class LogUniform:
    """A positive number between two, each ratio as likely."""

    low: float
    high: float

    def draw(self, random: "np.random.Generator") -> float:
        """One number."""
        import numpy as np

        return float(np.exp(random.uniform(np.log(self.low), np.log(self.high))))


@dataclass(frozen=True)
class OneOf:
    """One of some values, each as likely."""

    values: tuple[float | int | bool, ...]

    def draw(self, random: "np.random.Generator") -> float | int | bool:
        """One value."""
        return self.values[int(random.integers(len(self.values)))]


@dataclass(frozen=True)
class Seed:
    """A seed of what a recorder keeps from one recording to the next."""

    def draw(self, random: "np.random.Generator") -> int:
        """One seed."""
        return int(random.integers(2**32))


Range = Uniform | LogUniform | OneOf | Seed


@dataclass(frozen=True)
class Chance:
    """One part of a family: how often it is there, and what it is then like."""

    part: str
    """Key in `PARTS`."""

    probability: float
    """Of its being there."""

    settings: tuple[tuple[str, Range], ...]
    """What each setting of the part is drawn from."""


@dataclass(frozen=True)
class Family:
    """What recorders are drawn from."""

    name: str
    """With its version; the `device` in song tables."""

    level: Range
    """Peak of what is recorded over the peak of what came in, dB."""

    chances: tuple[Chance, ...]
    """In the order in which a sound meets the parts."""


def _chance(part: str, probability: float, **settings: Range) -> Chance:
    return Chance(part, probability, tuple(settings.items()))


WIDE_1 = Family(
    "wide-1",
    Uniform(-10, 10),
    (
        # Time first, as if the bird were slower or faster: what is added keeps its own pace.
        _chance("speed", 0.2, factor=Uniform(0.96, 1.04)),
        _chance(
            "wow",
            0.15,
            wow=LogUniform(5e-4, 0.01),
            wow_rate=LogUniform(0.4, 4),
            flutter=LogUniform(2e-4, 0.005),
            flutter_rate=LogUniform(5, 50),
            phase=Uniform(0, 2 * math.pi),
        ),
        _chance(
            "second-bird",
            0.12,
            level=Uniform(-30, -3),
            every=LogUniform(1.5, 10),
            notes=OneOf((1, 2, 3, 4, 6, 8)),
            pitch=LogUniform(1500, 8000),
            seed=Seed(),
        ),
        _chance(
            "room",
            0.3,
            decay=LogUniform(0.15, 1.2),
            damping=Uniform(0.4, 1),
            direct=Uniform(-6, 15),
            first=LogUniform(0.002, 0.02),
            early=Uniform(0.1, 0.7),
            seed=Seed(),
        ),
        _chance("comb", 0.2, delay=LogUniform(1e-4, 6e-3), gain=OneOf((0.9, 0.7, 0.5, -0.5, -0.8))),
        _chance(
            "rain",
            0.1,
            snr=Uniform(-3, 25),
            drops=LogUniform(5, 200),
            ring=LogUniform(0.002, 0.02),
            pitch=LogUniform(600, 6000),
            seed=Seed(),
        ),
        _chance("noise", 0.3, snr=Uniform(3, 35), slope=Uniform(-9, 6)),
        _chance(
            "rumble",
            0.2,
            snr=Uniform(-20, 15),
            corner=LogUniform(40, 500),
            fall=Uniform(8, 26),
            gusts=Uniform(0, 6),
        ),
        _chance(
            "response",
            0.35,
            tilt=Uniform(-4, 4),
            spread=Uniform(1, 8),
            octaves=LogUniform(0.3, 1.5),
            seed=Seed(),
        ),
        _chance(
            "gain",
            0.25,
            threshold=Uniform(-36, -6),
            ratio=LogUniform(1.5, 20),
            attack=LogUniform(0.001, 0.08),
            release=LogUniform(0.03, 3),
            headroom=Uniform(3, 20),
        ),
        _chance("soft-clipping", 0.15, drive=Uniform(-3, 24), bias=OneOf((0.0, 0.1, 0.3, 0.6))),
        _chance(
            "hum",
            0.1,
            snr=Uniform(-10, 30),
            mains=OneOf((50.0, 60.0, 48.5, 51.5, 58.5, 61.5)),
            harmonics=OneOf((1, 3, 6, 12, 24, 40)),
            fall=Uniform(0, 12),
        ),
        _chance("hiss", 0.1, snr=Uniform(10, 50), slope=Uniform(-3, 6)),
        _chance("hard-clipping", 0.15, limit=Uniform(-20, -2), skew=OneOf((0.0, 0.0, 0.2, 0.4))),
        _chance(
            "band",
            0.25,
            low=LogUniform(20, 1500),
            high=LogUniform(4500, 20_000),
            low_order=OneOf((1, 2, 3, 4, 6, 8)),
            high_order=OneOf((1, 2, 3, 4, 6, 8, 16)),
        ),
        _chance(
            "rate",
            0.15,
            rate=OneOf((11_025, 12_000, 16_000, 22_050, 24_000)),
            filtered=OneOf((True, True, False)),
            held=OneOf((True, False, False)),
        ),
        _chance(
            "codec",
            0.2,
            cutoff=LogUniform(5000, 18_000),
            offset=Uniform(2, 18),
            floor=Uniform(-80, -45),
            window=OneOf((0.012, 0.023, 0.046)),
        ),
        _chance(
            "noise-reduction",
            0.12,
            quantile=Uniform(0.1, 0.6),
            excess=Uniform(0, 12),
            floor=Uniform(-40, -10),
            gate=OneOf((True, False)),
            window=OneOf((0.012, 0.023, 0.046)),
        ),
    ),
)

WIDE_2 = Family(
    "wide-2",
    WIDE_1.level,
    (
        *(chance for chance in WIDE_1.chances if chance.part not in ("rate", "noise-reduction")),
        _chance(
            "rate",
            0.2,
            rate=OneOf((8000, 11_025, 12_000, 16_000, 22_050, 24_000)),
            filtered=OneOf((True, False)),
            held=OneOf((True, False, False)),
        ),
        _chance("modulated-noise", 0.12, ratio=Uniform(3, 25)),
        _chance(
            "rebuilt-highs",
            0.12,
            above=LogUniform(2500, 9000),
            bands=Uniform(1, 8),
            copied=OneOf((True, False)),
            window=OneOf((0.006, 0.012, 0.023)),
        ),
        _chance(
            "speech-codec",
            0.15,
            rate=OneOf((8000, 12_800, 16_000, 24_000)),
            order=OneOf((8, 10, 16)),
            pulses=LogUniform(0.03, 0.5),
            frame=OneOf((0.01, 0.02, 0.03)),
        ),
        *(chance for chance in WIDE_1.chances if chance.part == "noise-reduction"),
    ),
)

WIDE_FAMILIES: Registry[Family] = Registry(
    "family of recorders",
    {
        "wide-1": WIDE_1,
        "wide-2": WIDE_2,
    },
)
"""A family never changes; a new one gets a new name."""
