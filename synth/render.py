"""Gestures to waveforms: many songs at once, by either engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from synth.calibration import HARMONICS, beta_of_pitch, turning_point_of_pitch
from synth.gestures import Gesture, source_envelope, voiced_stretches
from synth.integrate import BASE_RATE, CONTROL_RATE, SAMPLES_PER_FRAME, integrate_lanes
from synth.syrinx import Bird
from synth.tract import through_tract
from synth.wavetable import sing

Engine = Literal["ode", "wavetable"]
LANES = 64
"""Stretches side by side in the wavetable engine, each padded to a power of two of frames."""


@dataclass(frozen=True)
class Stretch:
    """One phonated stretch of one source of a song, [frames] each."""

    song: int
    start: int
    """First frame."""

    f0: np.ndarray
    alpha: np.ndarray
    envelope: np.ndarray
    log_beta_noise: np.ndarray


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
        beta_noise: standard deviation of white noise at the control rate on ln beta; `wavetable`
            hears it as the jitter of f0 that goes with it.
        airflow_noise: white noise that follows the envelope, relative to the fundamental.
        seed: of both noises; source k draws from (seed, k).

    Returns:
        One [samples] float32 per gesture, `len(f0) - 1` control frames long.

    Raises:
        ValueError: for an unknown engine.
    """
    if engine not in ("ode", "wavetable"):
        raise ValueError(f"engine is 'ode' or 'wavetable', not {engine!r}")
    # The wavetable engine works at half the base rate where nothing above it is wanted.
    halved = engine == "wavetable" and sample_rate <= BASE_RATE // 2
    per_frame = SAMPLES_PER_FRAME // 2 if halved else SAMPLES_PER_FRAME
    waves = [np.zeros((len(gesture.f0) - 1) * per_frame, np.float32) for gesture in gestures]
    stretches: list[Stretch] = []
    number = 0
    for song, gesture in enumerate(gestures):
        voice: Gesture | None = gesture
        while voice is not None:
            random = np.random.default_rng([seed, number])
            jitter = beta_noise * random.standard_normal(len(voice.f0))
            envelope = source_envelope(voice, bird, with_tract=tract)
            stretches += [
                Stretch(song, at.start, voice.f0[at], voice.alpha[at], envelope[at], jitter[at])
                for at in voiced_stretches(voice.loudness)
            ]
            if airflow_noise:
                time = np.arange(len(waves[song])) / per_frame
                level = np.interp(time, np.arange(len(envelope)), envelope)
                hiss = random.standard_normal(len(level)) * level * airflow_noise
                waves[song] += hiss.astype(np.float32)
            voice = voice.second
            number += 1
    if stretches:
        sounds = (
            _integrate(stretches, bird)
            if engine == "ode"
            else _sum_harmonics(stretches, bird, per_frame)
        )
        for stretch, sound in zip(stretches, sounds, strict=True):
            begin = stretch.start * per_frame
            waves[stretch.song][begin : begin + len(sound)] += sound
    return [
        through_tract(
            wave,
            bird if tract else None,
            wave_rate=CONTROL_RATE * per_frame,
            sample_rate=sample_rate,
        )
        for wave in waves
    ]


def _beta(stretches: list[Stretch], bird: Bird) -> list[np.ndarray]:
    """[frames] tension of each stretch, from one look into the table for all."""
    alpha = np.concatenate([stretch.alpha for stretch in stretches])
    f0 = np.concatenate([stretch.f0 for stretch in stretches])
    noise = np.concatenate([stretch.log_beta_noise for stretch in stretches])
    beta = beta_of_pitch(alpha, f0, bird.gamma) * np.exp(noise)
    return np.split(beta, np.cumsum([len(stretch.f0) for stretch in stretches])[:-1])


def _integrate(stretches: list[Stretch], bird: Bird) -> list[np.ndarray]:
    first = np.array([(stretch.alpha[0], stretch.f0[0]) for stretch in stretches])
    return integrate_lanes(
        [stretch.alpha for stretch in stretches],
        _beta(stretches, bird),
        [stretch.envelope for stretch in stretches],
        turning_point_of_pitch(first[:, 0], first[:, 1], bird.gamma),
        gamma=bird.gamma,
    )


def _jittered_pitch(stretch: Stretch, bird: Bird) -> np.ndarray:
    """[frames] Hz: f0 moved as noise on ln beta moves it, d ln f0 / d ln beta from the table."""
    if not stretch.log_beta_noise.any():
        return stretch.f0
    low, high = (
        np.log(beta_of_pitch(stretch.alpha, stretch.f0 * factor, bird.gamma))
        for factor in (0.999, 1.001)
    )
    slope = (np.log(1.001) - np.log(0.999)) / (high - low)
    return stretch.f0 * np.exp(np.clip(slope, 0, 2) * stretch.log_beta_noise)


def _sum_harmonics(stretches: list[Stretch], bird: Bird, per_frame: int) -> list[np.ndarray]:
    sounds: list[np.ndarray] = [np.zeros(0, np.float32)] * len(stretches)
    groups: dict[tuple[int, int], list[int]] = {}
    for number, stretch in enumerate(stretches):
        frames = max(32, 1 << (len(stretch.f0) - 1).bit_length())
        audible = int(0.47 * CONTROL_RATE * per_frame / stretch.f0.min())
        harmonics = next(count for count in (4, 8, HARMONICS) if count >= min(audible, HARMONICS))
        groups.setdefault((frames, harmonics), []).append(number)
    for (frames, harmonics), members in groups.items():
        for begin in range(0, len(members), LANES):
            block = members[begin : begin + LANES]
            # Idle lanes and the ends of short ones hold any valid pitch, at an envelope of zero.
            curves = np.stack(
                [np.full((LANES, frames), value, np.float32) for value in (4000.0, bird.alpha, 0.0)]
            )
            for lane, number in enumerate(block):
                stretch = stretches[number]
                count = len(stretch.f0)
                f0 = _jittered_pitch(stretch, bird)
                for row, curve in enumerate((f0, stretch.alpha, stretch.envelope)):
                    curves[row, lane, :count] = curve
            waves = np.asarray(
                sing(
                    *curves,
                    gamma=bird.gamma,
                    samples_per_frame=per_frame,
                    harmonics=harmonics,
                )
            )
            for lane, number in enumerate(block):
                sounds[number] = waves[lane, : (len(stretches[number].f0) - 1) * per_frame]
    return sounds
