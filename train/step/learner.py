"""The whole network that is trained: an encoder and the heads that its method needs."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from flax import struct
from jax import Array

from chingolo.synth.spectra.log_mel import frames_in
from chingolo.train.encoders.cnn import CNN
from chingolo.train.encoders.vit import ViT
from chingolo.train.methods.decoder import POOL, Decoder
from chingolo.train.objective.heads import Classifier, Projector, Prototypes, Regressor, unit
from chingolo.train.settings.training import Preset


@struct.dataclass
class Outputs:
    """What the network says of a batch; a part that the method does not have has no columns."""

    z: Array
    """[batch, dimensions] latent vectors."""

    embedding: Array
    """[batch, projection] projections."""

    projection: Array
    """[batch, projection] projections of length 1."""

    cosines: Array
    """[batch, prototypes]."""

    prediction: Array
    """[batch, targets] byol: the other view's projection; distill: the trained encoder's vector."""

    logits: Array
    """[batch, classes]."""


def make_encoder(preset: Preset) -> nn.Module:
    """The preset's encoder: [batch, frames, n_mels] -> [batch, dimensions]."""
    encoder = preset.encoder
    start: Any = {
        "glorot": nn.initializers.glorot_uniform(),
        "kaiming": nn.initializers.he_normal(),
    }[encoder.initialisation]
    dtype = jnp.bfloat16 if preset.compute == "bfloat16" else jnp.float32
    if encoder.kind == "vit":
        return ViT(encoder.size, encoder.patch, encoder.dimensions, encoder.dropout, start, dtype)
    return CNN(encoder.size, encoder.dimensions, encoder.dropout, start, dtype)


class Learner(nn.Module):
    """Encoder and heads; `classes` > 0 adds a classifier, `targets` > 0 a regressor."""

    preset: Preset
    classes: int = 0
    targets: int = 0

    def setup(self) -> None:
        """Names the parts as they stand in the parameter tree."""
        method, front_end = self.preset.method, self.preset.front_end
        self.encoder = make_encoder(self.preset)
        if method.name in ("dino", "msn", "byol", "simclr", "vicreg"):
            self.projector = Projector(method.hidden, method.projection)
        if method.name in ("dino", "msn"):
            self.prototypes = Prototypes(method.prototypes)
        if method.name == "byol":
            self.predictor = Projector(method.hidden, method.projection, layers=1)
        if method.name == "distill":
            self.regressor = Regressor(self.targets)
        if method.name == "autoencoder":
            frames = frames_in(front_end, round(front_end.clip_s * front_end.sample_rate))
            frames = self.preset.views.crop_frames or frames
            self.decoder = Decoder(frames // POOL, front_end.n_mels // POOL)
        if self.classes:
            self.classifier = Classifier(method.bottleneck, self.classes)

    def __call__(
        self,
        spectrogram: Array,
        axis: str | None = None,
        train: bool = False,
        keep: Array | None = None,
    ) -> tuple[Outputs, Array | None]:
        """Runs encoder and heads.

        Args:
            spectrogram: [batch, frames, n_mels].
            axis: names the devices' axis if mapped.
            train: whether dropout is on.
            keep: tokens that a ViT computes; see there.

        Returns:
            Outputs, and the rebuilt coarse clip [batch, rows, columns] (autoencoder).
        """
        extra = {} if keep is None else {"keep": keep}
        z = self.encoder(spectrogram, train, **extra)
        none = z[:, :0]
        embedding = self.projector(z, axis) if hasattr(self, "projector") else none
        projection = unit(embedding)
        cosines = self.prototypes(projection) if hasattr(self, "prototypes") else none
        prediction = none
        if hasattr(self, "predictor"):
            prediction = self.predictor(embedding, axis)
        elif hasattr(self, "regressor"):
            prediction = self.regressor(z)
        outputs = Outputs(
            z=z,
            embedding=embedding,
            projection=projection,
            cosines=cosines,
            prediction=prediction,
            logits=self.classifier(z) if self.classes else none,
        )
        return outputs, self.decoder(z) if hasattr(self, "decoder") else None
