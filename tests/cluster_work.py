"""Work that other processes do for tests: it counts its tries, waits, breaks and is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import NotReadyError


def square(batch: Sequence[int]) -> list[int]:
    return [number**2 for number in batch]


def square_slowly(marks: Path, seconds: float, batch: Sequence[int]) -> list[int]:
    """Square numbers; each try leaves a file with the process that tried."""
    for number in batch:
        (marks / f"{number}-{time.monotonic_ns()}").write_text(str(os.getpid()))
        time.sleep(seconds)
    return square(batch)


def square_or_die(marks: Path, deadly: frozenset[int], batch: Sequence[int]) -> list[int]:
    """Square numbers; those that are deadly end the process, however often they are tried."""
    for number in batch:
        (marks / f"{number}-{time.monotonic_ns()}").touch()
        if number in deadly:
            os.kill(os.getpid(), signal.SIGKILL)
    return square(batch)


def refuse(error: str, batch: Sequence[int]) -> list[int]:
    """Raise what has one sentence, what has a bug, or end for want of memory."""
    if error == "workbench":
        raise NotReadyError("Something has to be done first.")
    if error == "memory":
        raise MemoryError
    raise ZeroDivisionError("by nothing")


def who(batch: Sequence[int]) -> int:
    """Return the process that works."""
    return os.getpid()


def say_much(batch: Sequence[int]) -> list[int]:
    """Print to the stream on which a process answers."""
    print("words" * 10_000)
    os.write(1, b"more words")
    return square(batch)


def tries(marks: Path, number: int) -> int:
    """Return how often a number was tried."""
    return len(list(marks.glob(f"{number}-*")))


def alive(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def local_cluster(workers: int = 2) -> Iterator:
    """Start a scheduler and worker processes on this machine."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=50,
    ) as cluster:
        yield cluster


@contextmanager
def separate_cluster(
    folder: Path, *, scheduler: Sequence[str] = (), worker: Sequence[str] = (), host: str = ""
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and a worker by their own commands.

    Parameters
    ----------
    folder
        For the file by which they find each other.
    scheduler, worker
        What stands before either command, such as the namespace it runs in.
    host
        The address the scheduler listens at.
    """
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
    command += ["--scheduler-file", str(file), "--port", "0"]
    command += ["--host", host] if host else []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    processes = [subprocess.Popen([*scheduler, *command], env=environment, **quiet)]
    try:
        until = time.monotonic() + 120
        while not file.exists() or not file.read_text().endswith("}"):
            assert time.monotonic() < until, "the scheduler does not start"
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
        command += ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)]
        processes.append(subprocess.Popen([*worker, *command], env=environment, **quiet))
        yield address, processes
    finally:
        for process in reversed(processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and what a shell started
            process.wait()
