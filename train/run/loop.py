"""The training loop that encoders and detectors share: batches in, a trained state out."""

import json
import math
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import jax
import numpy as np

from chingolo.synth.tables.files import InputError
from chingolo.train.data.pool import Arrays
from chingolo.train.data.prefetch import prefetch
from chingolo.train.parallel import first_host
from chingolo.train.run.checkpoint import Checkpoints, DivergedError, S, check_finite
from chingolo.train.run.config import write_config
from chingolo.train.run.metrics import open_metrics

Values = dict[str, float]


def nothing(values: Values) -> list[str]:
    """No words."""
    del values
    return []


@dataclass(frozen=True)
class Task(Generic[S]):
    """What is trained, and how."""

    steps: int
    """Steps of the whole run."""

    log_every: int
    """Steps between lines of metrics; nothing leaves the device in between."""

    checkpoint_every: int
    """Steps between checkpoints; 0 goes by minutes alone."""

    start: S
    """State before the first step; has a `step`."""

    advance: Callable[[S, Any], tuple[S, dict[str, jax.Array]]]
    """Takes a step; its metrics hold `loss`."""

    batches: Callable[[int], Iterator[Arrays]]
    """(step) -> the batches from that step to the last."""

    export: Callable[[Path, S], None]
    """Writes what is trained into the run's folder."""

    checkpoint_minutes: float = math.inf
    """Minutes between checkpoints; looked at when a line of metrics is written."""

    lay: Callable[[Arrays], Any] = lambda batch: batch
    """Lays a batch out on the devices, ahead of its step; `advance` takes what it gives."""

    place: Callable[[S], S] = lambda state: state
    """Lays a state out on the devices."""

    measure: Callable[[S], Values] | None = None
    """Measures a state on songs held out."""

    measure_every: int = 0
    """Steps between these measurements; the last step has one too."""

    words: Callable[[Values], list[str]] = nothing
    """Values -> what the line of progress says of them."""

    warning: Callable[[Values], str | None] = lambda values: None
    """Values -> what is wrong, after the first tenth of the run."""


@dataclass(frozen=True)
class Taken(Generic[S]):
    """A step that was taken."""

    number: int
    """Of the step, from 0."""

    state: S
    """After it; its buffers are given to the next step."""

    line: dict[str, Any] | None = None
    """What metrics.jsonl says of it; None between log steps."""

    words: tuple[str, ...] = ()
    """What the user is told of it, line by line."""


def take_steps(task: Task[S], state: S) -> Generator[Taken[S], None, None]:
    """Takes the steps that are left; only at log steps does anything leave the device.

    Args:
        task: what is trained.
        state: where to go on from.

    Yields:
        Every step as it is taken.

    Raises:
        DivergedError: if the loss stops being finite.
    """
    state = task.place(state)
    start = int(state.step)
    logged, began, waited = start, time.monotonic(), 0.0
    metrics: dict[str, jax.Array] = {}
    with closing(prefetch(task.batches(start), task.lay)) as stream:
        for number in range(start, task.steps):
            before = time.monotonic()
            batch = next(stream)
            # steps run behind this loop: only while none is under way does the device wait
            ready = [value.is_ready() for value in metrics.values()]  # type: ignore[attr-defined]
            if ready and all(ready):
                waited += time.monotonic() - before
            state, metrics = task.advance(state, batch)
            last = number == task.steps - 1
            measuring = task.measure is not None and (
                (number + 1) % task.measure_every == 0 or last
            )
            line, words = None, ()
            if number % task.log_every == 0 or measuring or last:
                values = {name: float(value) for name, value in metrics.items()}
                if not np.isfinite([values["loss"], values.get("gradient_norm", 0.0)]).all():
                    raise DivergedError(
                        f"the loss stopped being finite between steps {logged} and {number}"
                    )
                if measuring and task.measure is not None:
                    values |= task.measure(state)
                elapsed = time.monotonic() - began
                warning = task.warning(values) if number >= task.steps // 10 else None
                line = {
                    "step": number,
                    **{name: value for name, value in values.items() if np.isfinite(value)},
                    "seconds": round(elapsed, 3),
                    "waiting_share": round(waited / max(elapsed, 1e-9), 4),
                    **({} if warning is None else {"collapsed": warning}),
                }
                left = elapsed / (number + 1 - start) * (task.steps - number - 1)
                said = [f"step {number + 1}/{task.steps}", f"loss {values['loss']:.3f}"]
                words = ("  ".join([*said, *task.words(values), f"{left:.0f} s left"]),)
                words += () if warning is None else (warning,)
                logged = number
            yield Taken(number, state, line, words)


def run_in_memory(task: Task[S], *, tell: Callable[[str], None] = lambda line: None) -> S:
    """Takes all steps and leaves no file.

    Raises:
        DivergedError: if the loss or the state stops being finite.
    """
    state = task.start
    for taken in take_steps(task, state):
        state = taken.state
        for line in taken.words:
            tell(line)
    check_finite(state)
    return state


def run_in_folder(
    task: Task[S],
    run: Path,
    config: dict[str, Any],
    *,
    resume: bool = False,
    tell: Callable[[str], None] = print,
) -> S:
    """Takes the steps that are left, with config.json, metrics.jsonl and checkpoints in a folder.

    Args:
        task: what is trained.
        run: folder, of `begin_run`.
        config: for config.json.
        resume: go on from the last checkpoint.
        tell: takes lines of progress.

    Returns:
        The state after the last step, which is exported too.

    Raises:
        InputError: if the checkpoints cannot be read, the disk refuses a file, or the loss or the
            state stops being finite.
    """
    state = task.start
    checkpoints = Checkpoints(run)
    try:
        if resume and checkpoints.latest() is not None:
            state = checkpoints.restore(state, tell=tell)
        elif resume:
            tell(f"{run}: stopped before its first checkpoint; starting from step 0")
        elif first_host():
            write_config(run, config)
        file_name = run / "metrics.jsonl" if first_host() else Path(os.devnull)
        with (
            closing(take_steps(task, state)) as stream,
            open_metrics(file_name, int(state.step)) as file,
        ):
            for taken in stream:
                state = taken.state
                if taken.line is not None:
                    file.write(json.dumps(taken.line) + "\n")
                    file.flush()
                for line in taken.words if first_host() else ():
                    tell(line)
                steps = task.checkpoint_every
                if (steps and (taken.number + 1) % steps == 0) or (
                    taken.line is not None and checkpoints.older_than(task.checkpoint_minutes)
                ):
                    checkpoints.save(state)
        checkpoints.save(state)
        checkpoints.wait()
    except DivergedError as error:
        checkpoints.wait()
        last = checkpoints.latest()
        good = "no checkpoint yet" if last is None else f"checkpoint of step {last}"
        raise InputError(
            f"{run}: {error}; last good state: {good}; try a lower learning rate"
        ) from error
    except OSError as error:
        raise InputError(f"{run}: cannot be written ({error.strerror or error})") from error
    finally:
        checkpoints.close()
    if first_host():
        task.export(run, state)
    return state
