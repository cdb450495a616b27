"""The one file that knows about devices."""

from collections.abc import Callable
from functools import partial

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from train.state import Recipe, State
from train.step import Batch, Metrics, step

AXIS = "data"


def parallel_step(recipe: Recipe) -> Callable[[State, Batch], tuple[State, Metrics]]:
    """The step over all devices of all hosts; the state's buffers are donated."""
    return jax.pmap(
        partial(step, recipe, axis=AXIS),
        AXIS,
        in_axes=(None, 0),  # type: ignore[arg-type]
        out_axes=None,  # type: ignore[arg-type]
        donate_argnums=0,
    )


def replicate(state: State) -> State:
    """Copies the state to all devices, laid out as the step returns it (one compilation)."""
    mesh = Mesh(np.array(jax.devices()), (AXIS,))
    return jax.device_put(state, NamedSharding(mesh, PartitionSpec()))


def shard(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Splits this host's songs over its devices: [songs, ...] -> [devices, songs a device, ...]."""
    devices = jax.local_device_count()
    return {name: value.reshape(devices, -1, *value.shape[1:]) for name, value in batch.items()}
