"""The form of a training method: one object that says all that the step has to know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from jax import Array

from chingolo.synth.tables.bounds import Bounds
from chingolo.train.objective.devices import ONE_DEVICE, Devices, same

Outputs = dict[str, Array]
"""What the network says of clips, by name: `z` [..., dimensions] of the encoder, then what each
head gives (`embedding`, `projection`, `cosines`, `prediction`, `rebuilt`, `logits`)."""

Terms = dict[str, tuple[float, Array]]
"""Weight and value [] of each part of the loss; the step adds them up."""


@dataclass(frozen=True)
class MethodSettings:
    """Settings that every method has; each adds those of its own."""

    name: str = ""
    """The method's name in `train.methods.registry`."""

    momentum: Annotated[tuple[float, float], Bounds(0, 1)] = (0.96, 0.99)
    """Share of the teacher kept at a step, at the start and at the end (cosine)."""

    label_weight: Annotated[float, Bounds(0)] = 1.0
    """Weight of the labels' loss for songs that have one; 0 leaves labels unused."""

    multilabel: bool = False
    """Sigmoid in place of softmax, for labels that may co-occur (written `a+b`)."""

    bottleneck: Annotated[int, Bounds(1, 65_536)] = 16
    """Width of the bottleneck before the classifier."""

    label_smoothing: Annotated[float, Bounds(0, 1)] = 0.1
    """Share of a label spread over all classes, so that unknown songs get low probabilities."""

    renamed: ClassVar[dict[str, str]] = {}
    """Former names of settings, for files of older versions."""


@dataclass(frozen=True)
class Shapes:
    """What heads are built for."""

    dimensions: int
    """Of the latent vector."""

    frames: int
    """Of a whole view."""

    n_mels: int
    """Bands of a view."""

    vector_length: int = 0
    """Of another encoder's vectors, that are learnt from; 0 for none."""

    devices: Devices = ONE_DEVICE
    """That share a batch; heads with statistics of the batch ask them."""


@dataclass(frozen=True)
class Head:
    """A part of the network behind the encoder."""

    module: Callable[[Array], Array]
    """Flax module, whose `name` is that of its parameters, or a function without any."""

    reads: str
    """Name of the output that it takes: `z`, or what a head before it gives."""

    gives: str
    """Name of the output that it makes, [batch, ...]."""


@dataclass(frozen=True)
class BatchOutputs:
    """What a loss is made of: outputs for the whole batch of all devices, [views, songs, ...]."""

    student: Outputs
    """Of the two whole views."""

    teacher: Outputs
    """Of the same, without gradient, dropout and hidden patches."""

    clips: Array
    """[2, songs of this device, frames, n_mels] the whole views themselves."""

    mean: Callable[[Array], Array] = same
    """Mean over all devices, for what is computed of one device's songs alone."""

    local: Outputs | None = None
    """Student's, of the local crops; None without."""

    assignment: Array | None = None
    """[2, songs, prototypes] the teacher's, of a method that assigns; rows sum to 1."""

    vectors: Array | None = None
    """[2, songs, vector length] of another trained encoder, for a method that learns from one."""


Assign = Callable[[Any, Array, Array, Array, int], tuple[Array, Array]]
"""(settings, teacher's cosines [2, songs, prototypes], centre [prototypes], step [], steps) ->
assignment [2, songs, prototypes], and the centre after the step."""


def no_check(settings: Any) -> None:
    """Nothing to refuse."""
    del settings


def none_rests(settings: Any) -> Mapping[str, float]:
    """All heads learn from the first step on."""
    del settings
    return {}


@dataclass(frozen=True)
class Method:
    """A training method; entered on one line in `train.methods.registry`."""

    title: str
    """What the network is asked to learn, in one line."""

    source: str
    """Publication."""

    settings: type[MethodSettings]
    """Class of its settings, whose default `name` is the method's."""

    heads: Callable[[Any, Shapes], list[Head]]
    """(settings, shapes) -> heads, each after those that it reads from."""

    terms: Callable[[Any, BatchOutputs], Terms]
    """(settings, outputs) -> terms of the loss; those of labels are added by the step."""

    ungathered: tuple[str, ...] = ()
    """Outputs that stay on their device, [views, songs of this device, ...]: large ones, of which
    each song's loss needs no other song."""

    shared: tuple[str, ...] = ()
    """Heads of which the teacher has the student's as they are, not their running mean."""

    hidden_share: Callable[[Any], float] | None = None
    """Settings -> share of patches hidden from the student's whole views; None hides none."""

    takes_local_views: bool = False
    """Whether the loss reads local crops."""

    assign: Assign | None = None
    """The teacher's assignment to prototypes, which its heads' `cosines` are with; None where there
    are none."""

    rests: Callable[[Any], Mapping[str, float]] = none_rests
    """Settings -> share of the run in which a head stays as it was drawn, by its module's name."""

    learns_from_encoder: bool = False
    """Whether the loss reads another trained encoder's vectors."""

    learns_from_labels: bool = False
    """Whether labels are all that there is to learn from."""

    check: Callable[[Any], None] = no_check
    """Raises InputError for settings that cannot train."""

    @property
    def name(self) -> str:
        """Name in the registry and in settings."""
        return self.settings().name
