"""All training methods by name; importing this imports no jax."""

from typing import TYPE_CHECKING

from chingolo.synth.tables.registry import Registry

if TYPE_CHECKING:
    from chingolo.train.objective.method import Method

METHODS: "Registry[Method]" = Registry(
    "training method",
    {
        "dino": "chingolo.train.methods.dino:METHOD",
        "msn": "chingolo.train.methods.msn:METHOD",
        "byol": "chingolo.train.methods.byol:METHOD",
        "simclr": "chingolo.train.methods.simclr:METHOD",
        "vicreg": "chingolo.train.methods.vicreg:METHOD",
        "supervised": "chingolo.train.methods.supervised:METHOD",
        "autoencoder": "chingolo.train.methods.autoencoder:METHOD",
        "distill": "chingolo.train.methods.distill:METHOD",
    },
)
