"""What processes take of the machine, read from Linux's ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_MB = 1024.0  # smaps count in kB


def cpu_s(pid: int) -> float:
    """Return the processor time a process has had, in seconds; 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> tuple[float, float] | None:
    """Return what a process has to itself and its share of all (USS, PSS); None if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return None
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    own = kb.get("Private_Clean", 0) + kb.get("Private_Dirty", 0)
    return own / _MB, kb.get("Pss", 0) / _MB


def open_files(pid: int) -> int:
    """Return how many files and sockets a process has open; 0 when it has ended."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def nursery_of(server: int) -> int:
    """Return the process that a server's kernels are forked from."""
    children = psutil.Process(server).children()
    return next(c.pid for c in children if "workbench.server.nursery" in c.cmdline())


def kernels_of(nursery: int) -> list[int]:
    """Return the processes of the pages that are open."""
    try:
        return [child.pid for child in psutil.Process(nursery).children()]
    except psutil.Error:
        return []
