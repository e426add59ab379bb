"""Work off many items in batches, wherever that is; a lost process costs its own batch only.

Few batches are handed out at a time, so a million items cost no more memory than a hundred. A
batch whose process or host is lost is done again, item by item, elsewhere: an item that is lost
three times, or that its own alarm ended, is named and the others go on. So a batch may be done
twice, and work that keeps files has to name them by what is in them.
"""

from __future__ import annotations

import queue
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from workbench.cluster.children import ProcessLost, Work
from workbench.cluster.here import Here
from workbench.cluster.place import Place
from workbench.errors import WorkbenchError
from workbench.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

TRIES = 3
OVERDUE = -int(getattr(signal, "SIGALRM", 0))  # its own alarm ended it: it would again
_HOPELESS = 12  # lost processes in a row, nothing done between: no item's fault
_AHEAD = 16  # batches per slot that may be done before an earlier one is, where order counts
_LOOK_S = 1.0  # how often to look whether there are more slots or none
_ENDED_AGAIN_AND_AGAIN = (
    "Processes are ended from outside again and again, perhaps for want of memory; what was "
    "finished is kept: run the same command with fewer processes."
)


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What became of a batch: the result, or None for one item that its processes were lost on.

    `code` is the exit status of the last of them, where it is known.
    """

    items: list[Item]
    result: Result | None = None
    lost: bool = False
    code: int | None = None


class Engine(Protocol):
    """What hands batches out: `workbench.cluster.here`, `workbench.cluster.scheduler`."""

    def slots(self) -> int:
        """Return how many batches may be handed out at once; raise if there is no going on."""

    def submit(self, batch: bytes, done: Callable[[Any], None]) -> Any:
        """Hand a pickled batch out; `done` is called with the future, in any thread."""

    def result(self, future: Any) -> Any:
        """Return the result of a future that is done, or raise what its work raised."""

    def close(self) -> None:
        """Hand nothing more out."""


@dataclass
class _Batch(Generic[Item]):
    """Items that are handed out together; `start` is the place of the first among all."""

    start: int
    items: list[Item]
    losses: int = 0

    def apart(self) -> list[_Batch[Item]]:
        """Return its items one by one, after it was lost."""
        return [_Batch(self.start + i, [it], self.losses + 1) for i, it in enumerate(self.items)]


def run_batches(
    work: Callable[[list[Item]], Result],
    items: Iterable[Item],
    *,
    place: Place,
    size: int = 1,
    folder: Path,
    sees: Sequence[Path] = (),
    ordered: bool = False,
    fragile: bool = False,
    progress: Progress | None = None,
) -> Iterator[Outcome[Item, Result]]:
    """Let processes do batches of items and yield what becomes of each, as it is done.

    Parameters
    ----------
    work
        A function of a list of items. Other processes import what it names; on a cluster they see
        the same files under the same paths.
    items
        The items; taken as they are needed.
    place
        Where to work. With one process, or one batch, it is this process.
    size
        Items in a batch: what a lost process costs.
    folder
        Where the work leaves files. Workers of a cluster have to see it.
    sees
        Other paths that they have to see.
    ordered
        Yield in the order of the items.
    fragile
        Items may break the process that works on them, and print as they like: one batch is not
        done in this process either, unless that was asked for.
    progress
        Told what goes on on a cluster.

    Yields
    ------
    Outcome
        Of every batch; after a loss, of single items.

    Raises
    ------
    WorkbenchError
        If the cluster cannot be used or goes away, or processes are lost again and again.
    Exception
        What the work raised.
    """
    batches = _batches(items, size)
    first = list(islice(batches, 2))
    alone = place.cluster is None and (
        place.processes == 1 or (len(first) < 2 and not (fragile and first))
    )
    todo = chain(first, batches)
    if alone:
        for batch in todo:
            yield Outcome(batch.items, work(batch.items))
        return
    ahead = _AHEAD * size if ordered else None
    with _engine(Work.of(work, quiet=fragile), place, folder, sees, progress) as engine:
        outcomes = _hand_out(engine, todo, ahead=ahead, fragile=fragile)
        yield from _in_order(outcomes) if ordered else (outcome for _, outcome in outcomes)


@contextmanager
def _engine(
    work: Work, place: Place, folder: Path, sees: Sequence[Path], progress: Progress | None
) -> Iterator[Engine]:
    if place.cluster is None:
        engine: Engine = Here(work, place.processes)
    else:
        from workbench.cluster.scheduler import Cluster  # Dask takes seconds to import

        engine = Cluster(place.cluster, work, folder, sees, progress or Progress())
    try:
        yield engine
    finally:
        engine.close()


def _batches(items: Iterable[Item], size: int) -> Iterator[_Batch[Item]]:
    rest, start = iter(items), 0
    while batch := list(islice(rest, size)):
        yield _Batch(start, batch)
        start += len(batch)


def _hand_out(
    engine: Engine, todo: Iterator[_Batch[Item]], *, ahead: int | None, fragile: bool
) -> Iterator[tuple[int, Outcome[Item, Any]]]:
    """Keep the engine busy, do again what is lost, and yield what is done with its place.

    Nothing is handed out that is more than `ahead` items per slot after what is still under way.
    """
    import cloudpickle

    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    waiting: dict[Any, _Batch[Item]] = {}
    again: deque[_Batch[Item]] = deque()
    newest = losses_in_a_row = 0
    upcoming = next(todo, None)  # known ahead, so that the end is known where nobody works

    def following(slots: int) -> _Batch[Item] | None:
        nonlocal newest, upcoming
        if again:
            return again.popleft()
        oldest = min((batch.start for batch in waiting.values()), default=newest)
        if upcoming is None or (ahead is not None and newest - oldest > ahead * slots):
            return None
        batch, upcoming = upcoming, next(todo, None)
        newest = batch.start
        return batch

    while waiting or again or upcoming:
        slots = engine.slots()
        while len(waiting) < slots and (batch := following(slots)):
            waiting[engine.submit(cloudpickle.dumps(batch.items), done.put)] = batch
        try:
            future = done.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        batch = waiting.pop(future)
        try:
            outcome = Outcome(batch.items, engine.result(future))
        except ProcessLost as error:
            losses_in_a_row += 1
            if losses_in_a_row == _HOPELESS and not fragile:
                raise WorkbenchError(_ENDED_AGAIN_AND_AGAIN) from error
            alone = batch.apart()
            overdue = len(alone) == 1 and error.code == OVERDUE
            if alone[0].losses < TRIES and not overdue:
                again += alone
                continue
            outcome = Outcome(batch.items, lost=True, code=error.code)
        else:
            losses_in_a_row = 0
        yield batch.start, outcome


def _in_order(
    outcomes: Iterator[tuple[int, Outcome[Item, Result]]],
) -> Iterator[Outcome[Item, Result]]:
    """Hold outcomes back until all before them are there."""
    held: dict[int, Outcome[Item, Result]] = {}
    start = 0
    for place, outcome in outcomes:
        held[place] = outcome
        while start in held:
            ready = held.pop(start)
            start += len(ready.items)
            yield ready
