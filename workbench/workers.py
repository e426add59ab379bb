"""Processes that work for another one: they leave Ctrl-C to it, and end when it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings


def prepare_worker() -> None:
    """Leave Ctrl-C to the parent process, which ends the work, and go when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def prepare_computing_worker() -> None:
    """Prepare a worker that uses one core and keeps quiet about odd numbers, such as silence."""
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    prepare_worker()


def limit_memory(megabytes: int) -> None:
    """Let this process have no more memory of its own than that, beside what it has now.

    What it asks for beyond is refused: a `MemoryError`, or the end of a library that expects none.
    Linux counts what a process may write to itself; elsewhere nothing is limited.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    import psutil

    wanted = psutil.Process().memory_info().data + megabytes * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def _end_with_parent() -> None:
    """Wait until the parent process is gone, then go too: a killed parent cannot say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
