"""What a log-mel spectrogram holds above its noise, and its scale: the rest of the front end."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.log_mel import POWER_FLOOR

LOW_QUANTILE = 0.1
"""Of a band's frames: what a band falls to between notes."""

QUIET_BANDS = 0.25
"""Quantile over neighbouring bands: a whistle and its skirts leave three quarters of them free."""

MARGIN = 2.0
"""Natural-log units by which noise may stand above the low quantile of its neighbourhood: that much
has the typical frame of noise, a tilt of its spectrum, a band louder than its neighbours."""

NOTHING = 45 * math.log(10) / 10
"""Natural-log units (45 dB) below three quarters of the bands, where a recording holds nothing."""

TAKEN_OFF = math.log(2)
"""Natural-log units above the floor that `subtract` takes off: noise scatters about its median."""

LOOKED_AT = 64
"""Frames that a floor is taken from, evenly spread; a sort is slow on CPU."""

SILENCE = math.log(POWER_FLOOR)
"""What `log_mel` says of digital silence."""

FEWEST_FRAMES = 8
"""Of background, for a floor of it."""

PADDING_IS_0 = {"none": False, "floor": True, "subtract": False, "median": True, "pcen": False}
"""Noise-robust option -> whether padding comes to 0, as background does, whatever its power."""


@struct.dataclass
class Heard:
    """Which frames of clips are the song, and which its background."""

    song: Array
    """[batch, frames] bool: sound between the song's edges."""

    background: Array
    """[batch, frames] bool: sound of the recording, clear of the song's edges."""


def silent_frames(log_mel: Array) -> Array:
    """True for frames without any sound: digital silence or padding. [..., frames, 1] bool."""
    return jnp.all(log_mel <= jnp.log(POWER_FLOOR) + 1e-3, axis=-1, keepdims=True)


def heard_frames(log_mel: Array, front_end: FrontEnd, edges: Array | None = None) -> Heard:
    """Tells song, background and padding apart.

    Args:
        log_mel: [batch, frames, n_mels] of the clips as they were recorded.
        front_end: settings.
        edges: [batch, 2] first sample of each song and the one behind its last; without them, and
            for front ends that hear no context, all sound is song.
    """
    sound = ~silent_frames(log_mel)[..., 0]
    if edges is None or not front_end.context_s:
        return Heard(sound, jnp.zeros_like(sound))
    middle = front_end.hop * jnp.arange(log_mel.shape[1])[None]
    start, stop = edges[:, :1], edges[:, 1:]
    near, clear = front_end.hop // 2, front_end.n_fft // 2
    song = (middle > start - near) & (middle < stop + near)
    away = (middle < start - clear) | (middle > stop + clear)
    # a window that reaches beyond the recording hears less than its noise
    span = front_end.n_fft // front_end.hop
    beyond = jnp.pad(~sound, ((0, 0), (span, span)))
    cut = jnp.stack([beyond[:, i : i + sound.shape[1]] for i in range(2 * span + 1)]).any(axis=0)
    return Heard(sound & song, sound & away & ~cut)


def noise_floor(
    log_power: Any, frames: Any, *, reach: int, quantile: float = 0.5, margin: float = MARGIN
) -> Any:
    """Noise of each band: what cannot be song.

    It is a quantile of the band over time, but no more than `margin` above what the quieter of the
    neighbouring bands fall to, of those that the recording holds (`recorded_bands`). So a whistle
    that sounds in every frame is not taken for noise.
    NumPy's arrays give NumPy's, JAX's give JAX's.

    Args:
        log_power: [batch, frames, bands] natural logarithm of power.
        frames: [batch, frames] bool, those to go by; background where there is any.
        reach: bands to either side that are neighbours.
        quantile: of the frames.
        margin: natural-log units; more where a band is one Fourier bin, whose noise scatters more.

    Returns:
        [batch, bands]; 0 where there is no frame to go by.
    """
    xp: Any = jnp if isinstance(log_power, jax.Array) else np
    bands, count = log_power.shape[2], frames.sum(axis=1)[:, None]
    first = xp.argsort(~frames, axis=1, stable=True)
    steps = (np.arange(LOOKED_AT) + 0.5) / LOOKED_AT
    place = xp.take_along_axis(first, (steps[None] * count).astype(int), axis=1)
    some = xp.sort(xp.take_along_axis(log_power, place[..., None], axis=1), axis=1)
    typical, middle, low = (
        some[:, int(q * (LOOKED_AT - 1))] for q in (quantile, 0.5, LOW_QUANTILE)
    )
    reach = min(reach, (bands - 1) // 2)
    start = np.clip(np.arange(bands) - reach, 0, bands - 1 - 2 * reach)
    near = start[:, None] + np.arange(2 * reach + 1)[None]
    held = recorded_bands(middle, fewest=2 * reach + 1)
    around = xp.sort(xp.where(held, low, np.inf)[:, near], axis=2)
    place = (QUIET_BANDS * xp.maximum(held[:, near].sum(axis=2) - 1, 0)).astype(int)
    quiet = xp.take_along_axis(around, place[..., None], axis=2)[..., 0]
    return xp.where(count > 0, xp.minimum(typical, quiet + margin), 0.0)


def recorded_bands(level: Any, *, fewest: int) -> Any:
    """The bands that a recording holds: beyond, a lower sample rate or a filter left nothing.

    Nothing does not tell that the noise beside it is too loud for noise.

    Args:
        level: [batch, bands] natural logarithm of each band's power over time.
        fewest: bands that a recording holds: fewer are a sound in silence.

    Returns:
        [batch, bands] bool: all bands, unless those towards an end lie `NOTHING` below the others.
    """
    xp: Any = jnp if isinstance(level, jax.Array) else np
    there = level >= xp.quantile(level, 0.75, axis=1, keepdims=True) - NOTHING
    bands = np.arange(level.shape[1])[None]
    first, last = there.argmax(axis=1), bands.size - 1 - there[:, ::-1].argmax(axis=1)
    held = (bands >= first[:, None]) & (bands <= last[:, None])
    return held | (held.sum(axis=1, keepdims=True) < fewest)


def above_noise(log_mel: Array, front_end: FrontEnd, heard: Heard | None = None) -> Array:
    """Applies the noise-robust option.

    With `floor`, a band's floor is that of the background around the song where the recording has
    it, else what cannot be song (`noise_floor`); what lies below is cut: the background is 0, and
    so is padding. A short song in a padded clip therefore looks the same as one in a long quiet
    recording, without a mask in the encoder. `subtract` takes twice the floor's power off instead,
    and padding is silence. `median`, of encoders of version 0.1, takes the song's
    own median for its floor, which erases sounds that last.

    Args:
        log_mel: [batch, frames, n_mels], natural logarithm of power.
        front_end: settings.
        heard: of `heard_frames` on the clips as they were recorded; None takes it from `log_mel`.

    Returns:
        [batch, frames, n_mels]; `none` leaves the values as they are, and `subtract` gives powers'
        logarithms too.
    """
    if front_end.noise == "none":
        return log_mel
    if front_end.noise == "pcen":
        return pcen(jnp.exp(log_mel), front_end)
    heard = heard_frames(log_mel, front_end) if heard is None else heard
    if front_end.noise == "median":
        floor = _median(log_mel[:, ::8], heard.song[:, ::8])
    else:
        enough = heard.background.sum(axis=1, keepdims=True) >= FEWEST_FRAMES
        frames = jnp.where(enough, heard.background, heard.song)
        floor = noise_floor(log_mel, frames, reach=front_end.n_mels // 8)
    if front_end.noise == "subtract":
        rest = jnp.exp(log_mel) - jnp.exp(floor + TAKEN_OFF)[:, None]
        return jnp.where(heard.song[..., None], jnp.log(jnp.maximum(rest, POWER_FLOOR)), SILENCE)
    return jnp.where(heard.song[..., None], jnp.maximum(log_mel - floor[:, None], 0.0), 0.0)


def silence(front_end: FrontEnd) -> Array:
    """[] what `above_noise` makes of digital silence that has lasted."""
    nothing = jnp.full((1, 1, 1), POWER_FLOOR)
    if PADDING_IS_0[front_end.noise]:
        return jnp.zeros(())
    return (pcen(nothing, front_end) if front_end.noise == "pcen" else jnp.log(nothing))[0, 0, 0]


def _median(log_mel: Array, song: Array) -> Array:
    """[batch, n_mels] lower median over the song's frames."""
    ordered = jnp.sort(jnp.where(song[..., None], log_mel, jnp.inf), axis=1)
    middle = jnp.maximum(song.sum(axis=1) - 1, 0)[:, None, None] // 2
    middle = jnp.broadcast_to(middle, (len(song), 1, log_mel.shape[2]))
    floor = jnp.take_along_axis(ordered, middle, axis=1)[:, 0]
    return jnp.where(jnp.isfinite(floor), floor, 0.0)


def pcen(power: Array, front_end: FrontEnd) -> Array:
    """Per-channel energy normalisation with the constants of Lostanlen et al. 2019 (librosa's).

    Args:
        power: [batch, frames, n_mels] mel power; full scale is 1.
        front_end: settings; the time constant is 0.4 s.

    Returns:
        [batch, frames, n_mels].
    """
    gain, bias, exponent, epsilon = 0.98, 2.0, 0.5, 1e-6
    # librosa expects magnitudes of 31-bit integers; the same scale on power
    magnitude = jnp.sqrt(power) * 2.0**31
    frames = 0.4 * front_end.sample_rate / front_end.hop
    smoothing = (np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)

    def smooth(carry: Array, frame: Array) -> tuple[Array, Array]:
        carry = (1 - smoothing) * carry + smoothing * frame
        return carry, carry

    _, smoothed = jax.lax.scan(smooth, magnitude[:, 0], jnp.moveaxis(magnitude, 1, 0))
    smoothed = jnp.moveaxis(smoothed, 0, 1)
    return (magnitude / (epsilon + smoothed) ** gain + bias) ** exponent - bias**exponent


AS_IT_IS = (0.0, 1.0 - 1e-5)
"""Mean and variance by which `normalise` changes nothing."""


def normalise(spectrogram: Array, mean: Array, variance: Array) -> Array:
    """Scales by running statistics of the whole corpus.

    Args:
        spectrogram: [batch, frames, n_mels].
        mean: [] running mean over every value.
        variance: [] running variance.
    """
    return (spectrogram - mean) / jnp.sqrt(variance + 1e-5)
