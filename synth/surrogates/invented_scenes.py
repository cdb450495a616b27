"""Scenes for a detector of any songbird: bouts of invented units among sounds of no bird."""

from dataclasses import dataclass

import numpy as np

from chingolo.synth.recorder.recorders import Recorder
from chingolo.synth.recorder.wide import through, wide_recorder
from chingolo.synth.surrogates.invented_units import invented_unit, sing_units
from chingolo.synth.surrogates.rough_sounds import noise_of_things
from chingolo.synth.surrogates.soundscape import Scene, SceneSettings, compose

Random = np.random.Generator

SETTINGS = SceneSettings(
    songs=(0.2, 0.25, 0.25, 0.2, 0.1), distant=0.25, snr=(0.0, 35.0), strangers=1.5
)
"""How loud and how busy scenes are; `random_themes` is for those of a species alone."""

LONGEST_S = 4.0
"""Of a bout, s."""

WIDE = 0.5
"""Share of scenes that are heard through a random recorder besides."""


@dataclass(frozen=True)
class Plan:
    """Which units a bout is made of, in order, and the pauses behind them."""

    units: tuple[int, ...]
    pauses: tuple[float, ...]
    """s."""


def draw_invented_scenes(
    *,
    seed: int,
    count: int,
    sample_rate: int,
    scene_s: float,
    recorders: tuple[Recorder, ...],
    family: str,
    settings: SceneSettings = SETTINGS,
) -> list[Scene]:
    """Draws scenes in which bouts of units are to be found, a pure function of its arguments.

    Args:
        seed: of every choice.
        count: number of scenes.
        sample_rate: Hz.
        scene_s: length of a scene, s.
        recorders: machines that hear the scenes.
        family: of random recorders that half of the scenes go through besides.
        settings: how loud and how busy.
    """
    random = np.random.default_rng([seed, 71])
    near = random.choice(len(settings.songs), count, p=np.array(settings.songs))
    distant = (random.random(count) < settings.distant).astype(int)
    others = random.poisson(settings.strangers, count)
    bouts = sing_bouts(int((near + distant).sum()), seed=seed, sample_rate=sample_rate)
    scenes = []
    for number in range(count):
        own = np.random.default_rng([seed, 73, number])
        mine = [bouts.pop() for _ in range(near[number] + distant[number])]
        scene = compose(
            mine[: near[number]],
            mine[near[number] :],
            [noise_of_things(own, sample_rate) for _ in range(others[number])],
            round(scene_s * sample_rate),
            sample_rate,
            settings,
            recorders,
            1.0,
            own,
        )
        if own.random() < WIDE:
            heard = through(wide_recorder(own, family), scene.wave, sample_rate, speed=False)
            scene = Scene(heard, scene.songs, scene.distant)
        scenes.append(scene)
    return scenes


def sing_bouts(count: int, *, seed: int, sample_rate: int) -> list[np.ndarray]:
    """Bouts of invented units, each [samples] float32 with peak 1.

    A bout is one unit alone, one repeated as a trill, or a phrase of two to four in some order.
    """
    random = np.random.default_rng([seed, 79])
    plans, number = [], 0
    for _ in range(count):
        plans.append(_plan(random, number))
        number = max(plans[-1].units) + 1
    units = [invented_unit(np.random.default_rng([seed, 83, one])) for one in range(number)]
    sung = sing_units(units, 1, sample_rate=sample_rate, seed=seed)
    return [_bout(plan, [one[0] for one in sung], random, sample_rate) for plan in plans]


def _plan(random: Random, first: int) -> Plan:
    kind = random.choice(3, p=[0.3, 0.3, 0.4])
    different = 1 if kind < 2 else int(random.integers(2, 5))
    repeats = int(random.integers(3, 20)) if kind == 1 else 1
    order = [first + place for place in range(different) for _ in range(repeats)]
    if kind == 2:
        order += [first + int(random.integers(different)) for _ in range(random.integers(0, 8))]
    pause = float(np.exp(random.uniform(np.log(0.01), np.log(0.15))))
    spread = 0.05 if kind == 1 else 0.5
    pauses = pause * np.exp(random.normal(0, spread, len(order)))
    return Plan(tuple(order), tuple(np.clip(pauses, 0.008, 0.2).tolist()))


def _bout(plan: Plan, sung: list[np.ndarray], random: Random, sample_rate: int) -> np.ndarray:
    parts, length = [], 0
    for unit, pause in zip(plan.units, plan.pauses, strict=True):
        if parts and length + len(sung[unit]) > LONGEST_S * sample_rate:
            break
        parts.append(sung[unit] * np.float32(10 ** (random.uniform(-6, 0) / 20)))
        parts.append(np.zeros(round(pause * sample_rate), np.float32))
        length += len(parts[-2]) + len(parts[-1])
    wave = np.concatenate(parts[:-1])
    return wave / max(float(np.abs(wave).max()), 1e-9)
