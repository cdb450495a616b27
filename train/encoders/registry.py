"""All encoders by name; importing this imports no jax."""

from typing import TYPE_CHECKING

from chingolo.synth.tables.registry import Registry

if TYPE_CHECKING:
    from chingolo.train.encoders.encoder import Encoder

ENCODERS: "Registry[Encoder]" = Registry(
    "encoder",
    {
        "cnn": "chingolo.train.encoders.cnn:ENCODER",
        "vit": "chingolo.train.encoders.vit:ENCODER",
        "windows": "chingolo.train.encoders.windows:ENCODER",
    },
)
