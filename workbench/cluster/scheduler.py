"""Batches on the cluster of a Dask scheduler.

A worker hands each batch to a process of its own, as this machine does: a file that breaks the
process that reads it leaves the worker alone, and the worker's threads need not share libraries
that are not safe for that. What is left for Dask is to find a worker, and another one when a
worker or its host is lost.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from workbench import __version__
from workbench.cluster.children import Children, ProcessLost, Work
from workbench.errors import WorkbenchError
from workbench.files import PARTIAL, held
from workbench.progress import Progress

_PACKAGE = "music-similarity-workbench"
_CONNECT_S = 10.0
_WORKERS_S = 30.0  # how long workers may take to come
_COUNT_S = 2.0  # how often they are counted
_children = Children()  # of a worker


class Cluster:
    """The workers of a scheduler.

    Parameters
    ----------
    address
        The scheduler's; certificates for ``tls://`` come from Dask's configuration.
    work
        What they do.
    folder, sees
        What they have to see, under the same paths as this machine; the first is written to.
    progress
        Told how many workers there are, and when there are none.

    Raises
    ------
    WorkbenchError
        If the scheduler does not answer, or a worker cannot do the work.
    """

    def __init__(
        self, address: str, work: Work, folder: Path, sees: Sequence[Path], progress: Progress
    ) -> None:
        self._address, self._progress = address, progress
        self._counted, self._slots = 0.0, -1
        self._mark = folder / f"{PARTIAL}seen-{uuid.uuid4().hex}"
        self._held = ExitStack()
        self._client = _connect(address)
        try:
            self._check([folder, *sees])
            self._held.enter_context(held(self._mark))
            self._look_for(self._mark)
            # A task rather than data: what a lost worker knew of it is computed again.
            self._work = self._client.submit(_itself, work, key=f"workbench-{work.token}")
        except BaseException:
            self.close()
            raise

    def slots(self) -> int:
        """Return twice the number of threads of the workers there are now."""
        if self._client.status != "running":
            raise self._gone()
        if time.monotonic() - self._counted > _COUNT_S:
            try:
                slots = 2 * sum(self._client.nthreads().values())
            except (OSError, TimeoutError, CancelledError) as error:
                raise self._gone() from error
            if not slots and self._slots:
                self._progress.note(f"The cluster at {self._address} has no workers now; waiting.")
            self._counted, self._slots = time.monotonic(), slots
        return self._slots

    def submit(self, batch: bytes, done: Callable[[Any], None]) -> Any:
        """Hand a pickled batch out; `done` is called with the future, in another thread."""
        key = f"workbench-batch-{uuid.uuid4().hex}"
        try:
            future = self._client.submit(_on_worker, self._work, batch, str(self._mark), key=key)
        except Exception as error:
            if self._client.status != "running":
                raise self._gone() from error
            raise
        future.add_done_callback(done)
        return future

    def result(self, future: Any) -> Any:
        """Return the result of a future that is done, or raise what its work raised."""
        from distributed.scheduler import KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            raise ProcessLost(str(error)) from None
        except (CancelledError, OSError, TimeoutError) as error:
            if future.status == "error":  # the work's own
                raise
            raise self._gone() from error
        finally:
            future.release()

    def close(self) -> None:
        """Let go of the scheduler: what waits there is forgotten."""
        self._held.close()
        self._client.close(timeout=2)

    def _check(self, paths: Sequence[Path]) -> None:
        """Refuse workers that are not there, have another version, or do not see the files."""
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS_S)
        except TimeoutError as error:
            raise WorkbenchError(
                f"The cluster at {self._address} has no workers; start some with "
                f"`dask worker {self._address} --nworkers auto`."
            ) from error
        versions = self._client.run(resolve_name, "workbench:__version__", on_error="return")
        for worker, version in versions.items():
            if isinstance(version, Exception):
                raise WorkbenchError(
                    f"Worker {worker} of the cluster does not have the package {_PACKAGE}; "
                    f"install version {__version__} there."
                )
            if version != __version__:
                raise WorkbenchError(
                    f"Worker {worker} of the cluster has version {version} of {_PACKAGE}, and "
                    f"this is {__version__}; install the same version on both."
                )
        for path in paths:
            self._look_for(path)
        hosts = {worker.rsplit(":", 1)[0] for worker in versions}
        self._progress.note(
            f"Working on the cluster at {self._address}: workers {len(versions)}, hosts "
            f"{len(hosts)}."
        )

    def _look_for(self, path: Path) -> None:
        """Refuse workers that do not see a path."""
        seen = self._client.run(os.path.exists, str(path), on_error="return")
        for worker, found in seen.items():
            if found is not True:
                raise WorkbenchError(_unseen(worker, path))

    def _gone(self) -> WorkbenchError:
        return WorkbenchError(
            f"The scheduler at {self._address} has gone; what was finished is kept: run the same "
            "command again, it goes on where it was."
        )


def _connect(address: str) -> Any:
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # its troubles are told by us
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        raise WorkbenchError(
            f"There is no Dask scheduler at {address} ({str(error) or type(error).__name__}); "
            "start one with `dask scheduler`, or leave --cluster out to work on this machine."
        ) from error


def _unseen(worker: str, path: Path) -> str:
    return (
        f"Worker {worker} of the cluster does not see {path}; the workspace and the music have "
        "to be in folders that all hosts share, under the same paths."
    )


def _itself(work: Work) -> Work:
    return work


def _on_worker(work: Work, batch: bytes, mark: str) -> Any:
    """Do a batch in a process of the worker that runs this."""
    if not os.path.exists(mark):  # a worker that came later
        from distributed import get_worker

        raise WorkbenchError(_unseen(get_worker().address, Path(mark).parent))
    return _children.do(work, batch)
