"""Processes that work for this one: each does a batch at a time, and may break without harm."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workbench.cluster.child import IDLE_S, RAISED
from workbench.errors import WorkbenchError

# One core each: threads of several processes on the same cores mostly wait for each other.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PROGRAM = """
import sys
sys.path[:] = sys.argv[1:]
from workbench.cluster.child import main
main()
"""


class ProcessLost(Exception):
    """The process that worked on a batch is gone; how it ended, where that is known."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text, code)
        self.code = code


@dataclass(frozen=True)
class Work:
    """A function of a batch, as it is sent to processes: once to each.

    Attributes
    ----------
    function
        The pickled function; processes find what it names by import.
    quiet
        Whether what the processes print is thrown away.
    token
        Tells the work of one run from others'.
    """

    function: bytes
    quiet: bool = False
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(cls, function: Callable[[list[Any]], Any], *, quiet: bool = False) -> Work:
        """Pickle a function of a batch."""
        import cloudpickle  # also what a script or notebook defines can be sent

        return cls(cloudpickle.dumps(function), quiet)


class Children:
    """Processes of this one, kept for the next batch of the same work; safe for many threads."""

    def __init__(self) -> None:
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    def do(self, work: Work, batch: bytes) -> Any:
        """Let a process do a pickled batch, and return the result.

        Raises
        ------
        ProcessLost
            If the process is gone.
        WorkbenchError
            If no process can be started.
        Exception
            What the work raised.
        """
        child = self._take(work)
        try:
            kind, result = child.ask(batch)
        except BaseException:
            child.end()
            raise
        with self._lock:
            child.idle_since = time.monotonic()
            self._idle.append(child)
        if kind == RAISED:
            raise result
        return result

    def close(self) -> None:
        """End the processes that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _take(self, work: Work) -> _Child:
        tired, found = [], None
        with self._lock:
            for child in list(self._idle):
                if time.monotonic() - child.idle_since > 0.8 * IDLE_S:  # it may end any moment
                    self._idle.remove(child)
                    tired.append(child)
            for child in self._idle:
                if child.token == work.token:
                    found = child
                    self._idle.remove(child)
                    break
        for child in tired:
            child.end()
        return found or _Child(work)


class _Child:
    """One process."""

    def __init__(self, work: Work) -> None:
        self.token, self.idle_since = work.token, 0.0
        command = [sys.executable, "-c", _PROGRAM, *(entry or os.getcwd() for entry in sys.path)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if work.quiet else None,
            env=os.environ | _ONE_THREAD,
        )
        try:
            kind, result = self.ask(work.function)
            if kind == RAISED:
                raise result
        except ProcessLost as error:
            code = error.code
            if code is None or code < 0:  # a signal: it was killed, others may live
                raise
            raise WorkbenchError(
                f"A process to work in could not be started: it ended with {code}."
            ) from None
        except BaseException:
            self.end()
            raise

    def ask(self, request: bytes) -> tuple[str, Any]:
        """Send a request and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            code = self._process.returncode
            raise ProcessLost(f"it ended with {code}", code) from None
        kind, result = pickle.loads(answer)
        return kind, result

    def end(self) -> None:
        """Let the process end; wait until it has."""
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()
