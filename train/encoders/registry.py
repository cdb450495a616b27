"""All encoders by name."""

from chingolo.synth.tables.registry import Registry
from chingolo.train.encoders.encoder import Encoder

ENCODERS: Registry[Encoder] = Registry(
    "encoder",
    {
        "cnn": "chingolo.train.encoders.cnn:ENCODER",
        "vit": "chingolo.train.encoders.vit:ENCODER",
    },
)
