"""How much the dashboard server takes on, unless it is told otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import psutil

PAGE_MB = 70  # what one page's kernel takes for itself
_FEWEST, _MOST = 8, 160


def most_pages(memory_mb: float) -> int:
    """Return how many pages may be open at once on a machine: as many as fill half its memory.

    Examples
    --------
    >>> [most_pages(gb * 1024) for gb in (0.5, 4, 16, 24, 256)]
    [8, 29, 117, 160, 160]
    """
    return max(_FEWEST, min(_MOST, int(memory_mb / 2 / PAGE_MB)))


MOST_PAGES = most_pages(psutil.virtual_memory().total / 2**20)
MOST_MB = 4096  # of memory, for the kernel of one page
LARGEST_BODY = 64 * 2**10  # bytes of a request; forms and beacons are all that is posted
LARGEST_MESSAGE = 8 * 2**20  # bytes on a websocket; files come in smaller pieces
SILENT_S = 60  # a client that is to send something, and does not, is left after this
IDLE_S = 300  # a kernel without a page and without work is ended after this
CHECK_S = 60  # how often that is looked after
SWITCH_S = 0.001  # a thread that renders a score lets messages through after this
OPENING_AT_ONCE = os.cpu_count() or 1  # pages
OPENING_PATIENCE_S = 45  # after this a page opens even if as many are being opened


class Turns:
    """Lets a few through at a time, and whoever has waited long enough.

    Pages that open all at once all take long, and whoever judges waits for them; one after
    another most are there sooner and none is later.

    Parameters
    ----------
    count
        How many at a time.
    patience_s
        How long to wait at most.
    """

    def __init__(self, count: int, patience_s: float) -> None:
        self._free, self._patience_s = asyncio.Semaphore(count), patience_s

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the length of the block."""
        try:
            await asyncio.wait_for(self._free.acquire(), self._patience_s)
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._free.release()
