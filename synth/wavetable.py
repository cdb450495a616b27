"""The `wavetable` engine: the limit cycle's harmonics followed quasi-statically.

Phase is the running sum of f0; the harmonics come from the calibration table at each (alpha, f0).
Harmonics beyond the band are left out, so nothing folds. Differentiable in f0, loudness and alpha.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

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
    c = table.harmonics[..., :harmonics]
    rows = jnp.asarray(np.concatenate([np.real(c), np.imag(c)], -1).reshape(-1, 2 * harmonics))
    i, u = _cell(alpha, table.alpha)
    j, v = _cell(pitch, table.pitch)
    corner = i * len(table.pitch) + j
    parts = (1 - u) * ((1 - v) * rows[corner] + v * rows[corner + 1]) + u * (
        (1 - v) * rows[corner + len(table.pitch)] + v * rows[corner + len(table.pitch) + 1]
    )
    return parts[..., :harmonics], parts[..., harmonics:]


def _cell(value: jax.Array, nodes: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """The interval between nodes (evenly spaced in the logarithm), and how far into it [..., 1]."""
    spacing = np.log(nodes[-1] / nodes[0]) / (len(nodes) - 1)
    position = jnp.log(value / nodes[0]) / np.float32(spacing)
    index = jnp.clip(position.astype(jnp.int32), 0, len(nodes) - 2)
    return index, jnp.clip(position - index, 0.0, 1.0)[..., None]


HARMONIC_COUNTS = (2, 4, 6, 9, 14, HARMONICS)
FAINT = 10 ** (-90 / 20)
"""Harmonics this far below the fundamental, at every alpha, are left out."""


def harmonics_needed(lowest: np.ndarray, gamma: float, sample_rate: int) -> np.ndarray:
    """How many harmonics stretches need, as one of `HARMONIC_COUNTS`.

    Args:
        lowest: [stretches] lowest f0, Hz; a higher pitch has fainter harmonics.
        gamma: 1/s.
        sample_rate: Hz; what lies above 47 % of it is not sung.
    """
    table = load_calibration()
    level = np.abs(table.harmonics)
    audible = (level / level[..., :1]).max(axis=0) > FAINT
    count = HARMONICS - np.argmax(audible[:, ::-1], axis=1)
    column = np.searchsorted(table.pitch, lowest / gamma, side="right") - 1
    wanted = np.minimum(count[np.clip(column, 0, None)], 0.47 * sample_rate / lowest)
    return np.array(HARMONIC_COUNTS)[np.searchsorted(HARMONIC_COUNTS, np.maximum(wanted, 1))]
