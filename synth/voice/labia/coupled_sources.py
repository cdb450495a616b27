"""The `ode` engine where sources hear each other, and the echo of the trachea.

After Laje & Mindlin, Phys. Rev. E 72, 036218 (2005): what drives a pair of labia is the pressure
below less the pressure above, and above both pairs lies one trachea. With the field of
`syrinx.labial_field`, whose pressure is alpha, that is for source i

    alpha_i(t) = alpha_i - coupling (p(t) - A_i y_i(t)),
    p(t) = sum of A_j y_j(t) - r p(t - 2T),   T = L / c

with y in normalised time, A_j what gives the fundamental of a loud note the amplitude 1, and r and
L those of the tract. The load that a source's own wave puts on it at once is not counted: the field
was found with it. Without coupling, this is the field alone.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from chingolo.synth.voice.labia.integrate import (
    BASE_RATE,
    SAMPLES_PER_FRAME,
    half_band,
    pace_of,
    side_by_side,
)
from chingolo.synth.voice.labia.syrinx import labial_field

WIDEST = 128
"""Stretches side by side: twice as many take three times as long, with what two sources hold."""


@dataclass(frozen=True)
class Feedback:
    """What the air above the sources does to them."""

    coupling: float
    """Of pressure above to alpha, dimensionless."""

    reflection: float
    """r, share of the pressure that comes back from the end of the trachea."""

    round_trip: float
    """2 L / c, s; four steps of the integration or more, see `birds.SHORTEST_TRACHEA`."""


def integrate_coupled(
    curves: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    turning_point: np.ndarray,
    *,
    gamma: float,
    feedback: Feedback,
) -> list[np.ndarray]:
    """Integrates stretches of unequal length, the sources of each together.

    Args:
        curves: [4, sources, frames] alpha, beta, envelope and A at `CONTROL_RATE`, all stretches in
            one row.
        start: [stretches] first frame of each.
        stop: [stretches] frame after its last; envelope and A are 0 in both outer frames.
        turning_point: [sources, stretches] x to start from, at rest (y = 0).
        gamma: 1/s.
        feedback: of the trachea.

    Returns:
        stretches of [(frames - 1) * 20] float32 at `BASE_RATE`: envelope times normalised velocity,
        summed over the sources.

    """
    x = turning_point.astype(np.float32)
    pace = pace_of(gamma)
    delay = feedback.round_trip * BASE_RATE * pace.steps_per_sample
    before = np.zeros((_remembered(delay), x.shape[-1]), np.float32)
    tail = np.zeros((len(pace.half_band) - 1, x.shape[-1]), np.float32)
    return side_by_side(
        curves,
        start,
        stop,
        (x, 0 * x, curves[..., start], before, tail),
        partial(coupled_chunk, gamma=gamma, feedback=feedback),
        late=pace.late,
        widest=WIDEST,
    )


def _remembered(delay: float) -> int:
    """Steps of pressure that have to be known to tell what comes back after a delay, steps."""
    return math.ceil(delay) + 1


def _block(delay: float, steps: int) -> int:
    """Steps whose echo is known before the first of them, a whole part of a frame of `steps`."""
    most = math.ceil(delay) - 3
    return max(count for count in range(1, min(most, steps) + 1) if steps % count == 0)


@partial(jax.jit, static_argnames=("gamma", "feedback"), donate_argnums=0)
def coupled_chunk(
    carry: tuple[jax.Array, ...], controls: jax.Array, *, gamma: float, feedback: Feedback
) -> tuple[tuple[jax.Array, ...], jax.Array]:
    """Integrates a stretch of frames, all sources of a lane in each step.

    Args:
        carry: x and y [sources, lanes], the controls of the frame before [4, sources, lanes], the
            pressure of the steps before [steps, lanes], and the half-band filter's tail.
        controls: [frames, 4, sources, lanes] alpha, beta, envelope and A at the end of each frame.
        gamma: 1/s.
        feedback: of the trachea.

    Returns:
        The carry, and [frames * 20, lanes] at `BASE_RATE`, late by the frames of its `Pace`.
    """
    _, _, sources, lanes = controls.shape
    pace = pace_of(gamma)
    steps = SAMPLES_PER_FRAME * pace.steps_per_sample
    step_rate = BASE_RATE * pace.steps_per_sample
    step = np.float32(gamma / step_rate)
    half, sixth = 0.5 * step, step / 6
    coupling = np.float32(feedback.coupling)
    delay = feedback.round_trip * step_rate
    block, remembered = _block(delay, steps), _remembered(delay)
    into = math.ceil(delay) - delay
    weights = -feedback.reflection * np.array([_lagrange(into), _lagrange(into + 0.5)], np.float32)

    def alphas(alpha: list[Any], sounds: list[Any], echo: Any) -> list[Any]:
        """What drives each source."""
        return [
            alpha[i] - coupling * sum((sounds[j] for j in range(sources) if j != i), echo)
            for i in range(sources)
        ]

    def frame(state: Any, goal: jax.Array) -> Any:
        x, y, origin, before = state
        slope = (goal - origin) / steps

        def one_block(number: jax.Array, state: Any) -> Any:
            x, y, before, wave = state
            # Rows for steps 0 to `block`, and for the middle of each.
            echo, echo_half = (
                jnp.asarray(sum(weight[i] * before[i : i + block + 1] for i in range(4)))
                for weight in weights
            )

            def one_step(index: jax.Array, inner: Any) -> Any:
                x, y, wave, above = inner
                time = 1.0 * (block * number + index)
                at = [[origin[k, i] + slope[k, i] * time for i in range(sources)] for k in (2, 3)]
                envelope, loud = at
                alpha, beta = (
                    [origin[k, i] + slope[k, i] * (time + 0.5) for i in range(sources)]
                    for k in (0, 1)
                )

                def field(x: list[Any], y: list[Any], echo: Any) -> list[tuple[Any, Any]]:
                    sounds = [loud[i] * y[i] for i in range(sources)]
                    driven = alphas(alpha, sounds, echo)
                    return [labial_field(x[i], y[i], driven[i], beta[i]) for i in range(sources)]

                def moved(of: list[Any], by: Any, slopes: Any, which: int) -> list[Any]:
                    return [of[i] + by * slopes[i][which] for i in range(sources)]

                wave = wave.at[block * number + index].set(
                    sum(envelope[i] * y[i] for i in range(sources))
                )
                above = above.at[index].set(sum(loud[i] * y[i] for i in range(sources)))
                one = field(x, y, echo[index])
                two = field(moved(x, half, one, 0), moved(y, half, one, 1), echo_half[index])
                three = field(moved(x, half, two, 0), moved(y, half, two, 1), echo_half[index])
                four = field(moved(x, step, three, 0), moved(y, step, three, 1), echo[index + 1])
                x, y = (
                    [
                        old[i] + sixth * (one[i][k] + 2 * two[i][k] + 2 * three[i][k] + four[i][k])
                        for i in range(sources)
                    ]
                    for k, old in enumerate((x, y))
                )
                return x, y, wave, above

            x, y, wave, above = jax.lax.fori_loop(
                0, block, one_step, (x, y, wave, jnp.zeros((block, lanes)))
            )
            before = jnp.concatenate([before, above + echo[:block]])[-remembered:]
            return x, y, before, wave

        start = (list(x), list(y), before, jnp.zeros((steps, lanes)))
        x, y, before, wave = jax.lax.fori_loop(0, steps // block, one_block, start)
        return (jnp.stack(x), jnp.stack(y), goal, before), wave[:: pace.steps_per_sample // 2]

    x, y, origin, before, tail = carry
    (x, y, origin, before), wave = jax.lax.scan(frame, (x, y, origin, before), controls)
    tail, low = half_band(tail, wave.reshape(-1, lanes), pace)
    return (x, y, origin, before, tail), low


def _lagrange(at: float) -> np.ndarray:
    """[4] weights of points at -1, 0, 1 and 2 in the cubic through them, at a place between."""
    points = np.arange(-1.0, 3.0)
    return np.array(
        [
            np.prod([(at - other) / (point - other) for other in points if other != point])
            for point in points
        ],
        np.float32,
    )
