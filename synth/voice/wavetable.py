"""The `wavetable` engine: the limit cycle's harmonics followed quasi-statically.

Phase is the running sum of f0; the harmonics come from the calibration table at each (alpha, f0).
Harmonics beyond the band are left out, so nothing folds. Differentiable in f0, envelope and alpha.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from chingolo.synth.voice.calibration import HARMONICS, load_calibration
from chingolo.synth.voice.labia.integrate import CONTROL_RATE, transpose


def sing(
    f0: jax.Array,
    alpha: jax.Array,
    envelope: jax.Array,
    *,
    gamma: float,
    samples_per_frame: int,
    harmonics: int = HARMONICS,
    phase: jax.Array | np.ndarray | float = 0.0,
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
        phase: [lanes] or a number, where in its cycle each lane begins, cycles.

    Returns:
        [lanes, (frames - 1) * samples_per_frame] envelope times normalised velocity.
    """
    wave = _sum_harmonics(
        f0,
        alpha,
        envelope,
        phase,
        gamma=gamma,
        samples_per_frame=samples_per_frame,
        harmonics=harmonics,
    )
    return transpose(wave)


def sing_stretches(
    curves: np.ndarray,
    start: np.ndarray,
    stop: np.ndarray,
    *,
    gamma: float,
    samples_per_frame: int,
) -> list[np.ndarray]:
    """Sings stretches of unequal length, cut into segments of one length that go side by side.

    Args:
        curves: [3, frames] f0, alpha and envelope at `CONTROL_RATE`, all stretches in one row.
        start: [stretches] first frame of each.
        stop: [stretches] frame after its last; the envelope is 0 in both outer frames.
        gamma: 1/s.
        samples_per_frame: samples delivered per frame of controls.

    Returns:
        stretches of [(frames - 1) * samples_per_frame] float32: envelope times normalised velocity.
    """
    if not len(start):
        return []
    curves = curves.astype(np.float32)
    per_stretch = -(-(stop - start - 1) // SEGMENT_FRAMES)
    first = np.concatenate([[0], np.cumsum(per_stretch)])
    stretch = np.repeat(np.arange(len(start)), per_stretch)
    segment = start[stretch] + SEGMENT_FRAMES * (np.arange(first[-1]) - first[stretch])
    # Summed in whole numbers, so that a song's phase is the same to the bit wherever it stands.
    steps = (0.5 * CYCLE / CONTROL_RATE) * (curves[0, :-1].astype(np.float64) + curves[0, 1:])
    passed = np.concatenate([[0], np.cumsum(steps.astype(np.int64))])
    phase = ((passed[segment] - passed[start[stretch]]) % CYCLE / CYCLE).astype(np.float32)
    # A stretch goes on at its last frame, where the envelope is 0, until its segment is full.
    within = np.arange(SEGMENT_FRAMES + 1)[:, None]
    f0, alpha, envelope = curves[:, np.minimum(segment + within, stop[stretch] - 1)]
    needed = harmonics_needed(f0.min(axis=0), gamma, CONTROL_RATE * samples_per_frame)
    sung = np.empty((len(segment), SEGMENT_FRAMES * samples_per_frame), np.float32)
    for harmonics in np.unique(needed):
        members = np.flatnonzero(needed == harmonics)
        for begin in range(0, len(members), LANES):
            block = members[begin : begin + LANES]
            lanes = np.pad(block, (0, LANES - len(block)), mode="edge")
            waves = sing(
                f0[:, lanes],
                alpha[:, lanes],
                envelope[:, lanes],
                gamma=gamma,
                samples_per_frame=samples_per_frame,
                harmonics=int(harmonics),
                phase=phase[lanes],
            )
            sung[block] = np.asarray(waves)[: len(block)]
    row = sung.ravel()
    begin = first[:-1] * sung.shape[1]
    length = (stop - start - 1) * samples_per_frame
    return [row[one : one + samples] for one, samples in zip(begin, length, strict=True)]


@partial(jax.jit, static_argnames=("gamma", "samples_per_frame", "harmonics"))
def _sum_harmonics(
    f0: jax.Array,
    alpha: jax.Array,
    envelope: jax.Array,
    phase: jax.Array | np.ndarray | float,
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
    # Whole cycles are left out as far as they can be: the sum stays small, and precise.
    passed = jax.lax.associative_scan(jnp.add, whole - jnp.round(whole), axis=0)
    begun = jnp.pad(passed[:-1], ((1, 0), (0, 0)))
    start = (begun + jnp.broadcast_to(phase, begun.shape))[:, None]
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


SEGMENT_FRAMES = 32
"""Length of a segment: short, since a stretch fills its last one half on average."""

LANES = 256
"""Segments side by side: many, since each call costs the same to begin."""

CYCLE = 2**32
"""Parts of a cycle in which phase is counted."""

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
