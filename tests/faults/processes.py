"""Processes that start in a moment, and end when they are told or killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["workbench.training.finetune", "workbench.catalogue.importer", "workbench.search.embed",
     "workbench.maps.compute", "workbench.judgements.log", "workbench.audio.decode", "works"]
)  # fmt: skip


def start(do: Callable[..., None], *arguments: Any, said: Path | None = None) -> Any:
    """Run a function in a process group of its own; what it raises is written to `said`."""
    process = _SERVER.Process(target=_run, args=(do, arguments, said))
    process.start()
    return process


def _run(do: Callable[..., None], arguments: tuple[Any, ...], said: Path | None) -> None:
    os.setsid()
    try:
        do(*arguments)
    except Exception as error:
        if said is not None:
            said.write_text(f"{type(error).__name__}: {error}")
        raise SystemExit(1) from None


def kill(process: Any) -> bool:
    """Kill a process and all it started; return whether it was still at work."""
    if process.exitcode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has not become a group yet
            os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    return process.exitcode == -signal.SIGKILL


def seconds_of(do: Callable[..., None], *arguments: Any) -> float:
    """Run a function to its end in a process of its own and return how long that took."""
    began = time.monotonic()
    process = start(do, *arguments)
    process.join(300)
    assert process.exitcode == 0
    return time.monotonic() - began
