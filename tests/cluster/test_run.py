"""Batches in processes of this machine."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import cluster_work
import pytest

from workbench.cluster.place import Place
from workbench.cluster.run import TRIES, Outcome, run_batches
from workbench.errors import NotReadyError, WorkbenchError

HERE, TWO = Place(1), Place(2)


def squares(outcomes: Iterator[Outcome[int, list[int]]]) -> list[tuple[int, int]]:
    found = [(outcome.items, outcome.result) for outcome in outcomes]
    return [pair for items, result in found for pair in zip(items, result or [], strict=True)]


@pytest.mark.parametrize("place", [HERE, TWO])
@pytest.mark.parametrize("size", [1, 4])
def test_every_item_is_done_once(place: Place, size: int, tmp_path: Path) -> None:
    work = partial(cluster_work.square_slowly, tmp_path, 0.0)
    done = squares(run_batches(work, range(10), place=place, size=size, folder=tmp_path))
    assert sorted(done) == [(n, n * n) for n in range(10)]
    assert [cluster_work.tries(tmp_path, n) for n in range(10)] == [1] * 10


def test_nothing_to_do_starts_nothing(tmp_path: Path) -> None:
    assert list(run_batches(cluster_work.square, [], place=TWO, folder=tmp_path)) == []


@pytest.mark.parametrize(("fragile", "here"), [(False, True), (True, False)])
def test_one_batch_is_done_in_this_process_unless_it_may_break_it(
    fragile: bool, here: bool, tmp_path: Path
) -> None:
    done = run_batches(
        cluster_work.who, [1, 2], place=TWO, size=4, folder=tmp_path, fragile=fragile
    )
    assert [outcome.result == os.getpid() for outcome in done] == [here]


def test_what_a_script_defines_is_sent_too(tmp_path: Path) -> None:
    offset = 5
    done = run_batches(
        lambda batch: [n + offset for n in batch], range(3), place=TWO, folder=tmp_path
    )
    assert sorted(n for outcome in done for n in outcome.result or []) == [5, 6, 7]


def test_items_are_taken_as_they_are_needed(tmp_path: Path) -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    outcomes = run_batches(cluster_work.square, endless(), place=TWO, size=2, folder=tmp_path)
    for _ in range(10):
        next(outcomes)
    outcomes.close()
    assert taken < 40


def test_order_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    deadly = frozenset({0, 7})
    work = partial(cluster_work.square_or_die, tmp_path, deadly)
    outcomes = list(
        run_batches(work, range(12), place=TWO, size=3, folder=tmp_path, ordered=True, fragile=True)
    )
    assert [n for outcome in outcomes for n in outcome.items] == list(range(12))
    assert [n for outcome in outcomes if outcome.lost for n in outcome.items] == [0, 7]


def test_what_ends_its_process_three_times_is_named_and_the_others_are_done(
    tmp_path: Path,
) -> None:
    work = partial(cluster_work.square_or_die, tmp_path, frozenset({2}))
    outcomes = list(run_batches(work, range(8), place=TWO, size=4, folder=tmp_path))
    assert [outcome.items for outcome in outcomes if outcome.lost] == [[2]]
    done = squares(iter([outcome for outcome in outcomes if not outcome.lost]))
    assert sorted(done) == [(n, n * n) for n in range(8) if n != 2]
    assert cluster_work.tries(tmp_path, 2) == TRIES
    assert cluster_work.tries(tmp_path, 5) == 1  # another batch, another process


def test_when_every_process_is_ended_it_is_no_items_fault(tmp_path: Path) -> None:
    work = partial(cluster_work.square_or_die, tmp_path, frozenset(range(100)))
    with pytest.raises(WorkbenchError, match="again and again"):
        list(run_batches(work, range(100), place=TWO, folder=tmp_path))


def test_an_item_that_takes_all_memory_is_named(tmp_path: Path) -> None:
    work = partial(cluster_work.refuse, "memory")
    outcomes = list(run_batches(work, [1], place=TWO, folder=tmp_path, fragile=True))
    assert outcomes == [Outcome([1], lost=True, code=70)]


@pytest.mark.parametrize(
    ("what", "error"), [("workbench", NotReadyError), ("bug", ZeroDivisionError)]
)
def test_what_the_work_raises_is_raised(what: str, error: type, tmp_path: Path) -> None:
    work = partial(cluster_work.refuse, what)
    with pytest.raises(error, match=r"has to be done first|by nothing") as caught:
        list(run_batches(work, range(9), place=TWO, folder=tmp_path))
    notes = getattr(caught.value, "__notes__", [])
    assert (error is NotReadyError) == (not notes)  # a bug says where it was
    assert all("cluster_work" in note for note in notes)


def test_what_the_work_prints_does_no_harm(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = squares(run_batches(cluster_work.say_much, range(4), place=TWO, folder=tmp_path))
    assert sorted(done) == [(n, n * n) for n in range(4)]
    assert capfd.readouterr().out == ""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_processes_end_with_the_run(tmp_path: Path) -> None:
    outcomes = run_batches(cluster_work.who, range(50), place=TWO, folder=tmp_path)
    workers = {next(outcomes).result for _ in range(6)}
    assert all(cluster_work.alive(pid) for pid in workers if pid)
    outcomes.close()
    until = time.monotonic() + 10
    while any(cluster_work.alive(pid) for pid in workers if pid):
        assert time.monotonic() < until
        time.sleep(0.05)


class Leaving:
    """An engine whose workers do what they have and are gone when it is done."""

    def __init__(self) -> None:
        self.submitted = 0

    def slots(self) -> int:
        return 2 if self.submitted < 3 else 0

    def submit(self, batch: bytes, done: Callable[[Any], None]) -> Future[Any]:
        self.submitted += 1
        future: Future[Any] = Future()
        future.set_result(cluster_work.square(pickle.loads(batch)))
        done(future)
        return future

    def result(self, future: Future[Any]) -> Any:
        return future.result()

    def close(self) -> None: ...


def test_the_end_is_known_where_nobody_is_left_to_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.cluster.run.Here", lambda *_: Leaving())
    done = squares(run_batches(cluster_work.square, range(3), place=TWO, folder=tmp_path))
    assert sorted(done) == [(0, 0), (1, 1), (2, 4)]
