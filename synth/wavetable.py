"""The `wavetable` engine: the limit cycle's harmonics followed quasi-statically.

Phase is the running sum of f0; the harmonics come from the calibration table at each (alpha, f0).
Harmonics beyond the band are left out, so nothing folds. Differentiable in f0, loudness and alpha.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates

from synth.calibration import HARMONICS, load_calibration
from synth.integrate import CONTROL_RATE


@partial(jax.jit, static_argnames=("gamma", "samples_per_frame", "harmonics"))
def sing(
    f0: jax.Array,
    alpha: jax.Array,
    envelope: jax.Array,
    *,
    gamma: float,
    samples_per_frame: int,
    harmonics: int = HARMONICS,
) -> jax.Array:
    """Sums the harmonics of stretches of song.

    Args:
        f0: [lanes, frames] Hz at `CONTROL_RATE`, never 0.
        alpha: [lanes, frames] pressure.
        envelope: [lanes, frames] factor on the wave.
        gamma: 1/s.
        samples_per_frame: samples delivered per frame of controls.
        harmonics: how many are summed at the most; those above 45 % of the rate fade out.

    Returns:
        [lanes, (frames - 1) * samples_per_frame] envelope times normalised velocity.
    """
    rate = CONTROL_RATE * samples_per_frame
    real, imaginary = harmonic_amplitudes(f0 / gamma, alpha, harmonics)
    order = jnp.arange(1, harmonics + 1, dtype=f0.dtype)[None, None]
    audible = jnp.clip((0.47 - f0[..., None] * order / rate) / 0.02, 0.0, 1.0)
    scale = audible * envelope[..., None]
    real, imaginary = real * scale, imaginary * scale

    fraction = jnp.arange(samples_per_frame, dtype=f0.dtype)[None, None] / samples_per_frame
    begin, rise = f0[:, :-1, None], (f0[:, 1:] - f0[:, :-1])[..., None]
    within = (begin * fraction + 0.5 * rise * fraction**2) / CONTROL_RATE
    whole = 0.5 * (f0[:, 1:] + f0[:, :-1]) / CONTROL_RATE
    passed = jax.lax.associative_scan(lambda a, b: (a + b) % 1.0, whole, axis=1)
    start = jnp.pad(passed[:, :-1], ((0, 0), (1, 0)))[..., None]
    angle = 2 * jnp.pi * ((start + within) % 1.0)
    cosine, sine = jnp.cos(angle), jnp.sin(angle)

    def between(values: jax.Array, index: int) -> jax.Array:
        first, last = values[:, :-1, index, None], values[:, 1:, index, None]
        return first + (last - first) * fraction

    # Horner's scheme in z = exp(i angle): sum_k c_k z^k = z (c_1 + z (c_2 + ...)).
    sum_real = sum_imaginary = jnp.zeros_like(angle)
    for index in reversed(range(harmonics)):
        a = sum_real + between(real, index)
        b = sum_imaginary + between(imaginary, index)
        sum_real, sum_imaginary = a * cosine - b * sine, a * sine + b * cosine
    return sum_real.reshape(f0.shape[0], -1)


def harmonic_amplitudes(
    pitch: jax.Array, alpha: jax.Array, harmonics: int
) -> tuple[jax.Array, jax.Array]:
    """Real and imaginary parts of c_k from the calibration table, interpolated bilinearly.

    Args:
        pitch: [...] F = f0 / gamma.
        alpha: [...] pressure.
        harmonics: how many.

    Returns:
        ([..., harmonics], [..., harmonics]).
    """
    table = load_calibration()
    row = _position(alpha, table.alpha)
    column = _position(pitch, table.pitch)
    parts = []
    for part in (np.real(table.harmonics), np.imag(table.harmonics)):
        values = [
            map_coordinates(jnp.asarray(part[:, :, index]), [row, column], order=1, mode="nearest")
            for index in range(harmonics)
        ]
        parts.append(jnp.stack(values, axis=-1))
    return parts[0], parts[1]


def _position(value: jax.Array, nodes: np.ndarray) -> jax.Array:
    """Where a value lies among nodes that are evenly spaced in the logarithm."""
    spacing = np.log(nodes[-1] / nodes[0]) / (len(nodes) - 1)
    return jnp.log(value / nodes[0]) / np.float32(spacing)
