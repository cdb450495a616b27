"""Checkpoints of a run, by Orbax: any state that is a pytree with a `step`."""

import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax

from chingolo.synth.tables.files import InputError
from chingolo.train.parallel import told_by_first_host


class Stepped(Protocol):
    """A state that knows how many steps were taken."""

    @property
    def step(self) -> Any:
        """[] int32, steps done."""
        ...


S = TypeVar("S", bound=Stepped)


class DivergedError(InputError):
    """The loss or the state stopped being finite."""


def check_finite(state: Stepped) -> None:
    """Refuses a state that holds what is not finite: it is neither saved nor exported.

    Raises:
        DivergedError: naming the step.
    """
    if not is_finite(state):
        raise DivergedError(f"weights stopped being finite by step {int(state.step)}")


def is_finite(state: Any) -> bool:
    """Whether all floating-point numbers of a pytree are finite."""
    leaves = jax.tree.leaves(jax.device_get(state))
    return all(
        bool(np.isfinite(leaf).all()) for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating)
    )


class Checkpoints:
    """Orbax's CheckpointManager over RUN/checkpoints; keeps the last two.

    A checkpoint is written beside the training, from a copy of the state, and appears under its
    name only whole: a run killed meanwhile goes on from the one before.
    """

    def __init__(self, run: Path):
        """Opens or makes the folder."""
        import orbax.checkpoint as ocp

        self._ocp = ocp
        # what goes wrong is told by the exception, in one line
        logging.getLogger("absl").setLevel(logging.CRITICAL)
        self._hook, sys.unraisablehook = sys.unraisablehook, _without_closed_loops
        options = ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=True)
        self._manager = ocp.CheckpointManager((run / "checkpoints").resolve(), options=options)
        self._last = time.monotonic()
        self._written: int | None = None

    def older_than(self, minutes: float) -> bool:
        """Whether so many minutes passed since the last save, by the first host's clock."""
        return told_by_first_host(time.monotonic() - self._last >= 60 * minutes)

    def latest(self) -> int | None:
        """Number of the last whole checkpoint, or None."""
        return self._manager.latest_step()

    def save(self, state: Stepped) -> None:
        """Begins to save the state under its step's number, once the one before is written.

        Raises:
            DivergedError: if the state is not finite; nothing is saved then.
            InputError: if the disk refuses it, or refused the one before.
        """
        # copies: the next step is given the state's own buffers
        held = jax.tree.map(np.array, jax.device_get(state))
        check_finite(held)
        self.wait()
        step = int(held.step)
        if step == self._manager.latest_step():
            return
        needed = 2 * sum(leaf.nbytes for leaf in jax.tree.leaves(held))
        free = shutil.disk_usage(self._manager.directory).free
        if free < needed:  # told before it is tried: Orbax fails with pages of tracebacks
            raise InputError(
                f"{self._manager.directory}: {free / 1e6:.1f} MB left on the disk, "
                f"checkpoint {step} needs {needed / 1e6:.1f}; make room and go on with --resume"
            )
        self._last = time.monotonic()
        with self._told(step):
            self._manager.save(step, args=self._ocp.args.StandardSave(held))
        self._written = step

    def wait(self) -> None:
        """Waits until what is being saved is written.

        Raises:
            InputError: if the disk refused it.
        """
        with self._told(self._written):
            self._manager.wait_until_finished()
            self._manager.check_for_errors()

    @contextmanager
    def _told(self, step: int | None) -> Iterator[None]:
        """What the disk refuses, in one line."""
        try:
            yield
        except (OSError, ValueError) as error:
            # tensorstore tells of the disk by ValueError
            told = ("space", "too large", "read-only", "permission", "input/output")
            if isinstance(error, ValueError) and not any(x in str(error).lower() for x in told):
                raise
            reason = str(error).splitlines()[0].split(": ")[-1].split(" [")[0]
            raise InputError(
                f"{self._manager.directory}: checkpoint {step} could not be written ({reason})"
            ) from error

    def restore(self, like: S, *, tell: Callable[[str], None] = lambda line: None) -> S:
        """Restores the last checkpoint into the shape of `like`, on this process's devices.

        One that is damaged or not finite is told of and deleted if one before it can be read: what
        follows is computed again, to the same numbers.

        Args:
            like: a state of the shapes and types to restore.
            tell: takes what is told.

        Raises:
            InputError: if there is none, or all are damaged, not finite or of other settings.
        """
        folder = self._manager.directory
        steps = sorted(self._manager.all_steps(), reverse=True)
        if not steps:
            raise InputError(f"{folder}: holds no checkpoint to resume from")
        passed: dict[int, str] = {}
        for step in steps:
            state = self._restore_one(step, like)
            if state is not None and is_finite(state):
                for number, fault in passed.items():
                    tell(f"{folder}: checkpoint {number} is {fault}; going on from {step}")
                    self._manager.delete(number)
                return state
            passed[step] = "damaged" if state is None else "not finite"
        if "not finite" in passed.values():
            raise InputError(
                f"{folder}: no checkpoint is finite; train anew with a lower learning rate"
            )
        raise InputError(
            f"{folder}: checkpoint {steps[0]} does not fit these settings and classes, "
            "or is damaged"
        )

    def _restore_one(self, step: int, like: S) -> S | None:
        abstract = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), like)
        for written in (abstract, _without_masks(abstract)):
            try:
                args = self._ocp.args.StandardRestore(written)
                leaves = jax.tree.leaves(self._manager.restore(step, args=args))
            # Orbax lets out what the storage below it raises
            except Exception:
                continue
            pairs = zip(leaves, jax.tree.leaves(like), strict=True)
            if all(a.shape == b.shape and a.dtype == b.dtype for a, b in pairs):
                return jax.tree.unflatten(jax.tree.structure(like), map(jnp.asarray, leaves))
        return None

    def close(self) -> None:
        """Waits for what is being written and closes."""
        self._manager.close()
        sys.unraisablehook = self._hook


def _without_masks(state: Any) -> Any:
    """As older versions wrote it, whose weight decay knew no mask; the leaves are the same."""

    def is_mask(part: Any) -> bool:
        return isinstance(part, optax.MaskedState)

    return jax.tree.map(lambda x: x.inner_state if is_mask(x) else x, state, is_leaf=is_mask)


def _without_closed_loops(unraisable: Any) -> None:
    """Leaves out what tensorstore's threads say after a failure that was told already."""
    if "Event loop is closed" not in str(unraisable.exc_value):
        sys.__unraisablehook__(unraisable)
