"""Items made in a thread of their own, ahead of when they are asked for."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")
Laid = TypeVar("Laid")


def prefetch(
    items: Iterator[Item], lay: Callable[[Item], Laid], ahead: int = 4
) -> Generator[Laid, None, None]:
    """Runs an iterator in a thread of its own, `ahead` items ahead; its errors are raised here.

    Args:
        items: what is made.
        lay: done to each item in that thread, such as its way onto the devices.
        ahead: items that may be ready, and hold memory, before they are asked for.
    """
    ready: queue.Queue[Any] = queue.Queue(maxsize=ahead)
    stop = threading.Event()
    end = object()

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(lay(item)):
                    return
            put(end)
        except BaseException as error:
            put(error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not end:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()
