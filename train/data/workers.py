"""Processes that draw examples beside the training; this file imports nothing heavy.

An example is pure in its seed, so that neither the number of processes nor their order changes what
a step sees.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from chingolo.synth.tables.files import InputError


@contextmanager
def drawing_processes(count: int) -> Iterator[Executor | None]:
    """An executor of that many processes, or None for 0: examples are then drawn where asked for.

    Raises:
        InputError: if one of them ends before its time.
    """
    if not count:
        yield None
        return
    # forked, a process would hold locks of JAX's threads that nobody opens
    pool = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
    )
    try:
        yield pool
    except BrokenProcessPool as error:
        raise InputError(
            f"one of {count} processes that draw songs ended (is memory short?); give fewer "
            "--workers"
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """Sets a process up before it imports anything of JAX."""
    os.environ["JAX_PLATFORMS"] = "cpu"  # the accelerator is the training's
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells it to end
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this process when its parent was killed, which can tell it no more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
