"""The `ode` engine: many phonated stretches integrated side by side, one stretch a lane.

Controls come at `CONTROL_RATE` and are interpolated linearly in between. Runge-Kutta runs at
four steps per sample of `BASE_RATE`, at eight for labia faster than a songbird's; two values a
sample are kept and a half-band filter brings the wave down to `BASE_RATE`, so that harmonics which
one rate cannot hold are removed, not folded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.signal import firwin

from chingolo.synth.voice.birds import SONGBIRD_GAMMA
from chingolo.synth.voice.labia.syrinx import runge_kutta_change, runge_kutta_step

CONTROL_RATE = 2205
"""Rate of the controls, Hz."""

BASE_RATE = 44_100
"""Rate at which both engines deliver, Hz; other rates are reached by spectral resampling."""

SAMPLES_PER_FRAME = BASE_RATE // CONTROL_RATE
FRAMES_PER_CHUNK = 64
LANE_COUNTS = (1, 16, 64, 128, 192, 256)
KAISER: Any = ("kaiser", 7.5)


@dataclass(frozen=True)
class Pace:
    """How finely labia are integrated."""

    steps_per_sample: int
    """Runge-Kutta steps per sample of `BASE_RATE`, an even number."""

    half_band: np.ndarray
    """[taps] from twice `BASE_RATE` down to it; every second one but the middle is 0."""

    @property
    def late(self) -> int:
        """Frames by which the filter is late."""
        return len(self.half_band) // 2 // (2 * SAMPLES_PER_FRAME)


# Half-bands of a delay of whole frames. 75 dB down from 25 kHz on (folds onto 19 kHz and above);
# from 22.9 kHz on (onto 21.2 kHz, where `through_tract` fades) for what sings higher.
ORDINARY = Pace(4, np.asarray(firwin(81, 0.5, window=KAISER), np.float32))
FINE = Pace(8, np.asarray(firwin(241, 0.5, window=KAISER), np.float32))


SLOW_GAMMA = 6000.0
"""1/s. Below, a step moves the labia so little that rounding would lower the pitch (by 0.03 % at
200): what it takes off one step is given to the next (Kahan, Commun. ACM 8, 40, 1965)."""


def pace_of(gamma: float) -> Pace:
    """How finely labia of a time scale, 1/s, are integrated."""
    return FINE if gamma > SONGBIRD_GAMMA else ORDINARY


# A compilation of its own: fused with what makes the wave, it would break the inner loops up.
transpose = jax.jit(jnp.transpose)

Carry = tuple[jax.Array, jax.Array, jax.Array, jax.Array]


@partial(jax.jit, static_argnames="gamma", donate_argnums=0)
def integrate_chunk(carry: Carry, controls: jax.Array, *, gamma: float) -> tuple[Carry, jax.Array]:
    """Integrates a stretch of frames.

    Args:
        carry: x [lanes], y [lanes], the controls of the frame before [3, lanes], and the tail of
            the wave before [80, lanes] that the half-band filter still needs.
        controls: [frames, 3, lanes] alpha, beta and envelope at the end of each frame.
        gamma: 1/s.

    Returns:
        The carry, and [frames * 20, lanes] envelope times y (normalised velocity) at `BASE_RATE`,
        late by the frames of its `Pace`.
    """
    pace = pace_of(gamma)
    lanes = controls.shape[-1]
    kept = SAMPLES_PER_FRAME * 2
    steps = SAMPLES_PER_FRAME * pace.steps_per_sample
    step = np.float32(gamma / (BASE_RATE * pace.steps_per_sample))
    each = pace.steps_per_sample // 2

    def frame(state, goal):
        x, y, origin = state
        slope = (goal - origin) / steps

        def one_step(x, y, lost, alpha, beta):
            if gamma >= SLOW_GAMMA:
                return *runge_kutta_step(x, y, alpha, beta, step), lost
            changes = runge_kutta_change(x, y, alpha, beta, step)
            changes = [change - rest for change, rest in zip(changes, lost, strict=True)]
            moved = [x + changes[0], y + changes[1]]
            return *moved, (moved[0] - x - changes[0], moved[1] - y - changes[1])

        def some_steps(index, inner):
            x, y, wave, lost = inner
            time = float(each) * index
            wave = wave.at[index].set(y * (origin[2] + slope[2] * time))
            for middle in np.arange(each) + 0.5:
                alpha, beta = origin[:2] + slope[:2] * (time + middle)
                x, y, lost = one_step(x, y, lost, alpha, beta)
            return x, y, wave, lost

        lost = () if gamma >= SLOW_GAMMA else (jnp.zeros(lanes),) * 2
        start = (x, y, jnp.zeros((kept, lanes)), lost)
        x, y, wave, _ = jax.lax.fori_loop(0, kept, some_steps, start)
        return (x, y, goal), wave

    x, y, origin, tail = carry
    (x, y, origin), wave = jax.lax.scan(frame, (x, y, origin), controls)
    tail, low = half_band(tail, wave.reshape(-1, lanes), pace)
    return (x, y, origin, tail), low


def half_band(tail: jax.Array, wave: jax.Array, pace: Pace) -> tuple[jax.Array, jax.Array]:
    """Brings a wave from twice `BASE_RATE` down to it.

    Args:
        tail: [taps - 1, lanes] of the wave before; 0 at first.
        wave: [samples, lanes].
        pace: has the filter.

    Returns:
        The tail for the next wave, and [samples / 2, lanes], late by the frames of the pace.
    """
    wave = jnp.concatenate([tail, wave])
    lanes, count = wave.shape[1], (len(wave) - len(tail)) // 2
    pairs = wave.reshape(-1, 2, lanes)
    # Every second tap of a half-band filter but the middle one is zero.
    low = jnp.zeros((count, lanes)) + sum(
        float(tap) * jax.lax.dynamic_slice_in_dim(pairs[:, index % 2], index // 2, count)
        for index, tap in enumerate(pace.half_band)
        if abs(tap) > 1e-9
    )
    return wave[-(len(pace.half_band) - 1) :], low


def integrate_lanes(
    curves: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    turning_point: np.ndarray,
    *,
    gamma: float,
) -> list[np.ndarray]:
    """Integrates stretches of unequal length of one source each.

    Args:
        curves: [3, frames] alpha, beta and envelope at `CONTROL_RATE`, all stretches in one row.
        start: [stretches] first frame of each.
        stop: [stretches] frame after its last; the envelope is 0 in both outer frames.
        turning_point: [stretches] x to start from, at rest (y = 0).
        gamma: 1/s.

    Returns:
        stretches of [(frames - 1) * 20] float32: envelope times normalised velocity at `BASE_RATE`.
    """
    x = turning_point.astype(np.float32)
    pace = pace_of(gamma)
    tail = np.zeros((len(pace.half_band) - 1, len(x)), np.float32)
    return side_by_side(
        curves,
        start,
        stop,
        (x, 0 * x, curves[:, start], tail),
        partial(integrate_chunk, gamma=gamma),
        late=pace.late,
    )


def side_by_side(
    curves: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    state: tuple[np.ndarray, ...],
    advance: Callable[[Any, jax.Array], tuple[Any, jax.Array]],
    *,
    late: int,
    widest: int = LANE_COUNTS[-1],
) -> list[np.ndarray]:
    """Integrates stretches of unequal length, the long ones first, some of them side by side.

    Args:
        curves: [..., frames] float32 controls at `CONTROL_RATE`, all stretches in one row.
        start: [stretches] first frame of each.
        stop: [stretches] frame after its last.
        state: [..., stretches] arrays that `advance` starts from.
        advance: (state, controls [frames, ..., lanes]) -> state and the wave [frames * 20, lanes].
        late: frames by which that wave is.
        widest: of `LANE_COUNTS`, most stretches side by side.

    Returns:
        stretches of [(frames - 1) * 20] float32.
    """
    order = np.argsort(start - stop, kind="stable")
    waves: list[np.ndarray] = [np.zeros(0, np.float32)] * len(order)
    for first in range(0, len(order), widest):
        group = order[first : first + widest]
        frames = stop[group] - start[group]
        # Each lane goes on at its last frame, where the envelope is 0.
        frame = np.minimum(np.arange(frames[0])[:, None], frames - 1) + start[group]
        controls = np.moveaxis(curves[..., frame], -2, 0)
        own = tuple(part[..., group] for part in state)
        sung = _integrate_group(controls, frames, own, advance, late)
        for lane, wave, length in zip(group, sung, frames, strict=True):
            waves[lane] = wave[: (length - 1) * SAMPLES_PER_FRAME]
    return waves


def _integrate_group(
    controls: np.ndarray,
    frames: np.ndarray,
    state: tuple[np.ndarray, ...],
    advance: Callable[[Any, jax.Array], tuple[Any, jax.Array]],
    late: int,
) -> np.ndarray:
    """One group of at most 256 lanes, longest first; those that have ended are dropped on the way.

    Args:
        controls: [frames, ..., lanes] float32.
        frames: [lanes] length of each.
        state: see `side_by_side`.
        advance: see `side_by_side`.
        late: see `side_by_side`.

    Returns:
        [lanes, samples].
    """
    longest, lanes = controls.shape[0], controls.shape[-1]
    still = [(0, 0)] * (controls.ndim - 1)
    controls = np.pad(controls, [(0, FRAMES_PER_CHUNK + late), *still], mode="edge")
    # as many frames more than the longest lane as the filter is late
    chunks = -(-(longest - 1 + late) // FRAMES_PER_CHUNK)
    waves = np.zeros((lanes, chunks * FRAMES_PER_CHUNK * SAMPLES_PER_FRAME), np.float32)
    per_chunk = FRAMES_PER_CHUNK * SAMPLES_PER_FRAME
    for chunk in range(chunks):
        begin = 1 + chunk * FRAMES_PER_CHUNK
        active = int((frames - 1 + late >= begin).sum())
        width = next(count for count in LANE_COUNTS if count >= active)
        block = controls[begin : begin + FRAMES_PER_CHUNK, ..., :active]
        state, low = advance(
            tuple(_to_lanes(part, active, width) for part in state),
            _to_lanes(block, active, width),
        )
        state = tuple(np.asarray(part) for part in state)
        waves[:active, chunk * per_chunk : (chunk + 1) * per_chunk] = np.asarray(transpose(low))[
            :active
        ]
    return waves[:, late * SAMPLES_PER_FRAME :]


def _to_lanes(part: np.ndarray, active: int, width: int) -> Any:
    """Keeps the active lanes and repeats the last one up to a compiled width."""
    part = part[..., :active]
    return np.pad(part, [(0, 0)] * (part.ndim - 1) + [(0, width - active)], mode="edge")
