"""Refines fitted gestures by gradient through the `wavetable` engine.

The loss is a multi-resolution spectral one, as of DDSP (Engel et al. 2020, ICLR, section 4.2.1):
log power spectra under three windows, each over the recording's own background, on the frames that
sound. Songs are cut into pieces of one length, so that one compilation serves all.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from chingolo.synth.fit.fitted_song import Fit, analysis_rate, as_heard, heard_up_to, slowed
from chingolo.synth.fit.track.chirp_plane import RATE
from chingolo.synth.voice.birds import Bird
from chingolo.synth.voice.gestures import ALPHA_RANGE, Gesture, held, source_envelope
from chingolo.synth.voice.labia.integrate import CONTROL_RATE
from chingolo.synth.voice.tract import tract_response
from chingolo.synth.voice.wavetable import sing

SAMPLES_PER_FRAME = RATE // CONTROL_RATE
PIECE_FRAMES = 1024
"""Frames of a piece, 0.46 s."""

MARGIN_FRAMES = 32
"""Frames at either end of a piece that the next one sees too; half the longest window."""

LANES = 16
WINDOWS = (128, 256, 512)
"""Samples under the windows of the loss: 6, 12 and 23 ms."""

BAND = (1000.0, 10_000.0)
"""Hz, where spectra are compared."""

AMPLITUDE_KNOT, PITCH_KNOT = 8, 32
"""Frames between the knots of amplitude, and of f0 and alpha: 4 and 15 ms."""

MOST_PITCH = 0.003
"""Of the natural logarithm, how far f0 may move."""

MOST_AMPLITUDE = 1.5
"""Of the natural logarithm, how far the amplitude may move."""

MOST_ALPHA = 0.5
"""Of the natural logarithm, how far alpha may move."""

SMOOTHNESS = 0.02
"""Weight of the mean squared bend of the learned curves."""

RELUCTANCE = 0.1
"""Weight of their mean square: what the recording does not tell stays as it was."""

HARMONICS = 9

Pieces = dict[str, jax.Array]
Learned = Any
"""Knots of what is added to the logarithms of f0, amplitude and alpha: three [lanes, knots]."""


def refine(
    waves: Sequence[np.ndarray], fits: Sequence[Fit], bird: Bird, *, steps: int
) -> list[Fit]:
    """Moves f0, amplitude and alpha of fitted songs down the gradient of the spectral loss.

    Args:
        waves: [samples] recordings at `analysis_rate` of the bird.
        fits: of each recording.
        bird: whose constants were fitted.
        steps: of Adam; 0 leaves the fits as they are.

    Returns:
        The fits; a piece of a song changes only if its loss became less.
    """
    if not steps or not fits:
        return list(fits)
    times = RATE / analysis_rate(bird)
    fits, bird = [slowed(fit, 1 / times) for fit in fits], as_heard(bird)
    cut = [_cut(wave, fit, bird) for wave, fit in zip(waves, fits, strict=True)]
    owner = np.repeat(np.arange(len(fits)), [len(piece["f0"]) for piece in cut])
    stacked = {name: np.concatenate([piece[name] for piece in cut]) for name in cut[0]}
    moved = [np.zeros((len(owner), PIECE_FRAMES + 1), np.float32) for _ in range(3)]
    sounding = np.flatnonzero(stacked["heard"].any(axis=1))
    for begin in range(0, len(sounding), LANES):
        lanes = sounding[begin : begin + LANES]
        padded = np.pad(lanes, (0, LANES - len(lanes)), mode="edge")
        pieces = {name: jnp.asarray(values[padded]) for name, values in stacked.items()}
        learned, before, after = _descend(
            pieces, bird=bird, steps=steps, response=_response(bird, PIECE_FRAMES)
        )
        better = np.asarray(after < before)[: len(lanes)]
        for curve, values in zip(moved, learned, strict=True):
            curve[lanes[better]] = np.asarray(values)[: len(lanes)][better]
    return [
        slowed(_moved(fit, [curve[owner == number] for curve in moved], bird), times)
        for number, fit in enumerate(fits)
    ]


def _starts(frames: int) -> np.ndarray:
    """First frame of each piece of a song."""
    step = PIECE_FRAMES - 2 * MARGIN_FRAMES
    return np.arange(0, max(frames - 2 * MARGIN_FRAMES, 1), step) - MARGIN_FRAMES


def _cut(wave: np.ndarray, fit: Fit, bird: Bird) -> dict[str, np.ndarray]:
    """The pieces of one song: curves [pieces, frames], samples, background and what sounds."""
    gesture = fit.gesture
    frames = len(gesture.f0)
    starts = _starts(frames)
    index = starts[:, None] + np.arange(PIECE_FRAMES + 1)
    inside = (index >= 0) & (index < frames)
    at = index.clip(0, frames - 1)
    envelope = fit.gain * source_envelope(gesture, bird)
    sample = starts[:, None] * SAMPLES_PER_FRAME + np.arange(PIECE_FRAMES * SAMPLES_PER_FRAME)
    known = (sample >= 0) & (sample < len(wave))
    # Of one full scale, so that songs weigh the same however loud they were recorded.
    return {
        "f0": gesture.f0[at].astype(np.float32),
        "alpha": gesture.alpha[at].astype(np.float32),
        "envelope": (np.where(inside, envelope[at], 0.0) / fit.gain).astype(np.float32),
        "heard": inside & (gesture.amplitude[at] > 0),
        "wave": (np.where(known, wave[sample.clip(0, len(wave) - 1)], 0.0) / fit.gain).astype(
            np.float32
        ),
        "floor": np.broadcast_to(_floor(fit), (len(starts), len(_floor(fit)))).astype(np.float32),
    }


def _floor(fit: Fit) -> np.ndarray:
    """[bins] power density of the background relative to the song's, under the largest window."""
    frequency = np.arange(WINDOWS[-1] // 2 + 1) * RATE / WINDOWS[-1]
    # Nothing below -60 dB of the song is worth following.
    least = 10 ** (-60 / 10) * 0.5 / RATE
    floor = np.interp(frequency, fit.floor_frequency, fit.floor) / fit.gain**2 + least
    # where the recording holds nothing, nothing is compared: all lies under the background
    return np.where(frequency > heard_up_to(fit), 1.0, floor)


def _moved(fit: Fit, curves: list[np.ndarray], bird: Bird) -> Fit:
    """The fit with its curves moved by what its pieces learned."""
    gesture = fit.gesture
    frames = len(gesture.f0)
    whole = np.zeros((3, frames))
    for number, start in enumerate(_starts(frames)):
        own = np.arange(start + MARGIN_FRAMES * (number > 0), start + PIECE_FRAMES)
        own = own[(own >= 0) & (own < frames)]
        for row, curve in zip(whole, curves, strict=True):
            row[own] = curve[number, own - start]
    pitch, amplitude, alpha = whole
    notes = []
    refined = Gesture(
        f0=gesture.f0 * np.exp(pitch),
        amplitude=gesture.amplitude * np.exp(amplitude),
        alpha=gesture.alpha * np.exp(alpha),
    )
    refined = held(refined, bird)
    for note in fit.notes:
        at = slice(note.first, min(note.first + len(note.f0), frames))
        tail = len(note.f0) - (at.stop - at.start)
        notes.append(
            replace(
                note,
                f0=note.f0 * np.exp(np.pad(pitch[at], (0, tail), mode="edge")),
                amplitude=note.amplitude * np.exp(np.pad(amplitude[at], (0, tail), mode="edge")),
                alpha=float(np.exp(np.mean(np.log(refined.alpha[at])))),
            )
        )
    return replace(fit, gesture=refined, notes=tuple(notes))


@lru_cache(maxsize=8)
def _response(bird: Bird, frames: int) -> np.ndarray:
    """[bins] of the tract, over a piece and as much silence."""
    count = 2 * frames * SAMPLES_PER_FRAME
    return tract_response(np.fft.rfftfreq(count, 1 / RATE), bird).astype(np.complex64)


def _between_knots(values: jax.Array, spacing: int) -> jax.Array:
    """[lanes, knots] -> [lanes, (knots - 1) * spacing + 1] by straight lines."""
    fraction = jnp.arange(spacing, dtype=values.dtype) / spacing
    rise = values[:, 1:] - values[:, :-1]
    inner = values[:, :-1, None] + rise[:, :, None] * fraction[None, None]
    return jnp.concatenate([inner.reshape(values.shape[0], -1), values[:, -1:]], axis=1)


def _curves(learned: Learned) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Knots to what is added to the logarithms of f0, amplitude and alpha, [lanes, frames]."""
    pitch, amplitude, alpha = learned
    return (
        MOST_PITCH * jnp.tanh(_between_knots(pitch, PITCH_KNOT)),
        MOST_AMPLITUDE * jnp.tanh(_between_knots(amplitude, AMPLITUDE_KNOT)),
        MOST_ALPHA * jnp.tanh(_between_knots(alpha, PITCH_KNOT)),
    )


def _spectra(waves: jax.Array, floor: jax.Array) -> list[jax.Array]:
    """Log power over the background under each window, [lanes, frames, bins] within `BAND`."""
    found = []
    for window in WINDOWS:
        shape = jnp.asarray(np.hanning(window + 1)[:-1], waves.dtype)
        hop = window // 2
        blocks = waves.reshape(waves.shape[0], -1, hop)
        frames = jnp.concatenate([blocks[:, :-1], blocks[:, 1:]], axis=2) * shape[None, None]
        spectrum = jnp.fft.rfft(frames)
        low, high = (round(edge * window / RATE) for edge in BAND)
        power = (jnp.square(spectrum.real) + jnp.square(spectrum.imag))[..., low:high]
        density = floor[:, :: WINDOWS[-1] // window][:, None, low:high]
        background = density * (0.5 * RATE * jnp.sum(shape**2))
        found.append(jnp.log(power + background))
    return found


def _loss(
    learned: Learned,
    pieces: Pieces,
    target: list[jax.Array],
    gamma: float,
    response: jax.Array,
) -> jax.Array:
    """[lanes] mean absolute difference of the log spectra on sounding frames, and the bends."""
    pitch, amplitude, alpha = _curves(learned)
    sung = sing(
        (pieces["f0"] * jnp.exp(pitch)).T,
        jnp.clip(pieces["alpha"] * jnp.exp(alpha), *ALPHA_RANGE).T,
        (pieces["envelope"] * jnp.exp(amplitude)).T,
        gamma=gamma,
        samples_per_frame=SAMPLES_PER_FRAME,
        harmonics=HARMONICS,
    )
    count = sung.shape[1]
    heard = jnp.fft.irfft(jnp.fft.rfft(sung, 2 * count) * response[None], 2 * count)[:, :count]
    total = jnp.zeros(heard.shape[0])
    for window, ours, theirs in zip(WINDOWS, _spectra(heard, pieces["floor"]), target, strict=True):
        hop = window // 2
        at = (jnp.arange(ours.shape[1]) + 1) * hop // SAMPLES_PER_FRAME
        weight = pieces["heard"][:, at].astype(ours.dtype)
        mean = jnp.abs(ours - theirs).mean(axis=2)
        total += (mean * weight).sum(axis=1) / (weight.sum(axis=1) + 1) / len(WINDOWS)
    for knots in learned:
        total += SMOOTHNESS * jnp.square(jnp.diff(knots, 2)).mean(axis=1)
        total += RELUCTANCE * jnp.square(knots).mean(axis=1)
    return total


@partial(jax.jit, static_argnames=("bird", "steps"))
def _descend(
    pieces: Pieces, *, bird: Bird, steps: int, response: jax.Array
) -> tuple[tuple[jax.Array, ...], jax.Array, jax.Array]:
    """Adam on pieces [LANES, ...]; what is added to ln f0, ln amplitude, ln alpha; both losses."""
    lanes = pieces["f0"].shape[0]
    target = _spectra(pieces["wave"], pieces["floor"])
    knots = [PIECE_FRAMES // spacing + 1 for spacing in (PITCH_KNOT, AMPLITUDE_KNOT, PITCH_KNOT)]
    start = tuple(jnp.zeros((lanes, count)) for count in knots)
    optimiser = optax.adam(optax.cosine_decay_schedule(0.1, steps))

    def loss(learned: Learned) -> jax.Array:
        return _loss(learned, pieces, target, bird.gamma, response)

    def step(carry, _):
        learned, state = carry
        # Lanes do not meet in the loss, so the slopes of the sum are those of each.
        slopes = jax.grad(lambda learned: loss(learned).sum())(learned)
        updates, state = optimiser.update(slopes, state)
        return (optax.apply_updates(learned, updates), state), None

    (learned, _), _ = jax.lax.scan(step, (start, optimiser.init(start)), None, length=steps)
    return _curves(learned), loss(start), loss(learned)
