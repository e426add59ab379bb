"""What the server's processes take while people are there, and whether it grows."""

from __future__ import annotations

import time
import urllib.request
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from .processes import cpu_s, kernels_of, memory_mb, open_files

SERVER, NURSERY = "server", "nursery"


@dataclass
class Watch:
    """Samples of a server, its nursery and its kernels.

    Attributes
    ----------
    times
        In seconds since the first.
    memory
        By process: (time, USS, PSS) in MB.
    kernels, files
        How many kernels there were, and files the server had open, at each time.
    answers_ms
        How long the server took to answer the smallest question.
    """

    server: int
    nursery: int
    url: str
    times: list[float] = field(default_factory=list)
    memory: dict[int, list[tuple[float, float, float]]] = field(default_factory=dict)
    kernels: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    answers_ms: list[float] = field(default_factory=list)
    cpu: dict[int, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Take one sample."""
        now = time.monotonic() - self.began
        kernels = kernels_of(self.nursery)
        for pid in (self.server, self.nursery, *kernels):
            found = memory_mb(pid)
            if found is not None:
                self.memory.setdefault(pid, []).append((now, *found))
                self.cpu[pid] = cpu_s(pid)
        self.times.append(now)
        self.kernels.append(len(kernels))
        self.files.append(open_files(self.server))

    def ask(self) -> None:
        """Ask the server whether it is alive, and note how long the answer took."""
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(f"{self.url}login", timeout=10) as answer:
                answer.read()
        except OSError:
            self.answers_ms.append(float("inf"))
        else:
            self.answers_ms.append(1000 * (time.perf_counter() - began))

    def total_mb(self) -> np.ndarray:
        """Return (time, sum of all shares of memory in MB), float [samples, 2]."""
        sums = dict.fromkeys(self.times, 0.0)
        for samples in self.memory.values():
            for at, _, pss in samples:
                sums[at] += pss
        return np.array(list(sums.items()))

    def own_mb(self, pids: list[int]) -> float:
        """Return the mean of what processes last had to themselves, in MB."""
        last = [self.memory[pid][-1][1] for pid in pids if pid in self.memory]
        return float(np.mean(last)) if last else float("nan")

    def slopes(self, pids: list[int], *, after: float) -> np.ndarray:
        """Return how fast each of the processes grows after a time, in MB a minute.

        Only of those that were there before and for most of that time: to open takes memory.
        """
        found = []
        for pid in pids:
            began = next((at for at, *_ in self.memory.get(pid, [])), np.inf)
            samples = np.array([s for s in self.memory.get(pid, []) if began <= after <= s[0]])
            if len(samples) >= 5 and np.ptp(samples[:, 0]) > 0.6 * (self.times[-1] - after):
                found.append(60 * float(stats.linregress(samples[:, 0], samples[:, 1]).slope))
        return np.array(found)


def slope_of_one(points: np.ndarray) -> tuple[float, float, float]:
    """Return the slope of one series per minute with its 95 % interval.

    Samples that follow one another are alike; they count for as many as their correlation leaves.

    Parameters
    ----------
    points
        (time in s, value), float [n, 2].
    """
    if len(points) < 5 or np.ptp(points[:, 1]) == 0:
        return 0.0, 0.0, 0.0
    fit = stats.linregress(points[:, 0], points[:, 1])
    rest = points[:, 1] - fit.intercept - fit.slope * points[:, 0]
    alike = 0.0 if np.ptp(rest) < 1e-9 else float(np.corrcoef(rest[:-1], rest[1:])[0, 1])
    alike = min(max(alike, 0.0), 0.95)
    many = max(3.0, len(points) * (1 - alike) / (1 + alike))
    error = fit.stderr * np.sqrt(len(points) / many) * stats.t.ppf(0.975, many - 2)
    return 60 * fit.slope, 60 * (fit.slope - error), 60 * (fit.slope + error)


def slope_of_many(slopes: np.ndarray) -> tuple[float, float, float]:
    """Return the mean slope of processes that do not depend on each other, with its interval."""
    if len(slopes) < 2:
        return (float(slopes[0]),) * 3 if len(slopes) else (0.0, 0.0, 0.0)
    mean, error = float(slopes.mean()), float(stats.sem(slopes))
    width = error * float(stats.t.ppf(0.975, len(slopes) - 1))
    return mean, mean - width, mean + width
