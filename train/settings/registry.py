"""All named settings of an encoder's training; importing this imports no jax."""

from typing import TYPE_CHECKING

from chingolo.synth.tables.registry import Registry

if TYPE_CHECKING:
    from chingolo.train.settings.training import TrainingSettings

PRESETS: "Registry[TrainingSettings]" = Registry(
    "preset",
    {
        "cpu": "chingolo.train.settings.presets:CPU",
        "songbird-gpu": "chingolo.train.settings.presets:SONGBIRD_GPU",
        "msn-audio": "chingolo.train.settings.presets:MSN_AUDIO",
        "dialect-classifier": "chingolo.train.settings.presets:DIALECT_CLASSIFIER",
    },
)

HEARD_THROUGH = 6
"""Random recorders that each recorded song is also heard through in training."""

UNMEASURED = ("songbird-gpu", "msn-audio")
"""Presets of which neither time nor score was ever measured, for want of an accelerator."""
