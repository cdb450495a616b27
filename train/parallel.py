"""The one file that knows about devices."""

import os
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from chingolo.synth.tables.files import InputError
from chingolo.train.objective.devices import Devices
from chingolo.train.step.batch_views import Batch
from chingolo.train.step.state import Recipe, State
from chingolo.train.step.step import Metrics, step

AXIS = "data"


def _gather(tree: Any) -> Any:
    return jax.tree.map(lambda x: jax.lax.all_gather(x, AXIS, axis=1, tiled=True), tree)


ALL_DEVICES = Devices(
    gather=_gather,
    mean=partial(jax.lax.pmean, axis_name=AXIS),
    index=partial(jax.lax.axis_index, AXIS),
    count=partial(jax.lax.axis_size, AXIS),
)
"""All devices of all hosts, within `parallel_step`."""


@lru_cache(maxsize=8)
def parallel_step(recipe: Recipe) -> Callable[[State, Batch], tuple[State, Metrics]]:
    """The step over all devices of all hosts, compiled once; the state's buffers are donated."""
    return jax.pmap(
        partial(step, recipe, devices=ALL_DEVICES),
        AXIS,
        in_axes=(None, 0),  # type: ignore[arg-type]
        out_axes=None,  # type: ignore[arg-type]
        donate_argnums=0,
    )


def replicate(state: State) -> State:
    """Copies the state to all devices, laid out as the step returns it (one compilation)."""
    mesh = Mesh(np.array(jax.devices()), (AXIS,))
    return jax.device_put(state, NamedSharding(mesh, PartitionSpec()))


def own_rows(batch: int) -> range:
    """Rows of the whole batch that this host makes and computes."""
    share = batch // jax.process_count()
    return range(jax.process_index() * share, (jax.process_index() + 1) * share)


def shard(batch: dict[str, np.ndarray]) -> dict[str, jax.Array]:
    """This host's rows on its devices: [rows, ...] -> [devices, rows a device, ...].

    The copy goes on while this returns, so that it can be done ahead of the step.
    """
    devices = jax.local_devices()
    split = {n: value.reshape(len(devices), -1, *value.shape[1:]) for n, value in batch.items()}
    mesh = Mesh(np.array(devices), (AXIS,))
    return jax.device_put(split, NamedSharding(mesh, PartitionSpec(AXIS)))


def spare_cores() -> int:
    """Cores that training leaves idle: none where it computes on them, else all but one, to 8."""
    return 0 if jax.default_backend() == "cpu" else min(8, max(1, (os.cpu_count() or 2) - 1))


def parallel_apply(function: Callable[[Any, Any], Any], params: Any) -> Callable[[Any], Any]:
    """A pure function of (params, batch) over this host's devices, without any state.

    Args:
        function: (params, [songs, ...]) -> arrays [songs, ...], each song on its own.
        params: copied to every device once.

    Returns:
        A function of a batch, a tree of arrays [songs, ...], songs a multiple of the local devices.
    """
    devices = jax.local_devices()
    mesh = Mesh(np.array(devices), (AXIS,))
    held = jax.device_put(params, NamedSharding(mesh, PartitionSpec()))
    mapped = jax.pmap(function, AXIS, in_axes=(None, 0), devices=devices)  # type: ignore[arg-type]

    def apply(batch: Any) -> Any:
        split = jax.tree.map(lambda x: x.reshape(len(devices), -1, *x.shape[1:]), batch)
        whole = mapped(held, split)
        return jax.tree.map(lambda x: np.concatenate(np.asarray(x)), whole)

    return apply


def local_devices() -> int:
    """Number of this host's devices."""
    return jax.local_device_count()


def join_hosts(coordinator: str, hosts: int, host: int) -> None:
    """Joins several hosts into one computation; before anything else touches a device.

    Raises:
        InputError: if the coordinator does not answer.
    """
    try:
        jax.distributed.initialize(coordinator, hosts, host)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"--coordinator {coordinator}: cannot join the hosts ({reason})"
        ) from error


def first_host() -> bool:
    """Whether this process writes the run's files and speaks."""
    return jax.process_index() == 0


def wait_for_hosts(name: str) -> None:
    """Returns when every host has come to the place of this name."""
    if jax.process_count() > 1:
        from jax.experimental import multihost_utils

        multihost_utils.sync_global_devices(name)


def told_by_first_host(answer: bool) -> bool:
    """The first host's answer, on every host; all of them ask at the same place."""
    if jax.process_count() == 1:
        return answer
    from jax.experimental import multihost_utils

    return bool(multihost_utils.broadcast_one_to_all(np.array(answer)))
