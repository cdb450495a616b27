"""What a step asks of the devices that share its batch; on one device, nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jax import Array


def same(tree: Any) -> Any:
    """The tree itself: one device holds the whole batch."""
    return tree


@dataclass(frozen=True)
class Devices:
    """How the parts of a batch come together; `train.parallel` makes those of many devices."""

    gather: Callable[[Any], Any] = same
    """Joins the second axis of every leaf over all devices: [views, songs here, ...] -> [views,
    songs, ...]."""

    mean: Callable[[Any], Any] = same
    """Mean of every leaf over all devices."""

    index: Callable[[], Array | int] = lambda: 0
    """Number of this device; it holds these rows of the batch."""

    count: Callable[[], int] = lambda: 1
    """Number of devices."""


ONE_DEVICE = Devices()
