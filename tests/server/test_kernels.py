"""Which Python runs, whose kernels they are, how many, and which are ended."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

from workbench.roles import Role
from workbench.server import kernels
from workbench.server.identity import Visitor
from workbench.server.kernels import PageKernelManager, ThisPython


def test_a_kernel_of_another_environment_does_not_shadow_this_python(
    monkeypatch, jupyter_folders
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", jupyter_folders["JUPYTER_PATH"])
    assert KernelSpecManager().get_kernel_spec("python3").argv[0] == "false"
    assert ThisPython().get_kernel_spec("python3").argv[0] == sys.executable
    assert list(ThisPython().get_all_specs()) == ["python3"]


@pytest.fixture
def culled(monkeypatch) -> list[str]:
    """The ids that the stock manager was asked to cull when idle."""
    asked: list[str] = []

    async def record(self: object, kernel_id: str) -> None:
        asked.append(kernel_id)

    monkeypatch.setattr(AsyncMappingKernelManager, "cull_kernel_if_idle", record)
    return asked


@pytest.fixture
def started(monkeypatch) -> list[dict[str, Any]]:
    """What the stock manager was asked to start; kernels are named k0, k1 and so on."""
    asked: list[dict[str, Any]] = []

    async def start(self: PageKernelManager, **kwargs: Any) -> str:
        asked.append(kwargs)
        name = f"k{len(asked) - 1}"
        self._kernels[name] = object()
        return name

    monkeypatch.setattr(AsyncMappingKernelManager, "start_kernel", start)
    return asked


@pytest.fixture
def asks(monkeypatch) -> Any:
    """Return a function that makes a visitor the one who is asking."""

    def become(name: str, role: Role) -> None:
        handler = SimpleNamespace(current_user=Visitor(name, role=role))
        monkeypatch.setattr(kernels.CallContext, "get", lambda _: handler)

    return become


def test_a_kernel_belongs_to_who_asked_for_it_and_knows_their_role(asks, started, own_loop) -> None:
    async def story() -> None:
        manager = PageKernelManager()
        asks("Vera", Role.VIEWER)
        first = await manager.start_kernel(env={"A": "b", "WORKBENCH_ROLE": "rater"})
        asks("Rita", Role.RATER)
        second = await manager.start_kernel(env={})
        assert [s["env"]["WORKBENCH_ROLE"] for s in started] == ["viewer", "rater"]
        assert started[0]["env"]["A"] == "b"
        assert manager.belongs_to(first, "Vera")
        assert not manager.belongs_to(first, "Rita")
        assert manager.belongs_to(second, "Rita")
        assert not manager.belongs_to("unknown", "Rita")
        manager.remove_kernel(first)
        assert not manager.belongs_to(first, "Vera")

    own_loop(story())


def test_too_many_pages_are_put_off_until_one_is_left(asks, started, own_loop) -> None:
    asks("Vera", Role.VIEWER)

    async def story() -> None:
        manager = PageKernelManager(most=2)
        first, second = await asyncio.gather(
            manager.start_kernel(env={}), manager.start_kernel(env={})
        )
        assert first != second
        with pytest.raises(HTTPError) as refused:
            await manager.start_kernel(env={})
        assert refused.value.status_code == 503
        manager.remove_kernel(first)
        await manager.start_kernel(env={})

    own_loop(story())


def test_kernels_are_culled_only_a_while_after_they_began(
    monkeypatch, culled, asks, started, own_loop
) -> None:
    now = [1000.0]
    monkeypatch.setattr(kernels.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(PageKernelManager, "takes_too_much", lambda *_: False)
    asks("Vera", Role.VIEWER)

    async def story() -> None:
        manager = PageKernelManager()
        kernel = await manager.start_kernel(env={})
        now[0] += manager.grace_s - 1
        await manager.cull_kernel_if_idle(kernel)
        assert culled == []  # its page may still be loading
        now[0] += 2
        await manager.cull_kernel_if_idle(kernel)
        assert culled == [kernel]

    own_loop(story())


def test_a_kernel_that_takes_too_much_memory_is_ended(monkeypatch, asks, started, own_loop) -> None:
    ended: list[str] = []

    async def end(self: object, kernel_id: str, now: bool = False) -> None:
        ended.append(kernel_id)

    monkeypatch.setattr(PageKernelManager, "shutdown_kernel", end)
    monkeypatch.setattr(PageKernelManager, "takes_too_much", lambda _, kernel: kernel == "k1")
    asks("Vera", Role.VIEWER)

    async def story() -> None:
        manager = PageKernelManager()
        for _ in range(2):
            await manager.cull_kernel_if_idle(await manager.start_kernel(env={}))

    own_loop(story())
    assert ended == ["k1"]
