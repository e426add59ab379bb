"""Batches on this machine: as many processes as asked for, each driven by a thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from workbench.cluster.children import Children, Work


class Here:
    """The processes of this machine.

    Parameters
    ----------
    work
        What they do.
    count
        How many at once.
    """

    def __init__(self, work: Work, count: int) -> None:
        self._work, self._count = work, count
        self._children = Children()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="batch")

    def slots(self) -> int:
        """Return how many batches may be under way or wait for a process."""
        return 2 * self._count

    def submit(self, batch: bytes, done: Callable[[Any], None]) -> Future[Any]:
        """Hand a pickled batch out; `done` is called with the future, in any thread."""
        future = self._threads.submit(self._children.do, self._work, batch)
        future.add_done_callback(done)
        return future

    def result(self, future: Future[Any]) -> Any:
        """Return the result of a future that is done, or raise what its work raised."""
        return future.result()

    def close(self) -> None:
        """Wait for what is under way, forget what waits, and end the processes."""
        self._threads.shutdown(cancel_futures=True)
        self._children.close()
