"""The engines at work: phonated stretches to sound, all songs in one row of frames.

Each source is a row of its own, unless sources hear each other: then they stand side by side.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.calibration import beta_of_pitch, turning_point_of_pitch
from chingolo.synth.voice.gestures import pitch_range
from chingolo.synth.voice.labia.coupled_sources import Feedback, integrate_coupled
from chingolo.synth.voice.labia.integrate import BASE_RATE, SAMPLES_PER_FRAME, integrate_lanes
from chingolo.synth.voice.tract import SPEED_OF_SOUND
from chingolo.synth.voice.wavetable import sing_stretches


@dataclass(frozen=True)
class Timeline:
    """All songs in one row of frames, a silent frame at either end of each."""

    f0: np.ndarray
    """[sources, frames] Hz; one source where none hears another."""

    alpha: np.ndarray
    """[sources, frames]."""

    envelope: np.ndarray
    """[sources, frames] factor on the oscillator's velocity."""

    above: np.ndarray
    """[sources, frames] the same, for what it adds to the pressure above the sources."""

    log_beta_noise: np.ndarray
    """[sources, frames]."""

    start: np.ndarray
    """[stretches] first frame of each phonated stretch, silent."""

    stop: np.ndarray
    """[stretches] frame after the last, which is silent."""


@dataclass(frozen=True)
class Engine:
    """A way to sing a timeline."""

    sing: Callable[[Timeline, Bird, int], list[np.ndarray]]
    """(timeline, bird, samples per frame) -> [samples] of each phonated stretch: the oscillator's
    wave under its envelope, before the tract."""

    samples_per_frame: Callable[[int], int]
    """Sample rate that is wanted, Hz -> samples per frame at which the engine works."""

    couples: bool
    """Whether its sources can hear each other."""


def trachea_feedback(bird: Bird) -> Feedback:
    """What the air of a bird's trachea does to its sources."""
    return Feedback(bird.coupling, bird.reflection, 2 * bird.trachea_length / SPEED_OF_SOUND)


def _integrate(timeline: Timeline, bird: Bird, samples_per_frame: int) -> list[np.ndarray]:
    beta = beta_of_pitch(timeline.alpha, timeline.f0, bird.gamma)
    if timeline.log_beta_noise.any():
        # Below the tension of the lowest pitch the labia would come to rest.
        least = beta_of_pitch(timeline.alpha, np.array(pitch_range(bird)[0]), bird.gamma)
        beta = np.maximum(beta * np.exp(timeline.log_beta_noise), least)
    start, stop = timeline.start, timeline.stop
    turning = turning_point_of_pitch(timeline.alpha[:, start], timeline.f0[:, start], bird.gamma)
    curves = np.stack([timeline.alpha, beta, timeline.envelope, timeline.above])
    curves = curves.astype(np.float32)
    if not bird.coupling:
        return integrate_lanes(curves[:3, 0], start, stop, turning[0], gamma=bird.gamma)
    return integrate_coupled(
        curves, start, stop, turning, gamma=bird.gamma, feedback=trachea_feedback(bird)
    )


def _follow_cycles(timeline: Timeline, bird: Bird, samples_per_frame: int) -> list[np.ndarray]:
    f0 = _jittered_pitch(timeline, bird)
    curves = np.concatenate([f0, timeline.alpha, timeline.envelope])  # of the only source
    return sing_stretches(
        curves,
        timeline.start,
        timeline.stop,
        gamma=bird.gamma,
        samples_per_frame=samples_per_frame,
    )


def _jittered_pitch(timeline: Timeline, bird: Bird) -> np.ndarray:
    """[sources, frames] Hz: f0 moved as noise on |beta| moves it, d ln f0 / d beta from the table.

    Low notes at high pressure have a tension below 0; noise moves their pitch the other way.
    """
    if not timeline.log_beta_noise.any():
        return timeline.f0
    lowest, highest = pitch_range(bird)
    inside = np.clip(timeline.f0, 1.002 * lowest, highest / 1.002)
    low, middle, high = (
        beta_of_pitch(timeline.alpha, inside * factor, bird.gamma) for factor in (0.999, 1, 1.001)
    )
    slope = middle * (np.log(1.001) - np.log(0.999)) / (high - low)
    moved = timeline.f0 * np.exp(np.clip(slope, -2, 2) * timeline.log_beta_noise)
    return np.clip(moved, lowest, highest)


def _half_where_enough(sample_rate: int) -> int:
    """Half the base rate where nothing above it is wanted."""
    return SAMPLES_PER_FRAME // 2 if sample_rate <= BASE_RATE // 2 else SAMPLES_PER_FRAME


ODE = Engine(_integrate, lambda sample_rate: SAMPLES_PER_FRAME, couples=True)
WAVETABLE = Engine(_follow_cycles, _half_where_enough, couples=False)
