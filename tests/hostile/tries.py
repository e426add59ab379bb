"""How hard the tests of this folder try, and what counts as a right ending."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from workbench.errors import WorkbenchError

FEW, MANY = 10, 2000
LONGEST_S = 20  # of work on any one file; a few kilobytes take milliseconds
MOST_BYTES = 3 * 2**29  # that reading one small file may add to what this process holds
HOW_OFTEN = [pytest.param(FEW, id="few"), pytest.param(MANY, marks=pytest.mark.nightly, id="many")]


def tried(count: int) -> settings:
    """Return a profile of `count` tries, the same ones each time unless they are many."""
    return settings(
        max_examples=count,
        derandomize=count <= FEW,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def one_sentence(read: Callable[[], object]) -> bool:
    """Call; return whether it came to a result. Anything but a result or one sentence is a bug."""
    try:
        with bounded():
            read()
    except WorkbenchError as error:
        text = str(error)
        assert text, "an error without a sentence"
        assert len(text) < 2000, f"{len(text)} characters are no sentence"
        odd = [c for c in text if not c.isprintable()]
        assert not odd, f"{odd[:5]} would reach a terminal: {text[:200]!r}"
        return False
    return True


@contextmanager
def bounded(seconds: int = LONGEST_S, most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """Fail what takes longer or wants more memory; of this process only, and only for now."""

    def late(*_: Any) -> None:
        raise AssertionError(f"still busy after {seconds} s")

    before = resource.getrlimit(resource.RLIMIT_DATA)
    previous = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)  # of this process's work: others may be busy
    resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + most_bytes, before[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int:
    """Return what `RLIMIT_DATA` counts of this process."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmData"))
    return int(line.split()[1]) * 1024
