"""Which Python runs, and which kernels are culled."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from workbench.server import kernels
from workbench.server.kernels import PageKernelManager, ThisPython


def test_a_kernel_of_another_environment_does_not_shadow_this_python(
    monkeypatch, jupyter_folders
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", jupyter_folders["JUPYTER_PATH"])
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "false"
    assert ThisPython().get_kernel_spec("python3").argv[0] == sys.executable
    assert list(ThisPython().get_all_specs()) == ["python3"]


def _run(story: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread: a browser of other tests may hold this one's loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, story).result()


@pytest.fixture
def culled(monkeypatch) -> list[str]:
    """The ids that the stock manager was asked to cull when idle."""
    asked: list[str] = []

    async def record(self: object, kernel_id: str) -> None:
        asked.append(kernel_id)

    monkeypatch.setattr(AsyncMappingKernelManager, "cull_kernel_if_idle", record)
    return asked


def test_kernels_are_culled_only_a_while_after_they_left_the_pool(monkeypatch, culled) -> None:
    now = [1000.0]
    monkeypatch.setattr(kernels.time, "monotonic", lambda: now[0])

    async def story() -> None:
        manager = PageKernelManager()
        manager._kernels["k"] = object()
        waiting: asyncio.Future = asyncio.Future()
        waiting.set_result({"kernel_id": "k"})
        manager._pools = {"page.ipynb": [waiting]}
        now[0] += 3600
        await manager.cull_kernel_if_idle("k")
        assert culled == []  # in the pool, however long
        manager._pools = {"page.ipynb": []}
        await manager.cull_kernel_if_idle("k")
        now[0] += manager.grace_s - 1
        await manager.cull_kernel_if_idle("k")
        assert culled == []  # handed out, the page may still be loading
        now[0] += 2
        await manager.cull_kernel_if_idle("k")
        assert culled == ["k"]

    _run(story())


def test_a_pool_with_a_failed_kernel_is_no_obstacle(monkeypatch, culled) -> None:
    monkeypatch.setattr(PageKernelManager, "grace_s", 0.0)

    async def story() -> None:
        manager = PageKernelManager()
        failed: asyncio.Future = asyncio.Future()
        failed.set_exception(RuntimeError("did not start"))
        manager._pools = {"page.ipynb": [failed, asyncio.Future()]}
        await manager.cull_kernel_if_idle("k")

    _run(story())
    assert culled == ["k"]
