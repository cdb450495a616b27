"""Views: random changes of a spectrogram that its song's identity survives; each one pure in a key.

Those on natural-log power come first (gain, noise, mixing), those on the cleaned and normalised
spectrogram after it (shift, crop, masks). By default none stretches time or pitch: both carry the
dialect.
"""

import math

import jax
import jax.numpy as jnp
from jax import Array

from chingolo.synth.spectra.front_end import FrontEnd
from chingolo.synth.spectra.noise_floor import PADDING_IS_0
from chingolo.train.settings.training import Views

DB = 0.1 * math.log(10.0)
"""Natural-log units of power in a decibel."""


def gain(key: Array, log_mel: Array, largest_db: float) -> Array:
    """Changes the level of the whole clip [frames, n_mels] by up to `largest_db`, dB."""
    return log_mel + DB * jax.random.uniform(key, (), minval=-largest_db, maxval=largest_db)


def fader(key: Array, log_mel: Array, largest_db: float) -> Array:
    """Changes the level linearly in dB from start to end (BYOL-A's random linear fader)."""
    ends = DB * jax.random.uniform(key, (2,), minval=-largest_db / 2, maxval=largest_db / 2)
    ramp = jnp.linspace(0.0, 1.0, log_mel.shape[0])[:, None]
    return log_mel + ends[0] * (1 - ramp) + ends[1] * ramp


def filtering(key: Array, log_mel: Array, largest_db: float) -> Array:
    """Applies a smooth random filter: gains at 5 points over the bands, linear between, dB."""
    gains = jax.random.uniform(key, (5,), minval=-largest_db, maxval=largest_db)
    bands = jnp.linspace(0.0, 4.0, log_mel.shape[1])
    return log_mel + DB * jnp.interp(bands, jnp.arange(5.0), gains)[None, :]


def draw_grain(key: Array, frames: int, n_mels: int) -> Array:
    """Log power of white noise in mel bands, [frames, n_mels], mean power 1.

    A band averages a few bins: gamma of shape 2. It is drawn once for a batch (random bits are dear
    on CPU), and every clip takes it from another start.
    """
    return jnp.log(jax.random.exponential(key, (2, frames, n_mels)).mean(axis=0) + 1e-6)


def take_grain(key: Array, grain: Array) -> Array:
    """The batch's grain from a random frame on, with its bands turned by a random number."""
    by = jax.random.randint(key, (2,), 0, jnp.array(grain.shape))
    return jnp.roll(grain, by, axis=(0, 1))


def noise(
    key: Array, log_mel: Array, grain: Array, level_db: tuple[float, float], share: float
) -> Array:
    """Adds noise of a random level and tilt to a share of the clips.

    Args:
        key: randomness.
        log_mel: [frames, n_mels] natural-log power.
        grain: [frames, n_mels] from `draw_grain`.
        level_db: level against the clip's mean power, dB, from and to.
        share: probability that noise is added.
    """
    chance, level, tilt, start = jax.random.split(key, 4)
    mean = jnp.log(jnp.mean(jnp.exp(log_mel)) + 1e-10)
    slope = DB * jax.random.uniform(tilt, (), minval=-8.0, maxval=8.0)
    bands = slope * jnp.linspace(-1.0, 1.0, log_mel.shape[1])[None, :]
    loud = DB * jax.random.uniform(level, (), minval=level_db[0], maxval=level_db[1])
    noisy = jnp.logaddexp(log_mel, mean + loud + bands + take_grain(start, grain))
    return jnp.where(jax.random.uniform(chance) < share, noisy, log_mel)


def log_mixup_exp(key: Array, log_mel: Array, partner: Array, largest: float) -> Array:
    """Mixes the power of another clip in, by a share of up to `largest` (BYOL-A, equation 3)."""
    share = jax.random.uniform(key, (), maxval=largest)
    return jnp.logaddexp(jnp.log1p(-share) + log_mel, jnp.log(share + 1e-8) + partner)


def tape(key: Array, log_mel: Array, grain: Array, front_end: FrontEnd, share: float) -> Array:
    """Sends a share of the clips through an old tape recorder: narrow band, hiss, uneven level."""
    chance, upper, hiss, start, phase = jax.random.split(key, 5)
    bands = jnp.linspace(0.0, 1.0, log_mel.shape[1])[None, :]
    cutoff = jax.random.uniform(upper, (), minval=0.6, maxval=1.0)
    rolloff = -DB * 60.0 * jnp.maximum(bands - cutoff, 0.0) / 0.3
    seconds = jnp.arange(log_mel.shape[0])[:, None] * front_end.hop / front_end.sample_rate
    wobble = DB * 1.5 * jnp.sin(6.0 * seconds + 6.28 * jax.random.uniform(phase))
    level = jax.random.uniform(hiss, (), minval=-45.0, maxval=-25.0)
    peak = jnp.max(log_mel)
    floor = peak + DB * level + 2.0 * DB * bands + take_grain(start, grain)
    taped = jnp.logaddexp(log_mel + rolloff + wobble, floor)
    return jnp.where(jax.random.uniform(chance) < share, taped, log_mel)


def shift(
    key: Array, spectrogram: Array, largest: int, fill: Array, goes_on: Array | None = None
) -> Array:
    """Moves the clip by up to `largest` frames either way.

    What is uncovered is `fill`, or what the clip ends with where that frame `goes_on`, [frames].
    """
    if largest <= 0:
        return spectrogram
    frames = spectrogram.shape[0]
    by = jax.random.randint(key, (), -largest, largest + 1)
    origin = jnp.arange(frames) - by
    nearest = jnp.clip(origin, 0, frames - 1)
    moved = jnp.take(spectrogram, nearest, axis=0)
    kept = (origin >= 0) & (origin < frames)
    if goes_on is not None:
        kept |= jnp.take(goes_on, nearest)
    return jnp.where(kept[:, None], moved, fill)


def crop(key: Array, spectrogram: Array, scale: tuple[float, float], fill: Array) -> Array:
    """Keeps a random stretch of the clip, a share of `scale` of it; the rest is `fill`."""
    length_key, start_key = jax.random.split(key)
    frames = spectrogram.shape[0]
    kept = frames * jax.random.uniform(length_key, (), minval=scale[0], maxval=scale[1])
    start = jax.random.uniform(start_key) * (frames - kept)
    frame = jnp.arange(frames)
    return jnp.where(((frame >= start) & (frame < start + kept))[:, None], spectrogram, fill)


def resized_crop(key: Array, spectrogram: Array, scale: tuple[float, float], frames: int) -> Array:
    """Stretches a random part of time and of the bands to [frames, n_mels] (BYOL-A).

    This changes tempo and pitch. `scale` is the share of the area that is kept, from and to.
    """
    area, aspect, corner = jax.random.split(key, 3)
    tall, wide = spectrogram.shape
    kept = jnp.sqrt(jax.random.uniform(area, (), minval=scale[0], maxval=scale[1]))
    skew = jnp.exp(0.3 * jax.random.uniform(aspect, (), minval=-1.0, maxval=1.0))
    size = jnp.minimum(jnp.stack([kept * skew, kept / skew]), 1.0)
    start = jax.random.uniform(corner, (2,)) * (1.0 - size)
    stretch = jnp.stack([frames / (tall * size[0]), 1.0 / size[1]])
    move = -start * jnp.stack([tall * stretch[0], wide * stretch[1]])
    return jax.image.scale_and_translate(
        spectrogram, (frames, wide), (0, 1), stretch, move, "linear", antialias=False
    )


def local_crop(key: Array, spectrogram: Array, song: Array, frames: int) -> tuple[Array, Array]:
    """Cuts a stretch of that many frames (or all there are), and tells which of them are song."""
    frames = min(frames, spectrogram.shape[0])
    start = jax.random.randint(key, (), 0, spectrogram.shape[0] - frames + 1)
    cut = jax.lax.dynamic_slice_in_dim
    return cut(spectrogram, start, frames), cut(song, start, frames)


def mask(key: Array, spectrogram: Array, longest: float, axis: int, fill: Array) -> Array:
    """Covers two random stretches of up to `longest` frames (axis 0) or bands (axis 1)."""
    if longest <= 0:
        return spectrogram
    size = spectrogram.shape[axis]
    lengths, starts = jax.random.uniform(key, (2, 1, 2))
    position = jnp.arange(size)[:, None]
    start = starts * size
    covered = jnp.any((position >= start) & (position < start + lengths * longest), axis=1)
    return jnp.where(jnp.expand_dims(covered, 1 - axis), fill, spectrogram)


def power_views(
    key: Array, log_mel: Array, partner: Array, grain: Array, views: Views, front_end: FrontEnd
) -> Array:
    """Views of recording and background, on natural-log power.

    Args:
        key: randomness of this clip.
        log_mel: [frames, n_mels].
        partner: [frames, n_mels], another song to mix in.
        grain: [frames, n_mels] from `draw_grain`.
        views: settings.
        front_end: settings.
    """
    keys = jax.random.split(key, 6)
    if views.mixup > 0:
        log_mel = log_mixup_exp(keys[0], log_mel, partner, views.mixup)
    if views.noise_share > 0:
        log_mel = noise(keys[2], log_mel, grain, views.noise_db, views.noise_share)
    if views.tape_share > 0:
        log_mel = tape(keys[3], log_mel, grain, front_end, views.tape_share)
    return fader(keys[4], log_mel, views.fader_db) if views.fader_db > 0 else log_mel


def level_views(key: Array, spectrogram: Array, views: Views, front_end: FrontEnd) -> Array:
    """Views of level and response.

    Args:
        key: randomness of this clip.
        spectrogram: [frames, n_mels] of what stands above the noise, whose floor would take them
            off again; there the background stays 0. Natural-log power for `none` and `pcen`, which
            take no floor off (and PCEN is no logarithm).
        views: settings.
        front_end: settings.
    """
    keys = jax.random.split(key, 6)
    out = spectrogram
    if views.filter_db > 0:
        out = filtering(keys[1], out, views.filter_db)
    if views.gain_db > 0:
        out = gain(keys[5], out, views.gain_db)
    if not PADDING_IS_0[front_end.noise]:
        return out
    return jnp.where(spectrogram == 0, 0.0, out.clip(0.0))


def shape_views(
    key: Array,
    spectrogram: Array,
    song: Array,
    fill: Array,
    blank: Array,
    views: Views,
    front_end: FrontEnd,
) -> tuple[Array, Array]:
    """Views of what is seen of the song.

    Args:
        key: randomness of this clip.
        spectrogram: [frames, n_mels] normalised.
        song: [frames] bool, which of them are not padding.
        fill: what background looks like.
        blank: what padding looks like.
        views: settings.
        front_end: settings.

    Returns:
        The view, and which of its frames are song.
    """
    keys = jax.random.split(key, 4)
    per_second = front_end.sample_rate / front_end.hop
    padding = jnp.broadcast_to(jnp.where(song, 0.0, 1.0)[:, None], spectrogram.shape)
    goes_on = None if PADDING_IS_0[front_end.noise] else ~song

    def seen(spectrogram: Array, fill: Array) -> Array:
        out = shift(keys[0], spectrogram, round(views.shift_s * per_second), fill, goes_on)
        if views.crop_frames:
            return resized_crop(keys[1], out, views.crop_scale, views.crop_frames)
        return crop(keys[1], out, views.crop_scale, fill) if views.crop_scale[0] < 1 else out

    out, padding = seen(spectrogram, blank), seen(padding, jnp.ones(()))
    out = mask(keys[2], out, views.time_mask_s * per_second, 0, fill)
    return mask(keys[3], out, views.frequency_mask, 1, fill), padding.mean(axis=1) < 0.5
