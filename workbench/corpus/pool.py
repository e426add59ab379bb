"""Many renderings side by side, in processes that a lack of memory may end."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from workbench.errors import WorkbenchError
from workbench.workers import prepare_computing_worker

Job = TypeVar("Job")


def run_jobs(
    work: Callable[[Job], str | None], jobs: Sequence[Job], *, processes: int
) -> Iterator[tuple[Job, str | None]]:
    """Work off jobs side by side and yield each with what went wrong, as they are finished.

    Parameters
    ----------
    work
        A function of one job, that can be pickled; it returns None or what is wrong.
    jobs
        The jobs.
    processes
        How many run at once; one works in this process.

    Raises
    ------
    WorkbenchError
        If a process was ended from outside.
    """
    if processes == 1 or len(jobs) < 2:
        for job in jobs:
            yield job, work(job)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=prepare_computing_worker
    ) as pool:
        waiting = {pool.submit(work, job): job for job in jobs}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        except (BrokenProcessPool, MemoryError) as error:
            raise WorkbenchError(
                "A process that rendered was ended, perhaps for want of memory; what it finished "
                "is kept: run the same again with fewer processes."
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)
