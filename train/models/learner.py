"""The whole network that is trained: an encoder and its heads."""

import flax.linen as nn
from flax import struct
from jax import Array

from train.models.cnn import CNN
from train.models.heads import Classifier, Projector
from train.presets import Encoder, Preset


@struct.dataclass
class Outputs:
    """What the network says of a batch."""

    z: Array
    """[batch, dimensions] latent vectors."""

    projection: Array
    """[batch, projection] unit vectors."""

    cosines: Array
    """[batch, prototypes]."""

    logits: Array
    """[batch, classes]; no columns without a classifier."""


def make_encoder(config: Encoder) -> nn.Module:
    """The encoder of this configuration: [batch, frames, n_mels] -> [batch, dimensions]."""
    return CNN(config.widths, config.blocks, config.dimensions)


class Learner(nn.Module):
    """Encoder, projector with prototypes, and (with `classes` > 0) a bottleneck classifier."""

    preset: Preset
    classes: int

    def setup(self) -> None:
        """Names the parts as they stand in the parameter tree."""
        method = self.preset.method
        self.encoder = make_encoder(self.preset.encoder)
        self.projector = Projector(method.hidden, method.projection, method.prototypes)
        self.classifier = Classifier(method.bottleneck, self.classes)

    def __call__(self, spectrogram: Array, axis: str | None = None) -> Outputs:
        """Runs all parts on [batch, frames, n_mels]; `axis` names the devices' axis if mapped."""
        z = self.encoder(spectrogram)
        projection, cosines = self.projector(z, axis)
        logits = self.classifier(z) if self.classes else z[:, :0]
        return Outputs(z=z, projection=projection, cosines=cosines, logits=logits)
