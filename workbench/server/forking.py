"""Kernels that are forked from one process which has imported everything before.

A page that starts Python and imports its libraries takes two seconds of work and a hundred
megabytes for each viewer. Where processes cannot be forked safely, that is what happens.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

CAN_FORK = sys.platform.startswith("linux")
_LAUNCHER = "ipykernel_launcher"
_COMMAND = (sys.executable, "-P", "-W", "ignore", "-m", "workbench.server.nursery")
# One thread each: forked processes must not wait for threads that they do not have, and many
# viewers on a few cores are faster without.
_ALONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

# Else every thread keeps what it has freed for itself, and large arrays stay after they are freed.
_SMALL = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(2**20)}


class Nursery:
    """The process that forks, started when it is first needed and again if it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._passing: tempfile.TemporaryDirectory[str] | None = None  # files of open pages
        self._one_at_a_time = threading.Lock()

    def prepare(self) -> None:
        """Start it, so that the first page need not wait for all that is imported."""
        with self._one_at_a_time:
            self._running()

    async def fork(self, arguments: list[str], env: dict[str, str], cwd: str) -> Forked:
        """Return a new kernel process.

        Raises
        ------
        OSError
            If the nursery ended before it could answer.
        """
        line = json.dumps({"arguments": arguments, "env": {**env, **_ALONE}, "cwd": cwd})
        return await asyncio.to_thread(self._fork, line.encode() + b"\n")

    def close(self) -> None:
        """End it, and with it all kernels that came from it."""
        with self._one_at_a_time:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None
            if self._passing is not None:
                self._passing.cleanup()
                self._passing = None

    def _fork(self, line: bytes) -> Forked:
        with self._one_at_a_time:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
        if not answer:
            raise OSError("The process that pages are started from has ended.")
        return Forked(int(answer))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._passing is None:
            self._passing = tempfile.TemporaryDirectory(prefix="workbench-pages-")
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_ALONE, **_SMALL, "TMPDIR": self._passing.name},
            )
        return self._process


class Forked:
    """A process that somebody else started, with the few methods of `subprocess.Popen` needed.

    Its number is never taken for that of a later process.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = psutil.Process(pid)

    def poll(self) -> int | None:
        """Return None while it runs, 0 afterwards."""
        return None if self._process.is_running() else 0

    def wait(self) -> int:
        """Wait until it has ended."""
        while self.poll() is None:
            time.sleep(0.01)
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing happens once it has ended."""
        if self.poll() is None:
            self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkingProvisioner(LocalProvisioner):
    """Has kernels of this Python forked."""

    nursery: Nursery | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or start one where that is not possible."""
        if self.nursery is None or _LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        arguments = cmd[cmd.index(_LAUNCHER) + 1 :]
        cwd = str(kwargs.get("cwd") or os.getcwd())
        forked = await self.nursery.fork(arguments, kwargs["env"], cwd)
        self.process, self.cwd = forked, cwd  # type: ignore[assignment]
        self.pid = self.pgid = forked.pid
        return self.connection_info


class PageKernel(ServerKernelManager):
    """One kernel, forked from the nursery of its `PageKernelManager`."""

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
        """Say how its process comes to be."""
        if self.provisioner is None:
            self.provisioner = ForkingProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
            self.provisioner.nursery = getattr(self.parent, "nursery", None)
        return await super()._async_pre_start_kernel(**kwargs)

    pre_start_kernel = _async_pre_start_kernel  # type: ignore[assignment]
