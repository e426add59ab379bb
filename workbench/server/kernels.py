"""Kernels of pages and notebooks: the right Python, and none left behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import default

_TO_THE_LOG = [
    "--IPKernelApp.quiet=False",
    # A warning without meaning, once for every page that opens.
    "--IPKernelApp.logging_config={'loggers': {'Comm': {'level': 'ERROR'}}}",
]


class ThisPython(KernelSpecManager):
    """Only the Python that runs the server, whatever other kernels are installed.

    Notebooks and dashboards ask for ``python3``; a kernel of that name in the user's folders or
    in ``JUPYTER_PATH`` often belongs to another environment, without the workbench.
    """

    @default("kernel_dirs")
    def _no_folders(self) -> list[str]:
        return []  # what remains is ipykernel's own spec of sys.executable


class PageKernelManager(AsyncMappingKernelManager):
    """The kernels of pages: their messages are logged, and they end when their page is gone.

    Of idle kernels none is culled that a page may still connect to: one in Voila's preheated pool
    has no connection and counts as idle, and the stock manager would cull it there, or between
    being handed out and the page's first message.
    """

    grace_s = 60.0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._free_since: dict[str, float] = {}

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel whose messages reach the server's log: on a page nobody sees them."""
        kwargs.setdefault("extra_arguments", _TO_THE_LOG)
        return await super().start_kernel(**kwargs)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Cull a kernel only when it has been out of the pool for a minute and is idle."""
        if kernel_id in self._pooled():
            self._free_since.pop(kernel_id, None)
            return
        free_since = self._free_since.setdefault(kernel_id, time.monotonic())
        if time.monotonic() - free_since >= self.grace_s:
            await super().cull_kernel_if_idle(kernel_id)
        if kernel_id not in self:
            self._free_since.pop(kernel_id, None)

    def _pooled(self) -> set[str]:
        """Return the ids of kernels that wait in Voila's pool."""
        pools: dict[str, list[asyncio.Task]] = getattr(self, "_pools", {})
        tasks = [task for pool in pools.values() for task in pool]
        ready = [task for task in tasks if task.done() and task.exception() is None]
        return {task.result()["kernel_id"] for task in ready}
