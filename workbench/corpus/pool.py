"""Many renderings side by side; each leaves a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from workbench.cluster.place import Place
from workbench.cluster.run import TRIES, run_batches
from workbench.progress import Progress

Job = TypeVar("Job")


def run_jobs(
    work: Callable[[Job], str | None],
    jobs: Sequence[Job],
    *,
    place: Place,
    folder: Path,
    sees: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Iterator[tuple[Job, str | None]]:
    """Work off jobs side by side and yield each with what went wrong, as they are finished.

    Parameters
    ----------
    work
        A function of one job, that can be pickled; it returns None or what is wrong.
    jobs
        The jobs.
    place
        Where to work.
    folder
        Where the work leaves its files.
    sees
        Other paths it reads.
    progress
        Told what goes on on a cluster.

    Raises
    ------
    WorkbenchError
        If processes are ended from outside again and again, or the cluster cannot be used.
    """
    each = partial(_each, work)
    for outcome in run_batches(
        each, jobs, place=place, folder=folder, sees=sees, progress=progress
    ):
        reason = f"the process that worked on it was ended {TRIES} times"
        yield from zip(outcome.items, outcome.result or [reason], strict=True)


def _each(work: Callable[[Job], str | None], jobs: Sequence[Job]) -> list[str | None]:
    return [work(job) for job in jobs]
