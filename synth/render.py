"""Gestures to waveforms: many songs at once, by either engine."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from synth.gestures import Controls, Gesture, controls, voiced_stretches
from synth.integrate import (
    BASE_RATE,
    CONTROL_RATE,
    SAMPLES_PER_FRAME,
    integrate_lanes,
)
from synth.syrinx import Bird
from synth.tract import through_tract

Engine = Literal["ode", "wavetable"]
LANES = 64
"""Stretches side by side in the wavetable engine, each padded to a power of two of frames."""


def render(
    gestures: Sequence[Gesture],
    bird: Bird,
    *,
    engine: Engine = "ode",
    sample_rate: int = BASE_RATE,
    tract: bool = True,
    beta_noise: float = 0.0,
    airflow_noise: float = 0.0,
    seed: int = 0,
) -> list[np.ndarray]:
    """Sings gestures.

    Silent stretches cost nothing: each phonated stretch is one lane, started on its limit cycle.
    A song sounds the same alone or among others.

    Args:
        gestures: one per song.
        bird: constants.
        engine: `ode` integrates the labia (the reference); `wavetable` follows their limit cycle
            quasi-statically, far cheaper.
        sample_rate: Hz.
        tract: whether trachea and cavity follow the source.
        beta_noise: standard deviation of white noise at the control rate on ln beta (`ode` only
            hears its dynamics; `wavetable` follows it as jitter of f0).
        airflow_noise: white noise that follows the envelope, relative to the fundamental.
        seed: for both noises; song k draws from (seed, k).

    Returns:
        One [samples] float32 per gesture, `len(f0) - 1` control frames long.

    Raises:
        ValueError: for an unknown engine.
    """
    if engine not in ("ode", "wavetable"):
        raise ValueError(f"engine is 'ode' or 'wavetable', not {engine!r}")
    sources: list[tuple[int, Gesture]] = []
    for song, gesture in enumerate(gestures):
        voice: Gesture | None = gesture
        while voice is not None:
            sources.append((song, voice))
            voice = voice.second
    driven = [controls(gesture, bird, with_tract=tract) for _, gesture in sources]
    if beta_noise:
        driven = [
            _with_beta_noise(part, beta_noise, np.random.default_rng([seed, song, 1]))
            for part, (song, _) in zip(driven, sources, strict=True)
        ]
    stretches = [
        (index, stretch)
        for index, (_, gesture) in enumerate(sources)
        for stretch in voiced_stretches(gesture.loudness)
    ]
    # The wavetable engine works at half the base rate where nothing above it is wanted.
    per_frame = SAMPLES_PER_FRAME
    if engine == "wavetable" and sample_rate <= BASE_RATE // 2:
        per_frame //= 2
    sing = _integrate if engine == "ode" else _sum_harmonics
    sounds = sing(stretches, [gesture for _, gesture in sources], driven, bird, per_frame)
    waves = [np.zeros((len(gesture.f0) - 1) * per_frame, np.float32) for gesture in gestures]
    for (index, stretch), sound in zip(stretches, sounds, strict=True):
        begin = stretch.start * per_frame
        song = sources[index][0]
        waves[song][begin : begin + len(sound)] += sound[: len(waves[song]) - begin]
    if airflow_noise:
        for (song, _), part in zip(sources, driven, strict=True):
            random = np.random.default_rng([seed, song, 2])
            level = np.interp(
                np.arange(len(waves[song])) / per_frame,
                np.arange(len(part.envelope)),
                part.envelope,
            )
            waves[song] += airflow_noise * level * random.standard_normal(len(level))
    return [
        through_tract(
            wave,
            bird if tract else None,
            wave_rate=CONTROL_RATE * per_frame,
            sample_rate=sample_rate,
        )
        for wave in waves
    ]


def _with_beta_noise(part: Controls, level: float, random: np.random.Generator) -> Controls:
    beta = part.beta * np.exp(level * random.standard_normal(len(part.beta)))
    return Controls(part.alpha, beta, part.envelope, part.turning_point)


def _integrate(stretches, sources, driven, bird, per_frame) -> list[np.ndarray]:
    if not stretches:
        return []
    return integrate_lanes(
        [driven[index].alpha[stretch] for index, stretch in stretches],
        [driven[index].beta[stretch] for index, stretch in stretches],
        [driven[index].envelope[stretch] for index, stretch in stretches],
        np.array([driven[index].turning_point[stretch.start] for index, stretch in stretches]),
        gamma=bird.gamma,
    )


def _sum_harmonics(stretches, sources, driven, bird, per_frame) -> list[np.ndarray]:
    from synth.calibration import HARMONICS
    from synth.wavetable import sing

    sounds: list[np.ndarray] = [np.zeros(0, np.float32)] * len(stretches)
    groups: dict[tuple[int, int], list[int]] = {}
    for number, (index, stretch) in enumerate(stretches):
        frames = max(32, 1 << (stretch.stop - stretch.start - 1).bit_length())
        lowest = float(sources[index].f0[stretch].min())
        audible = min(HARMONICS, int(0.47 * CONTROL_RATE * per_frame / lowest))
        harmonics = next(count for count in (4, 8, HARMONICS) if count >= audible)
        groups.setdefault((frames, harmonics), []).append(number)
    for (frames, harmonics), members in groups.items():
        for first in range(0, len(members), LANES):
            block = members[first : first + LANES]
            curves = np.ones((3, LANES, frames), np.float32)
            curves[0] *= 4000.0
            curves[1] *= bird.alpha
            curves[2] = 0.0
            for lane, number in enumerate(block):
                index, stretch = stretches[number]
                count = stretch.stop - stretch.start
                part = driven[index]
                for row, curve in enumerate((sources[index].f0, part.alpha, part.envelope)):
                    curves[row, lane, :count] = curve[stretch]
                curves[:2, lane, count:] = curves[:2, lane, count - 1 : count]
            waves = np.asarray(
                sing(
                    curves[0],
                    curves[1],
                    curves[2],
                    gamma=bird.gamma,
                    samples_per_frame=per_frame,
                    harmonics=harmonics,
                )
            )
            for lane, number in enumerate(block):
                stretch = stretches[number][1]
                sounds[number] = waves[lane, : (stretch.stop - stretch.start - 1) * per_frame]
    return sounds
