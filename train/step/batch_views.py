"""Views of a batch: every song's, from its waveform to normalised log-mel."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from chingolo.synth.spectra.log_mel import POWER_FLOOR, log_mel
from chingolo.synth.spectra.noise_floor import (
    PADDING_IS_0,
    above_noise,
    heard_frames,
    normalise,
    silence,
)
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.objective.devices import Devices
from chingolo.train.settings.training import TrainingSettings
from chingolo.train.step.state import State
from chingolo.train.step.views import (
    draw_grain,
    level_views,
    local_crop,
    power_views,
    shape_views,
)

Batch = Mapping[str, Any]


@struct.dataclass
class StepViews:
    """What `make_views` makes of a batch."""

    whole: Array
    """[2, songs, frames, n_mels]."""

    sound: Array
    """[2, songs, frames] bool, frames of `whole` that are song and not padding."""

    local: Array | None
    """[local views, songs, local frames, n_mels]."""

    local_sound: Array | None
    """[local views, songs, local frames] bool."""

    keys: Array
    """[2 songs] keys for hiding patches."""

    key: Array
    """The step's key."""

    mean: Array
    """[] running mean of the front end's output."""

    variance: Array
    """[] running variance of the front end's output."""


def make_views(
    training: TrainingSettings, state: State, batch: Batch, devices: Devices
) -> StepViews:
    """Views of every song, normalised by the running statistics that they bring up to date.

    An encoder that hears log-mel as it is keeps the statistics of the state.
    """
    front_end, settings = training.front_end, training.views
    songs = batch["first"].shape[0]
    key = jax.random.fold_in(jax.random.wrap_key_data(state.key), state.step)
    place = jnp.arange(songs) + songs * devices.index()
    keys = jax.vmap(
        lambda index: jax.random.split(jax.random.fold_in(key, index), 6 + settings.local_views)
    )(place)

    # without a second, both views are of one clip, heard once
    clips = [batch[name] for name in ("first", "second") if name in batch]
    power = log_mel(jnp.concatenate(clips), front_end)
    power = power if len(clips) == 2 else jnp.concatenate([power, power])
    # what is song is told before a view changes it: padding never gets a song's level
    edges = batch.get("edges")
    heard = heard_frames(
        power, front_end, None if edges is None else jnp.concatenate([edges[:, 0], edges[:, 1]])
    )
    recorded_power = power
    power = power.reshape(2, songs, *power.shape[1:])
    partners = power
    total = songs * devices.count()
    if settings.mixup > 0:
        everyone = devices.gather(power)
        # each view has a partner of its own, or the background would tell the pair
        others = jax.random.randint(jax.random.fold_in(key, total), (2,), 1, max(2, total))
        partners = jnp.stack([everyone[i, (place + others[i]) % total] for i in range(2)])
    grain = draw_grain(jax.random.fold_in(key, total + 1), *power.shape[2:])

    def recorded(key: Array, clip: Array, partner: Array) -> Array:
        return power_views(key, clip, partner, grain, settings, front_end)

    power = jnp.stack([jax.vmap(recorded)(keys[:, i], power[i], partners[i]) for i in range(2)])
    levels = jax.vmap(lambda key, clip: level_views(key, clip, settings, front_end))
    level_keys = jnp.concatenate([keys[:, 0], keys[:, 1]])
    flat = power.reshape(2 * songs, *power.shape[2:])
    if PADDING_IS_0[front_end.noise]:
        clean = levels(level_keys, above_noise(flat, front_end, heard))
    else:
        flat = jnp.maximum(levels(level_keys, flat), math.log(POWER_FLOOR))
        flat = jnp.where(heard.song[..., None], flat, recorded_power)
        clean = above_noise(flat, front_end, heard)

    first, second = devices.mean((jnp.mean(clean), jnp.mean(clean**2)))
    old = jnp.minimum(0.99, state.step / (state.step + 1.0))
    mean, variance = state.mean, state.variance
    if ENCODERS[training.encoder.kind].normalised:
        mean = old * mean + (1 - old) * first
        variance = old * variance + (1 - old) * (second - first**2)
    spectrogram = normalise(clean, mean, variance).reshape(power.shape)
    # what is masked looks like background: 0 before normalising where the noise is taken off
    logs = front_end.noise in ("none", "subtract")  # of power: 0 would be loud
    fill = jnp.zeros(()) if logs else normalise(jnp.zeros(()), mean, variance)
    padding = fill
    if not PADDING_IS_0[front_end.noise]:
        padding = normalise(silence(front_end), mean, variance)
    sound = heard.song.reshape(power.shape[:3])

    def shaped(key: Array, clip: Array, song: Array) -> tuple[Array, Array]:
        return shape_views(key, clip, song, fill, padding, settings, front_end)

    whole = [jax.vmap(shaped)(keys[:, 2 + i], spectrogram[i], sound[i]) for i in range(2)]
    frames = round(settings.local_s * front_end.sample_rate / front_end.hop)
    local = [
        jax.vmap(lambda key, clip, song: local_crop(key, clip, song, frames))(
            keys[:, 6 + i], spectrogram[i % 2], sound[i % 2]
        )
        for i in range(settings.local_views)
    ]
    return StepViews(
        jnp.stack([view for view, _ in whole]),
        jnp.stack([song for _, song in whole]),
        jnp.stack([view for view, _ in local]) if local else None,
        jnp.stack([song for _, song in local]) if local else None,
        jnp.concatenate([keys[:, 4], keys[:, 5]]),
        key,
        mean,
        variance,
    )
