"""Which parameters weight decay reaches."""

from typing import Any

from flax import traverse_util

DECAYED = ("kernel", "prototypes", "classes")
"""Names of weights that inputs are multiplied by; biases, norms and positions are none."""


def decayed(params: Any) -> Any:
    """A tree of the parameters' shape: True where weights decay, by name and not by shape.

    Biases and norms are left out, as is the custom (DINO's code, for one, tells them by having one
    axis, which would not do here: an attention's bias is [heads, width], a norm's scale
    [1, features]). Prototypes decay, as in DINO; those of MSN's code do not, but only their
    direction is used, which decay leaves alone.
    """
    return traverse_util.path_aware_map(lambda path, _: path[-1] in DECAYED, params)
