"""Vocal units that no bird sings, of every kind that birds do: what a first ear is taught with.

Whistles, sweeps, trills, stacks of harmonics, two voices, buzzes and bursts of air, of one to three
parts, by labia of several sizes. A unit is sung several times, each time a little otherwise; which
rendition is of which unit is known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chingolo.synth.recorder.wide import through, wide_recorder
from chingolo.synth.voice.birds import ZEBRA_FINCH, Bird, larger
from chingolo.synth.voice.gestures import ALPHA_RANGE, BAND, Gesture, pitch_range
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.render import render

Random = np.random.Generator

WHISTLE, STACK, AIR, TWO = range(4)
KINDS = (WHISTLE, STACK, AIR, TWO)
SHARES = (0.4, 0.3, 0.15, 0.15)
"""Of the kinds."""

PITCH = {WHISTLE: (1000, 9000), STACK: (350, 2500), AIR: (400, 6000), TWO: (1000, 9000)}
"""Range of the pitches of a kind, Hz."""

BIRDS = tuple(larger(ZEBRA_FINCH, float(size)) for size in np.geomspace(0.85, 2.0, 8))
"""Who sings, from the smallest."""

SUNG_AT_ONCE = 32
"""Units; bounds the memory."""


@dataclass(frozen=True)
class Part:
    """A stretch of a unit that is sung in one go."""

    kind: int
    """One of `KINDS`."""

    duration: float
    """s."""

    pitch: float
    """Hz."""

    bend: np.ndarray
    """[knots] natural-log departures from the pitch, evenly over time."""

    warble: tuple[float, float, float]
    """Rate, Hz, depth, and phase, rad, of a swing of the pitch."""

    tremble: tuple[float, float, float]
    """Rate, Hz, depth from 0 to 1, and phase, rad, of a swing of the level."""

    swell: np.ndarray
    """[knots] natural-log departures from the level, evenly over time."""

    edges: tuple[float, float]
    """Shares of the duration in which it comes and goes."""

    level: float
    """dB, 0 for the loudest."""

    alpha: float
    """Air-sac pressure parameter."""

    ratio: float
    """Pitch of the second voice over that of the first, where there are two."""

    voice: float
    """Share of the level that is sung."""

    air: float
    """Turbulence against the level."""

    pause: float
    """After the part, s."""


@dataclass(frozen=True)
class Unit:
    """What is sung again and again."""

    parts: tuple[Part, ...]
    bird: Bird


def invented_unit(random: Random) -> Unit:
    """Draws a unit."""
    kind = int(random.choice(len(KINDS), p=SHARES))
    count = int(random.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))
    parts = []
    for _ in range(count):
        other = random.random() < 0.2
        parts.append(_part(int(random.choice(len(KINDS), p=SHARES)) if other else kind, random))
    low = any(part.kind == STACK for part in parts)
    bird = BIRDS[int(random.integers(len(BIRDS) if low else len(BIRDS) - 2))]
    return Unit(tuple(parts), bird)


def _log(random: Random, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _part(kind: int, random: Random) -> Part:
    warbles, trembles = random.random() < 0.25, random.random() < 0.15
    breathy = kind == AIR or random.random() < 0.3
    return Part(
        kind=kind,
        duration=_log(random, 0.02, 0.3),
        pitch=_log(random, *PITCH[kind]),
        bend=random.normal(0, abs(random.normal(0, 0.25)), int(random.integers(2, 6))),
        warble=(
            _log(random, 8, 80),
            warbles * abs(random.normal(0, 0.04)),
            random.uniform(0, 2 * np.pi),
        ),
        tremble=(
            _log(random, 15, 150),
            trembles * random.uniform(0.3, 1),
            random.uniform(0, 2 * np.pi),
        ),
        swell=random.normal(0, 0.5, int(random.integers(2, 6))),
        edges=(random.uniform(0.05, 0.35), random.uniform(0.05, 0.4)),
        level=random.uniform(-12, 0),
        alpha=_log(random, 0.1, 0.38),
        ratio=_log(random, 1.05, 2.5),
        voice=random.uniform(0, 0.5) if kind == AIR else 1.0,
        air=breathy * (_log(random, 0.5, 8) if kind == AIR else _log(random, 0.02, 0.3)),
        pause=_log(random, 0.003, 0.04) if random.random() < 0.4 else 0.0,
    )


def rendition(unit: Unit, random: Random, *, sample_rate: int) -> Gesture:
    """A unit sung once: about 8 % of duration, 2 % of pitch and 1 dB of level from its model."""
    stretch, height, timbre = np.exp(random.normal(0, (0.06, 0.015, 0.1)))
    curves: list[np.ndarray] = []
    for number, part in enumerate(unit.parts):
        frames = max(6, round(part.duration * stretch * _near(random, 0.05) * CONTROL_RATE))
        seconds, along = np.arange(frames) / CONTROL_RATE, np.linspace(0, 1, frames)
        rate, depth, phase = part.warble
        f0 = part.pitch * height * _near(random, 0.008)
        f0 = f0 * np.exp(_curve(part.bend, along) + _curve(random.normal(0, 0.008, 4), along))
        f0 = f0 * (1 + depth * np.sin(2 * np.pi * rate * seconds + phase))
        rate, depth, phase = part.tremble
        level = np.exp(_curve(part.swell, along) + _curve(random.normal(0, 0.15, 4), along))
        level *= np.minimum(np.minimum(along / part.edges[0], (1 - along) / part.edges[1]), 1)
        level *= 1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rate * seconds + phase))
        level *= 10 ** ((part.level + random.normal()) / 20)
        air = level * part.air * _near(random, 0.2)
        second = level * (part.kind == TWO)
        alpha = np.full(frames, part.alpha * timbre)
        curves.append(np.stack([f0, level * part.voice, alpha, f0 * part.ratio, second, air]))
        pause = round(part.pause * stretch * CONTROL_RATE) if number + 1 < len(unit.parts) else 0
        if pause:
            held = curves[-1][:, -1:] * np.array([1, 0, 1, 1, 0, 0])[:, None]
            curves.append(np.repeat(held, pause, axis=1))
    f0, level, alpha, above, second, air = np.concatenate(curves, axis=1)
    low, high = pitch_range(unit.bird)
    high = min(high, BAND * sample_rate)
    alpha = np.clip(alpha, *ALPHA_RANGE)
    other = Gesture(np.clip(above, low, high), second, alpha) if second.any() else None
    return Gesture(np.clip(f0, low, high), level, alpha, other, air if air.any() else None)


def _near(random: Random, spread: float) -> float:
    return float(np.exp(random.normal(0, spread)))


def _curve(knots: np.ndarray, along: np.ndarray) -> np.ndarray:
    return np.interp(along, np.linspace(0, 1, len(knots)), knots)


def sing_units(
    units: Sequence[Unit], renditions: int, *, sample_rate: int, seed: int
) -> list[list[np.ndarray]]:
    """Sings every unit several times.

    Returns:
        [units][renditions] arrays [samples] float32 of peak 1.
    """
    waves: list[list[np.ndarray]] = [[] for _ in units]
    for bird in BIRDS:
        numbers = [number for number, unit in enumerate(units) if unit.bird == bird]
        for at in range(0, len(numbers), SUNG_AT_ONCE):
            some = numbers[at : at + SUNG_AT_ONCE]
            gestures = [
                rendition(
                    units[number],
                    np.random.default_rng([seed, number, take]),
                    sample_rate=sample_rate,
                )
                for number in some
                for take in range(renditions)
            ]
            sung = render(
                gestures,
                bird,
                engine="wavetable",
                sample_rate=sample_rate,
                whole_band=False,
                seed=seed,
            )
            for place, wave in enumerate(sung):
                peak = max(float(np.abs(wave).max()), 1e-9)
                waves[some[place // renditions]].append((wave / peak).astype(np.float32))
    return waves


@dataclass(frozen=True)
class UnitRecording:
    """Some units one after the other, heard through one recorder."""

    wave: np.ndarray
    """[samples] float32."""

    units: np.ndarray
    """[sounds] numbers of the units."""

    edges: np.ndarray
    """[sounds, 2] first sample of each and the one behind its last."""


def record_units(
    waves: Sequence[Sequence[np.ndarray]],
    *,
    sample_rate: int,
    family: str,
    seed: int,
    together: int = 12,
) -> Iterator[UnitRecording]:
    """Lays units into recordings and sends each recording whole through a recorder of its own.

    No recording holds a unit twice; the echo of one sound falls onto the next.

    Args:
        waves: [units][renditions] of `sing_units`.
        sample_rate: Hz.
        family: of recorders, key in `WIDE_FAMILIES`.
        seed: of orders, levels, pauses and recorders.
        together: units in a recording.
    """
    random = np.random.default_rng([seed, 1])
    margin = np.zeros(round(0.3 * sample_rate), np.float32)
    for take in range(len(waves[0])):
        order = random.permutation(len(waves))
        for at in range(0, len(order), together):
            numbers = order[at : at + together]
            parts, edges, place = [margin], [], len(margin)
            for number in numbers:
                wave = waves[number][take] * np.float32(10 ** (random.uniform(-10, 0) / 20))
                pause = np.zeros(round(_log(random, 0.01, 0.15) * sample_rate), np.float32)
                edges.append((place, place + len(wave)))
                parts += [wave, pause]
                place += len(wave) + len(pause)
            sung = np.concatenate([*parts, margin])
            sung += 1e-4 * random.standard_normal(len(sung)).astype(np.float32)
            heard = through(wide_recorder(random, family), sung, sample_rate, speed=False)
            yield UnitRecording(heard, numbers, np.array(edges))
