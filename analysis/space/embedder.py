"""What songs are sent through to become vectors: an encoder of ours or of others, laid out."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from chingolo.analysis.space.outside.installed import installed_encoders, load_outside
from chingolo.analysis.space.outside.outside_encoder import (
    CheckedEncoder,
    OutsideEncoder,
    check_encoder,
)
from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.tables.files import InputError
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.parallel import local_devices, parallel_apply
from chingolo.train.run.trained_encoder import (
    TrainedEncoder,
    apply_encoder,
    load_encoder,
    shipped_encoders,
)
from chingolo.train.settings.training import TrainingSettings

SHORTEST_CLIP_S = 1.25
"""Of an encoder of any length, s: fewer lengths are fewer compilations."""

SHORTEST_S = 0.01
"""Of a song that an encoder of others hears, s."""


@dataclass(frozen=True)
class Embedder:
    """An encoder as songs are sent through it, whoever made it."""

    about: dict[str, Any]
    """What a latent table tells of what made it; `checkpoint` tells its vectors from others'."""

    classes: tuple[str, ...]
    """Names of the labels that it tells; none for most."""

    dimensions: int

    sample_rate: int
    """Of what it hears, Hz."""

    context_s: float
    """How much of the recording it hears on each side of a song, s."""

    least: int
    """Samples that a song has at least."""

    least_told: str
    """The same in words."""

    lengths: tuple[int, ...]
    """Samples of the clips that songs are brought to, the shortest first."""

    any_level: bool
    """Whether it hears of any level what it hears of one, so that songs are brought to one."""

    batch: int
    """Clips at a time, over all devices."""

    forward: Callable[[tuple[np.ndarray, np.ndarray]], tuple[np.ndarray, np.ndarray]]
    """Up to a batch of clips [clips, samples] and edges of the songs in them [clips, 2] -> z
    [clips, dimensions] and probabilities [clips, classes]."""

    @property
    def hash(self) -> str:
        """Tells its vectors from those of other encoders."""
        return self.about["checkpoint"]


def load_embedder(run: str | Path, *, batch: int = 64) -> Embedder:
    """Loads an encoder by the name that commands take.

    Args:
        run: a training run or its encoder's folder; where there is none of that name, an encoder
            that comes along, or one that an installed package brings.
        batch: see `make_embedder`.

    Raises:
        InputError: if there is none, or it cannot be loaded.
    """
    name = str(run)
    if Path(run).exists() or name in shipped_encoders():
        return make_embedder(load_encoder(run), batch=batch)
    outside = installed_encoders()
    if name in outside:
        return make_embedder(load_outside(name), batch=batch)
    raise InputError(
        f"{run}: no such run, nor an encoder that comes along ({', '.join(shipped_encoders())}) or "
        f"that an installed package brings ({', '.join(outside) or 'none'})"
    )


def make_embedder(
    encoder: TrainedEncoder | OutsideEncoder | CheckedEncoder, *, batch: int = 64
) -> Embedder:
    """Lays an encoder out on this host's devices.

    Args:
        encoder: of `load_encoder`, or as `train` returns it, or any object that is an
            `OutsideEncoder`.
        batch: clips at a time over all devices, rounded up to a multiple of their number.

    Raises:
        InputError: if it is no encoder, or one of others that does not work.
    """
    if batch < 1:
        raise InputError(f"a batch of {batch} clips; expected at least 1")
    if isinstance(encoder, TrainedEncoder):
        return _of_ours(encoder, -(-batch // local_devices()) * local_devices())
    checked = encoder if isinstance(encoder, CheckedEncoder) else check_encoder(encoder)
    return _of_others(checked, batch)


def _of_ours(encoder: TrainedEncoder, batch: int) -> Embedder:
    front_end, method = encoder.settings.front_end, encoder.settings.method.name
    classes = encoder.classes

    def encode_clips(params: dict[str, Any], batch: tuple[Array, Array]) -> tuple[Array, Array]:
        return encode(dataclasses.replace(encoder, params=params), *batch)

    compiled = parallel_apply(encode_clips, encoder.params)

    def forward(heard: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        # one shape for all batches of a length: one compilation
        blank = batch - len(heard[0])
        z, probability = compiled(tuple(np.pad(each, [(0, blank), (0, 0)]) for each in heard))
        return z[: batch - blank], probability[: batch - blank]

    return Embedder(
        about={
            **({"encoder": encoder.name} if encoder.name else {}),
            "checkpoint": encoder.hash,
            **dataclasses.asdict(front_end),
            "front_end": f"{front_end.n_mels} mels, {front_end.f_min:g}-{front_end.highest:g} Hz",
            "method": method + (f" with the labels of {len(classes)} classes" if classes else ""),
            "classes": list(classes),
        },
        classes=classes,
        dimensions=encoder.settings.encoder.dimensions,
        sample_rate=front_end.sample_rate,
        context_s=front_end.context_s,
        least=front_end.n_fft,
        least_told=f"one window of {front_end.n_fft} samples",
        lengths=clip_lengths(encoder.settings),
        any_level=ENCODERS[encoder.settings.encoder.kind].any_length,
        batch=batch,
        forward=forward,
    )


def _of_others(encoder: CheckedEncoder, batch: int) -> Embedder:
    def forward(heard: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return encoder.vectors(heard[0]), np.zeros((len(heard[0]), 0), np.float32)

    least = min(round(SHORTEST_S * encoder.sample_rate), encoder.window)
    return Embedder(
        about=encoder.about,
        classes=(),
        dimensions=encoder.dimensions,
        sample_rate=encoder.sample_rate,
        context_s=0.0,
        least=least,
        least_told=f"the {least} ({1000 * least / encoder.sample_rate:g} ms) heard at least",
        lengths=(encoder.window,),
        any_level=False,
        batch=batch,
        forward=forward,
    )


def clip_lengths(settings: TrainingSettings) -> tuple[int, ...]:
    """Samples of the clips that songs are brought to, the shortest first.

    An encoder of any length hears each song in the shortest of a few clips that holds it and half
    of the context on each side.
    """
    longest = clip_samples(settings.front_end)
    if not ENCODERS[settings.encoder.kind].any_length:
        return (longest,)
    halvings = range(max(0, int(np.log2(settings.front_end.clip_s / SHORTEST_CLIP_S))), -1, -1)
    return tuple(-(-longest // 2**halving) for halving in halvings)


def encode(encoder: TrainedEncoder, clips: Array, edges: Array) -> tuple[Array, Array]:
    """Latent vectors of length 1 and class probabilities; see `apply_encoder`."""
    z, probability = apply_encoder(encoder, clips, edges)
    return z / (jnp.linalg.norm(z, axis=1, keepdims=True) + 1e-12), probability
