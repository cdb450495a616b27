"""The form of an encoder: one object that says all that has to be known of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import flax.linen as nn
from jax import Array

from chingolo.synth.tables.bounds import Bounds

Told = dict[str, Array]
"""What a network is told besides the clips, by the name of its argument."""


@dataclass(frozen=True)
class EncoderSettings:
    """Settings that every encoder has; each adds those of its own."""

    kind: str = ""
    """The encoder's name in `train.encoders.registry`."""

    size: Literal["nano", "micro", "tiny", "small", "base"] = "micro"
    """Size: widths and depths, see the encoder's own `SIZES`."""

    dimensions: Annotated[int, Bounds(1, 65_536)] = 64
    """Length of the latent vector."""

    dropout: Annotated[float, Bounds(0, 1)] = 0.0
    """Share of features dropped while training."""

    initialisation: Literal["glorot", "kaiming"] = "glorot"
    """Start of dense and convolution weights."""

    renamed: ClassVar[dict[str, str]] = {}
    """Former names of settings, for files of older versions."""


def nothing(settings: Any, silent: Array) -> Told:
    """Tells the network nothing of padding: it is background to it."""
    del settings, silent
    return {}


@dataclass(frozen=True)
class Encoder:
    """An architecture; entered on one line in `train.encoders.registry`.

    Its network takes (clips [batch, frames, n_mels], train: bool, **told) -> [batch, dimensions].
    """

    title: str
    """What it is, in one line."""

    source: str
    """Publication."""

    settings: type[EncoderSettings]
    """Class of its settings, whose default `kind` is the encoder's name."""

    network: Callable[[Any, Any, Any], nn.Module]
    """(settings, initialiser, dtype) -> the network."""

    hide: Callable[[Any, Array, Array, float], tuple[Array, Told]]
    """(settings, keys [clips], clips [clips, frames, n_mels], share) -> the clips with a share of
    their patches hidden, and what the network is told of it."""

    padding: Callable[[Any, Array], Told] = nothing
    """(settings, silent [batch, frames] bool) -> what the network is told of frames of digital
    silence."""

    @property
    def name(self) -> str:
        """Name in the registry and in settings."""
        return self.settings().kind
