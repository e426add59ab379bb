"""Batches on a Dask cluster whose workers are killed; the quick half, on trivial work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cluster_work
import pytest

from workbench.cluster import scheduler
from workbench.cluster.place import Place
from workbench.cluster.run import TRIES, run_batches
from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import Progress


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    with cluster_work.local_cluster() as running:
        yield running


@pytest.fixture
def there(cluster) -> Place:
    cluster.sync(cluster._correct_state)
    return Place(1, cluster.scheduler_address)


class Notes(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def test_every_item_is_done_and_the_place_is_told(there: Place, tmp_path: Path) -> None:
    notes = Notes()
    done = list(
        run_batches(
            cluster_work.square, range(20), place=there, size=3, folder=tmp_path, progress=notes
        )
    )
    assert sorted(n for o in done for n in o.items) == list(range(20))
    assert all(o.result == [n * n for n in o.items] for o in done)
    assert notes.lines == [f"Working on the cluster at {there.cluster}: workers 2, hosts 1."]
    assert list(tmp_path.iterdir()) == []  # nothing is left of the look for the folder


def test_a_killed_worker_costs_its_own_batch_only(cluster, there: Place, tmp_path: Path) -> None:
    work = partial(cluster_work.square_slowly, tmp_path, 0.1)
    outcomes = run_batches(work, range(40), place=there, size=2, folder=tmp_path)
    done = [next(outcomes) for _ in range(4)]
    os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
    done += outcomes
    assert sorted(n for o in done for n in o.items) == list(range(40))
    assert all(o.result == [n * n for n in o.items] for o in done)
    again = [n for n in range(40) if cluster_work.tries(tmp_path, n) > 1]
    assert len(again) <= 2 * 4  # what it was doing, and what it had done and not yet handed back


def test_a_deadly_item_is_named_and_its_worker_lives(cluster, there: Place, tmp_path: Path) -> None:
    before = {nanny.pid for nanny in cluster.workers.values()}
    work = partial(cluster_work.square_or_die, tmp_path, frozenset({5}))
    done = list(run_batches(work, range(12), place=there, size=4, folder=tmp_path))
    assert [o.items for o in done if o.lost] == [[5]]
    assert sorted(n for o in done for n in o.items) == list(range(12))
    assert cluster_work.tries(tmp_path, 5) == TRIES
    assert {nanny.pid for nanny in cluster.workers.values()} == before


def test_what_the_work_raises_ends_the_run(there: Place, tmp_path: Path) -> None:
    work = partial(cluster_work.refuse, "workbench")
    with pytest.raises(NotReadyError, match="has to be done first"):
        list(run_batches(work, range(9), place=there, folder=tmp_path))


def test_another_version_on_a_worker_is_told_before_any_work(
    there: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "__version__", "9.9")
    work = partial(cluster_work.square_slowly, tmp_path, 0.0)
    with pytest.raises(WorkbenchError, match=r"this is 9\.9; install the same version"):
        list(run_batches(work, range(9), place=there, folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_files_that_workers_do_not_see_are_told_before_any_work(
    there: Place, tmp_path: Path
) -> None:
    work = partial(cluster_work.square_slowly, tmp_path, 0.0)
    with pytest.raises(WorkbenchError, match=r"does not see .*music.* folders that all hosts"):
        list(run_batches(work, [1], place=there, folder=tmp_path, sees=[tmp_path / "music"]))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_comes_later_and_sees_nothing_ends_the_run(
    there: Place, tmp_path: Path
) -> None:
    work = partial(cluster_work.square_slowly, tmp_path, 0.2)
    outcomes = run_batches(work, range(50), place=there, folder=tmp_path)
    next(outcomes)
    next(tmp_path.glob(".partial-seen-*")).unlink()  # as it is on a host without this folder
    with pytest.raises(WorkbenchError, match="does not see"):
        list(outcomes)


def test_an_address_where_no_scheduler_is(
    tmp_path: Path, any_port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_CONNECT_S", 0.5)
    nowhere = Place(1, f"tcp://127.0.0.1:{any_port()}")
    with pytest.raises(WorkbenchError, match="There is no Dask scheduler at tcp"):
        list(run_batches(cluster_work.square, [1], place=nowhere, folder=tmp_path))


def test_a_scheduler_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "_WORKERS_S", 0.5)
    with cluster_work.local_cluster(workers=0) as empty:
        place = Place(1, empty.scheduler_address)
        with pytest.raises(WorkbenchError, match="has no workers; start some with `dask worker"):
            list(run_batches(cluster_work.square, [1], place=place, folder=tmp_path))
