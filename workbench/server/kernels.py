"""Kernels of pages: the right Python, each for one visitor, and none left behind."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server import CallContext
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from traitlets import Integer, default

from workbench.roles import ROLE_VARIABLE
from workbench.server.forking import CAN_FORK, Nursery
from workbench.server.identity import visitor_of
from workbench.server.limits import MOST_MB, MOST_PAGES

_LOG = logging.getLogger(__name__)
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
    """The kernels of pages: each belongs to the visitor whose page it runs, and knows their role.

    They end when their page is gone, when they are idle without one, or when they take too much
    memory.
    """

    most = Integer(MOST_PAGES, min=1, config=True, help="How many pages may be open at once.")
    most_mb = Integer(MOST_MB, min=1, config=True, help="The memory that ends a kernel, in MB.")
    grace_s = 60.0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._owners: dict[str, str] = {}
        self._starting = 0
        self._begun: dict[str, float] = {}
        self.nursery = Nursery() if CAN_FORK else None

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str:
        return "workbench.server.forking.PageKernel"

    # -- starting -------------------------------------------------------------------------------

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start the kernel of a page for the visitor who is asking for it.

        Raises
        ------
        HTTPError
            503 when as many pages are open as this server allows.
        """
        visitor = visitor_of(CallContext.get(CallContext.JUPYTER_HANDLER))
        if len(self._owners) + self._starting >= self.most:
            _LOG.warning("Page refused: as many are open as may be", extra={"most": self.most})
            raise web.HTTPError(503)
        self._starting += 1
        try:
            env = {**kwargs.pop("env", {}), ROLE_VARIABLE: str(visitor.role)}
            kernel = await self._new_kernel(env=env, **kwargs)
        finally:
            self._starting -= 1
        self._owners[kernel] = visitor.username
        self._begun[kernel] = time.monotonic()
        facts = {"kernel": kernel, "role": str(visitor.role), "open": len(self._owners)}
        _LOG.info("Page opened", extra=facts)
        return kernel

    async def _new_kernel(self, **kwargs: Any) -> str:
        """Start a kernel whose messages reach the server's log: on a page nobody sees them."""
        return await super().start_kernel(extra_arguments=_TO_THE_LOG, **kwargs)

    def belongs_to(self, kernel_id: str, username: str) -> bool:
        """Return whether a kernel runs a page of this visitor."""
        return kernel_id in self and self._owners.get(kernel_id) == username

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended."""
        if self._owners.pop(kernel_id, None) is not None:
            _LOG.info("Page closed", extra={"kernel": kernel_id, "open": len(self._owners)})
        self._begun.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]
        """End all kernels, and what they are forked from."""
        await super().shutdown_all(now=now)
        if self.nursery is not None:
            self.nursery.close()

    # -- ending ---------------------------------------------------------------------------------

    def start_watching_activity(self, kernel_id: str) -> None:
        """Note when a kernel last said something, and whether it is at work.

        Jupyter's own reads every message whole, which is a seventh of what a server of busy pages
        does; here the kind of a message is read, and of states the content.
        """
        kernel = self._kernels[kernel_id]
        kernel.reason = ""
        kernel.last_activity = datetime.now(UTC)
        kernel._activity_stream = kernel.connect_iopub()

        def record(parts: list[bytes]) -> None:
            _, (_signature, header, _parent, _metadata, content, *_) = (
                kernel.session.feed_identities(parts)
            )
            self.last_kernel_activity = kernel.last_activity = datetime.now(UTC)
            if json.loads(header)["msg_type"] == "status":
                kernel.execution_state = json.loads(content)["execution_state"]

        kernel._activity_stream.on_recv(record)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that takes too much memory, or is idle and without a page for a while."""
        if kernel_id not in self._begun:
            return
        if self.takes_too_much(kernel_id):
            facts = {"kernel": kernel_id, "most_mb": self.most_mb}
            _LOG.error("A page takes too much memory and is ended", extra=facts)
            await self.shutdown_kernel(kernel_id, now=True)
        elif time.monotonic() - self._begun[kernel_id] >= self.grace_s:
            # Before that its page may still be loading, and counts as not there.
            await super().cull_kernel_if_idle(kernel_id)

    def takes_too_much(self, kernel_id: str) -> bool:
        """Return whether a kernel's process has more memory to itself than `most_mb`."""
        pid = getattr(self.get_kernel(kernel_id).provisioner, "pid", None)
        try:
            process = psutil.Process(pid) if pid else None
            # To tell what it shares from the rest takes 20 ms, for which every page waits.
            return (
                process is not None
                and process.memory_info().rss > self.most_mb * 2**20
                and process.memory_full_info().uss > self.most_mb * 2**20
            )
        except psutil.Error:
            return False
