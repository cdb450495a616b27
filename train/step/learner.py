"""The whole network that is trained: an encoder and the heads that its method needs."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import Array

from chingolo.synth.spectra.clip import clip_samples
from chingolo.synth.spectra.log_mel import frames_in
from chingolo.train.encoders.registry import ENCODERS
from chingolo.train.methods.registry import METHODS
from chingolo.train.objective.devices import ONE_DEVICE, Devices
from chingolo.train.objective.heads import Classifier
from chingolo.train.objective.method import Head, Outputs, Shapes
from chingolo.train.settings.training import TrainingSettings


def make_encoder(settings: TrainingSettings, *, name: str | None = None) -> nn.Module:
    """The encoder of these settings: [batch, frames, n_mels] -> [batch, dimensions]."""
    dtype = jnp.bfloat16 if settings.compute == "bfloat16" else jnp.float32
    network = ENCODERS[settings.encoder.kind].network(settings.encoder, dtype)
    return network if name is None else network.copy(name=name)


def view_frames(settings: TrainingSettings) -> int:
    """Frames of a whole view."""
    frames = frames_in(settings.front_end, clip_samples(settings.front_end))
    return settings.views.crop_frames or frames


class Learner(nn.Module):
    """Encoder and heads; `classes` > 0 adds a classifier."""

    settings: TrainingSettings
    classes: int = 0
    vector_length: int = 0
    """Of another encoder's vectors that are learnt from."""

    devices: Devices = ONE_DEVICE

    @nn.compact
    def __call__(
        self, spectrogram: Array, train: bool = False, told: Mapping[str, Array] | None = None
    ) -> Outputs:
        """Runs encoder and heads.

        Args:
            spectrogram: [batch, frames, n_mels].
            train: whether dropout is on.
            told: what the encoder is told besides; see `Encoder.hide`.

        Returns:
            Outputs [batch, ...]: `z`, and what each head gives.
        """
        method = self.settings.method
        shapes = Shapes(
            dimensions=self.settings.encoder.dimensions,
            frames=view_frames(self.settings),
            n_mels=self.settings.front_end.n_mels,
            vector_length=self.vector_length,
            devices=self.devices,
        )
        heads = METHODS[method.name].heads(method, shapes)
        if self.classes:
            classifier = Classifier(method.bottleneck, self.classes, name="classifier")
            heads = [*heads, Head(classifier, reads="z", gives="logits")]
        encoder: Any = make_encoder(self.settings, name="encoder")
        outputs = {"z": encoder(spectrogram, train, **(told or {}))}
        for head in heads:
            if head.gives in outputs:
                raise ValueError(f"{method.name}: two outputs are called {head.gives}")
            outputs[head.gives] = head.module(outputs[head.reads])
        return outputs
