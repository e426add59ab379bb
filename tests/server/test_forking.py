"""Kernels are forked from a process that has imported everything and seen nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from workbench.roles import Role
from workbench.server import kernels
from workbench.server.forking import CAN_FORK, Forked, Nursery
from workbench.server.identity import Visitor
from workbench.server.kernels import PageKernelManager, ThisPython
from workbench.server.nursery import VIEWERS_NICE

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are not forked on this system")

LOOK = """
import json, os, sys
loaded = {name: name in sys.modules for name in ("pandas", "workbench.widgets.explorer", "torch")}
print(json.dumps([os.environ.get("WORKBENCH_ROLE"), os.environ.get("MARK"), os.getcwd(), loaded,
                  os.getppid(), os.getpid()]))"""


WIDGETS = """
import json, os
targets = get_ipython().kernel.comm_manager.targets
print(json.dumps([sorted(targets), os.nice(0)]))"""

UPLOAD = """
import json
from workbench.widgets.uploads import Uploads
uploads = Uploads()
print(json.dumps([str(uploads.take({"name": "a.wav", "size": 3, "at": 0}, [b"abc"]))]))"""


async def _say(manager: PageKernelManager, kernel_id: str, code: str) -> list[Any]:
    """Return the JSON that a kernel prints."""
    client = manager.get_kernel(kernel_id).client()
    client.start_channels()
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    await client._async_wait_for_ready(timeout=60)
    await client._async_execute_interactive(code, output_hook=hear, timeout=60)
    client.stop_channels()
    return json.loads("".join(said))


@pytest.fixture
def visited(monkeypatch, tmp_path, own_loop) -> Callable[[Callable[..., Any]], None]:
    """Return a function that runs a story with a manager whose visitors are viewers."""
    handler = SimpleNamespace(current_user=Visitor("Vera", role=Role.VIEWER))
    monkeypatch.setattr(kernels.CallContext, "get", lambda _: handler)

    def run(story: Callable[[PageKernelManager], Any]) -> None:
        async def whole() -> None:
            manager = PageKernelManager(root_dir=str(tmp_path), kernel_spec_manager=ThisPython())
            try:
                await story(manager)
            finally:
                await manager.shutdown_all(now=True)

        own_loop(whole())

    return run


def _environment(mark: str) -> dict[str, str]:
    return {**os.environ, "MARK": mark}


def test_each_kernel_has_its_own_environment_and_place(visited, tmp_path) -> None:
    async def story(manager: PageKernelManager) -> None:
        said = []
        for mark in ("first", "second"):
            kernel = await manager.start_kernel(env=_environment(mark), path="")
            said.append(await _say(manager, kernel, LOOK))
        for (role, mark, place, loaded, parent, pid), expected in zip(
            said, ("first", "second"), strict=True
        ):
            assert (role, mark, Path(place)) == ("viewer", expected, tmp_path)
            # The libraries were there before any code ran, and the heavy ones are not.
            assert loaded == {"pandas": True, "workbench.widgets.explorer": True, "torch": False}
            assert "workbench.server.nursery" in psutil.Process(parent).cmdline()
            assert parent != pid
        assert said[0][4] == said[1][4]
        assert said[0][5] != said[1][5]

    visited(story)


def test_a_page_can_ask_for_all_its_widgets_at_once(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        kernel = await manager.start_kernel(env=_environment("x"), path="")
        targets, _ = await _say(manager, kernel, WIDGETS)
        assert "jupyter.widget.control" in targets

    visited(story)


def test_pages_of_viewers_give_way_to_those_of_raters(visited, monkeypatch) -> None:
    async def story(manager: PageKernelManager) -> None:
        nice = []
        for role in (Role.VIEWER, Role.RATER):
            handler = SimpleNamespace(current_user=Visitor("Vera", role=role))
            monkeypatch.setattr(kernels.CallContext, "get", lambda _, handler=handler: handler)
            kernel = await manager.start_kernel(env=_environment("x"), path="")
            nice.append((await _say(manager, kernel, WIDGETS))[1])
        assert nice[0] - nice[1] == VIEWERS_NICE

    visited(story)


def test_a_kernel_takes_less_memory_than_the_process_it_came_from(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        kernel = await manager.start_kernel(env=_environment("x"), path="")
        *_, parent, pid = await _say(manager, kernel, LOOK)
        memory = psutil.Process(pid).memory_full_info()
        assert memory.uss < 0.6 * psutil.Process(parent).memory_info().rss
        for most, too_much in [(memory.uss / 2, True), ((memory.uss + memory.rss) / 2, False)]:
            manager.most_mb = int(most / 2**20)
            assert manager.takes_too_much(kernel) is too_much

    visited(story)


def test_the_server_knows_when_a_kernel_is_at_work(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        kernel = await manager.start_kernel(env=_environment("x"), path="")
        await _say(manager, kernel, LOOK)
        known = manager.get_kernel(kernel)
        before = known.last_activity
        working = asyncio.ensure_future(
            _say(manager, kernel, "import time; time.sleep(1); print(1)")
        )
        assert await _becomes(known, "busy")
        assert await working == 1
        assert await _becomes(known, "idle")
        assert known.last_activity > before
        assert manager.last_kernel_activity == known.last_activity

    visited(story)


async def _becomes(kernel: Any, state: str) -> bool:
    end = time.monotonic() + 20
    while kernel.execution_state != state and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return kernel.execution_state == state


def test_a_kernel_that_is_shut_down_has_ended(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        kernel = await manager.start_kernel(env=_environment("x"), path="")
        *_, pid = await _say(manager, kernel, LOOK)
        await manager.shutdown_kernel(kernel)
        assert kernel not in manager
        assert not psutil.pid_exists(pid)

    visited(story)


def test_what_a_page_was_sent_goes_with_it(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        kernel = await manager.start_kernel(env=_environment("x"), path="")
        (file,) = await _say(manager, kernel, UPLOAD)
        assert Path(file).read_bytes() == b"abc"
        await manager.shutdown_kernel(kernel)
        assert not Path(file).parent.parent.exists()
        killed = await manager.start_kernel(env=_environment("x"), path="")
        (file,) = await _say(manager, killed, UPLOAD)
        await manager.shutdown_kernel(killed, now=True)
        manager.nursery.close()
        assert not Path(file).parent.parent.parent.exists()

    visited(story)


def test_kernels_end_with_the_process_they_came_from_and_the_next_page_has_another(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        kernel = await manager.start_kernel(env=_environment("x"), path="")
        *_, parent, pid = await _say(manager, kernel, LOOK)
        os.kill(parent, signal.SIGKILL)
        end = time.monotonic() + 20
        while psutil.pid_exists(pid) and time.monotonic() < end:
            await asyncio.sleep(0.1)
        assert not psutil.pid_exists(pid)
        another = await manager.start_kernel(env=_environment("y"), path="")
        assert (await _say(manager, another, LOOK))[1] == "y"

    visited(story)


def test_without_forking_a_kernel_starts_as_usual(visited) -> None:
    async def story(manager: PageKernelManager) -> None:
        nursery, manager.nursery = manager.nursery, None
        kernel = await manager.start_kernel(env=_environment("x"), path="", kernel_name="python3")
        role, mark, _, _, parent, _ = await _say(manager, kernel, LOOK)
        assert (role, mark, parent) == ("viewer", "x", os.getpid())
        manager.nursery = nursery

    visited(story)


def test_a_process_that_ends_is_known_to_have_ended(own_loop) -> None:
    async def story() -> None:
        nursery = Nursery()
        process = await nursery.fork(["--version"], dict(os.environ), "/")
        assert isinstance(process, Forked)
        await asyncio.wait_for(asyncio.to_thread(process.wait), 20)
        assert process.poll() == 0
        process.terminate()  # of what has ended there is nothing to end
        nursery.close()

    own_loop(story())
