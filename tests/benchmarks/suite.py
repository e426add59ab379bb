"""What every row of the suite needs: sides that take turns, rows, growth, and the table of them.

A row compares two ways of doing one thing within one run. Their rounds alternate, so that other
load hits both, and the shortest of each counts. What a machine cannot do any faster, such as
reading the vectors once, stands beside them as the limit. Growth is measured in processes of
their own, one for each size, so that each has its own peak of memory.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("numpy", "torch", "faiss-cpu", "librosa", "umap-learn", "av", "voila", "numba")
_NOISE = 0.05  # an exponent this much above that of n log n is not yet called faster
_CHILD_TIMEOUT_S = 600
_LONG_S = 10.0  # so long a work is timed once
FOLDER = "WORKBENCH_BENCHMARK_FOLDER"  # of a run, which removes it in the end


@dataclass
class Row:
    """One comparison.

    Attributes
    ----------
    name, what
        What chooses the row, and what it measures.
    ours_s, other_s
        Seconds; `other` says of what.
    limit_s, limit
        What cannot be faster, and what that is.
    at_least
        The wanted ratio of the other to ours.
    within
        How many times the limit is allowed.
    under_s
        How many seconds are allowed.
    other_within
        How many times the other is allowed.
    error
        Why there are no numbers.
    """

    name: str
    what: str
    ours_s: float = math.nan
    other: str = ""
    other_s: float = math.nan
    limit: str = ""
    limit_s: float = math.nan
    at_least: float | None = None
    within: float | None = None
    under_s: float | None = None
    other_within: float | None = None
    error: str = ""

    @property
    def ratio(self) -> float:
        """How many times faster than the other."""
        return self.other_s / self.ours_s

    @property
    def target(self) -> str:
        """What was wanted, in words."""
        wanted = {
            "at least {:g} x": self.at_least,
            "within {:g} x of the limit": self.within,
            "under {:g} s": self.under_s,
            "at most {:g} x the other's time": self.other_within,
        }
        return "; ".join(words.format(v) for words, v in wanted.items() if v is not None)

    @property
    def reached(self) -> bool | None:
        """Whether all that was wanted was reached; None where nothing was."""
        if not self.target:
            return None
        return not self.error and all(
            (
                self.at_least is None or self.ratio >= self.at_least,
                self.within is None or self.ours_s <= self.within * self.limit_s,
                self.under_s is None or self.ours_s < self.under_s,
                self.other_within is None or self.ours_s <= self.other_within * self.other_s,
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        derived = {"ratio": self.ratio, "target": self.target, "reached": self.reached}
        return {k: None if v != v else v for k, v in (asdict(self) | derived).items()}


@dataclass(frozen=True)
class Comparison:
    """A function that measures rows, and the sizes at which it does."""

    name: str
    measure: Callable[..., Iterable[Row]]
    sizes: tuple[int, ...] = ()
    largest_quick: int = sys.maxsize


@dataclass(frozen=True)
class Growth:
    """A function that prepares work of a size and returns it, ready to be timed."""

    name: str
    what: str
    prepare: Callable[[int], Callable[[], Any]]
    sizes: tuple[int, int, int]


@dataclass
class Grown:
    """Times and peaks of memory by size; exponents of n."""

    name: str
    what: str
    sizes: list[int]
    seconds: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    error: str = ""

    @property
    def exponent(self) -> float:
        """That of time, fitted."""
        return exponent(self.sizes[: len(self.seconds)], self.seconds)

    @property
    def memory_exponent(self) -> float:
        """That of the peak of memory, fitted."""
        return exponent(self.sizes[: len(self.peak_mb)], self.peak_mb)

    @property
    def fits(self) -> bool:
        """Whether neither grows faster than n log n."""
        n_log_n = exponent(self.sizes, [n * math.log(n) for n in self.sizes]) + _NOISE
        return not self.error and max(self.exponent, self.memory_exponent) <= n_log_n

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found = {"exponent": self.exponent, "memory_exponent": self.memory_exponent}
        derived = {k: None if v != v else v for k, v in found.items()}
        return asdict(self) | derived | {"n_log_n_or_less": self.fits}


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the slope of log value over log size, by least squares; NaN for fewer than two."""
    if len(values) < 2:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def alternately(
    works: dict[str, Callable[[], Any]], *, rounds: int = 5, warm: bool = True
) -> dict[str, float]:
    """Return the shortest time of each in seconds; rounds alternate, the first does not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for index in range(rounds + warm):
        for name, work in works.items():
            seconds = _timed(work)
            if index >= warm:
                times[name].append(seconds)
    return {name: min(values) for name, values in times.items()}


def grow(growth: Growth, sizes: Sequence[int], said: Callable[[str], None]) -> Grown:
    """Measure a growth, each size in a process of its own."""
    found = Grown(growth.name, growth.what, list(sizes))
    for size in sizes:
        command = [sys.executable, "-m", "tests.benchmarks", "--child", growth.name, str(size)]
        try:
            child = subprocess.run(
                command, capture_output=True, text=True, timeout=_CHILD_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            found.error = f"{size:,} take more than {_CHILD_TIMEOUT_S} s"
            break
        if child.returncode:
            found.error = (child.stderr.strip().splitlines() or ["it ended without a word"])[-1]
            break
        told = json.loads(child.stdout.strip().splitlines()[-1])
        found.seconds.append(told["seconds"])
        found.peak_mb.append(told["peak_mb"])
        said(f"{growth.name} at {size:,}: {told['seconds']:.3g} s, {told['peak_mb']:.0f} MB")
    return found


def peak_mb() -> float:
    """Return the most memory this process has had, in MB.

    `resource` would count what its parent had when it was started, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_child(growth: Growth, size: int) -> str:
    """Do the work of one size in this process and return seconds and peak of memory as JSON."""
    work = growth.prepare(size)
    times = [_timed(work)]
    peak = peak_mb()
    if times[0] < _LONG_S:  # what is imported and compiled once is not what grows
        times = [_timed(work) for _ in range(3)]
    return json.dumps({"seconds": min(times), "peak_mb": peak})


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scratch() -> Path:
    """Return a new folder that is removed when the run has ended."""
    return Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "packages": found,
    }
