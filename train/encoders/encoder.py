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
    """Settings that every encoder has; each adds those of its own, and has none that it ignores."""

    kind: str = ""
    """The encoder's name in `train.encoders.registry`."""

    dimensions: Annotated[int, Bounds(1, 65_536)] = 64
    """Length of the latent vector."""

    renamed: ClassVar[dict[str, str]] = {}
    """Former names of settings, for files of older versions."""


@dataclass(frozen=True)
class DeepSettings(EncoderSettings):
    """Settings of an encoder of many layers that comes in sizes."""

    size: Literal["nano", "micro", "tiny", "small", "base"] = "micro"
    """Size: widths and depths, see the encoder's own `SIZES`."""

    dropout: Annotated[float, Bounds(0, 1)] = 0.0
    """Share of features dropped while training."""

    initialisation: Literal["glorot", "kaiming"] = "glorot"
    """Start of dense and convolution weights."""


def initialiser(settings: DeepSettings) -> nn.initializers.Initializer:
    """What starts the weights."""
    if settings.initialisation == "kaiming":
        return nn.initializers.he_normal()
    return nn.initializers.glorot_uniform()


def nothing(settings: Any, silent: Array) -> Told:
    """Tells the network nothing of padding: it is background to it."""
    del settings, silent
    return {}


def any_size(settings: Any) -> tuple[int, int]:
    """One frame of one band is enough."""
    del settings
    return 1, 1


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

    network: Callable[[Any, Any], nn.Module]
    """(settings, dtype) -> the network."""

    hide: Callable[[Any, Array, Array, float], tuple[Array, Told]]
    """(settings, keys [clips], clips [clips, frames, n_mels], share) -> the clips with a share of
    their patches hidden, and what the network is told of it."""

    least: Callable[[Any], tuple[int, int]] = any_size
    """(settings) -> the fewest frames and bands that the network can hear."""

    padding: Callable[[Any, Array], Told] = nothing
    """(settings, silent [batch, frames] bool) -> what the network is told of frames of digital
    silence."""

    normalised: bool = True
    """Whether it hears log-mel brought to mean 0 and variance 1 in training; else as it is."""

    any_length: bool = False
    """Whether it hears a song as long as it is, up to the length of a clip; else all are brought to
    that length."""

    @property
    def name(self) -> str:
        """Name in the registry and in settings."""
        return self.settings().kind
