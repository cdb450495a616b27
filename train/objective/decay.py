"""Which parameters weight decay reaches."""

from typing import Any

from flax import traverse_util

DECAYED = ("kernel", "prototypes", "classes")
"""Names of weights that inputs are multiplied by; biases, norms and positions are none."""


def decayed(params: Any) -> Any:
    """A tree of the parameters' shape: True where weights decay, by name and not by shape.

    As DINO does (Caron et al. 2021, `get_params_groups`): an attention's bias [heads, width] and
    a norm's scale [1, features] have two axes and are nonetheless a bias and a norm.
    """
    return traverse_util.path_aware_map(lambda path, _: path[-1] in DECAYED, params)
