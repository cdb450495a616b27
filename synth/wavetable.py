"""The `wavetable` engine: the limit cycle's harmonics followed quasi-statically.

Phase is the running sum of f0; the harmonics come from the calibration table at each (alpha, f0).
Harmonics beyond the band are left out, so nothing folds. Differentiable in f0, loudness and alpha.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from synth.calibration import HARMONICS, load_calibration
from synth.integrate import CONTROL_RATE, transpose


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

    Time runs first and lanes last, so that the inner loops are as wide as the batch.

    Args:
        f0: [frames, lanes] Hz at `CONTROL_RATE`, never 0; a multiple of four frames, and one more.
        alpha: [frames, lanes] pressure.
        envelope: [frames, lanes] factor on the wave.
        gamma: 1/s.
        samples_per_frame: samples delivered per frame of controls.
        harmonics: how many are summed at the most; those above 45 % of the rate fade out.

    Returns:
        [lanes, (frames - 1) * samples_per_frame] envelope times normalised velocity.
    """
    wave = _sum_harmonics(
        f0,
        alpha,
        envelope,
        gamma=gamma,
        samples_per_frame=samples_per_frame,
        harmonics=harmonics,
    )
    return transpose(wave)


@partial(jax.jit, static_argnames=("gamma", "samples_per_frame", "harmonics"))
def _sum_harmonics(
    f0: jax.Array,
    alpha: jax.Array,
    envelope: jax.Array,
    *,
    gamma: float,
    samples_per_frame: int,
    harmonics: int,
) -> jax.Array:
    """[samples, lanes]; see `sing`."""
    rate = CONTROL_RATE * samples_per_frame
    coarse = f0[::HARMONIC_STRIDE]
    real, imaginary = harmonic_amplitudes(coarse / gamma, alpha[::HARMONIC_STRIDE], harmonics)
    order = jnp.arange(1, harmonics + 1, dtype=f0.dtype)[:, None, None]
    scale = jnp.clip((0.47 - coarse[None] * order / rate) / 0.02, 0.0, 1.0)
    real, imaginary = real * scale, imaginary * scale

    fraction = jnp.arange(samples_per_frame, dtype=f0.dtype)[None, :, None] / samples_per_frame
    begin, rise = f0[:-1, None], (f0[1:] - f0[:-1])[:, None]
    within = fraction * (begin + 0.5 * rise * fraction) / CONTROL_RATE
    whole = 0.5 * (f0[1:] + f0[:-1]) / CONTROL_RATE
    passed = jax.lax.associative_scan(lambda a, b: (a + b) % 1.0, whole, axis=0)
    start = jnp.pad(passed[:-1], ((1, 0), (0, 0)))[:, None]
    per_stride = HARMONIC_STRIDE * samples_per_frame
    cosine, sine = unit_circle((start + within).reshape(-1, per_stride, f0.shape[1]))

    def between(values: jax.Array, points: int) -> jax.Array:
        fraction = jnp.arange(points, dtype=values.dtype)[None, :, None] / points
        return values[:-1, None] + (values[1:] - values[:-1])[:, None] * fraction

    # Horner's scheme in z = exp(i angle): sum_k c_k z^k = z (c_1 + z (c_2 + ...)).
    sum_real = sum_imaginary = jnp.zeros_like(cosine)
    for index in reversed(range(harmonics)):
        a = sum_real + between(real[index], per_stride)
        b = sum_imaginary + between(imaginary[index], per_stride)
        sum_real, sum_imaginary = a * cosine - b * sine, a * sine + b * cosine
    wave = sum_real.reshape(within.shape) * between(envelope, samples_per_frame)
    return wave.reshape(-1, f0.shape[1])


def unit_circle(cycles: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Cosine and sine of 2 pi `cycles`, within 2e-6.

    Series at a quarter of the angle, squared twice: XLA's own cosine is not vectorised on CPU and
    would cost more than all else in this engine.
    """
    x = (0.5 * jnp.pi) * (cycles - jnp.round(cycles))
    square = x * x
    cosine = 1 - square * (1 / 2 - square * (1 / 24 - square * (1 / 720 - square / 40320)))
    sine = x * (1 - square * (1 / 6 - square * (1 / 120 - square * (1 / 5040 - square / 362880))))
    for _ in range(2):
        cosine, sine = cosine * cosine - sine * sine, 2 * cosine * sine
    return cosine, sine


def harmonic_amplitudes(
    pitch: jax.Array, alpha: jax.Array, harmonics: int
) -> tuple[jax.Array, jax.Array]:
    """Real and imaginary parts of c_k from the calibration table, interpolated bilinearly.

    Args:
        pitch: [...] F = f0 / gamma.
        alpha: [...] pressure.
        harmonics: how many.

    Returns:
        ([harmonics, ...], [harmonics, ...]).
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
    parts = jnp.moveaxis(parts, -1, 0)
    return parts[:harmonics], parts[harmonics:]


def _cell(value: jax.Array, nodes: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """The interval between nodes (evenly spaced in the logarithm), and how far into it [..., 1]."""
    spacing = np.log(nodes[-1] / nodes[0]) / (len(nodes) - 1)
    position = jnp.log(value / nodes[0]) / np.float32(spacing)
    index = jnp.clip(position.astype(jnp.int32), 0, len(nodes) - 2)
    return index, jnp.clip(position - index, 0.0, 1.0)[..., None]


HARMONIC_COUNTS = (2, 4, 6, 9, 14, HARMONICS)
HARMONIC_STRIDE = 4
"""Frames between looks into the table of harmonics, which change far more slowly than f0."""

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
