"""Twenty raters at full speed on one store, from several processes: nothing lost, none twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.judgements.rows import Triplet
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask

RATERS = 20
_RATE = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from workbench import Workspace
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask
root, names, each = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
task = RatingTask(name="all", dimensions=("tempo", "genre"), sampler="random", repeats=0.1)

def rate(name):
    session, given = RatingSession(Workspace(root), rater=name, task=task), []
    for number in range(each):
        trial = session.next()
        session.ahead()
        id = f"{name}-{number}"
        assert session.answer(trial, "left", judgement_id=id)
        assert not session.answer(trial, "left", judgement_id=id)  # sent again
        given.append([id, trial.id, trial.open.purpose])
        if number % 10 == 9:
            assert session.undo() and session.redo()
    return given

with ThreadPoolExecutor(len(names)) as pool:
    print(json.dumps([row for rows in pool.map(rate, names) for row in rows]))
"""


def test_twenty_raters_in_four_processes_lose_and_duplicate_nothing(
    make_ws: Callable[..., Workspace],
) -> None:
    ws, each = make_ws(12), 10
    names = [f"rater{number:02}" for number in range(RATERS)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _RATE, str(ws.root), ",".join(names[part::4]), str(each)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in range(4)
    ]
    said = [process.communicate() for process in processes]
    for process, (_, errors) in zip(processes, said, strict=True):
        if process.returncode:
            pytest.fail(errors[-3000:])
    given = [row for out, _ in said for row in json.loads(out)]
    assert len(given) == RATERS * each
    table, history = ws.judgements.table(), ws.judgements.history()
    redone = history.set_index("id")["supersedes"].dropna()
    original = {
        id: redone[redone[id]] if redone.get(id) in redone.index else id for id in table["id"]
    }
    assert sorted(original.values()) == sorted(row[0] for row in given)
    new = Counter(row[1] for row in given if row[2] == "new")
    assert max(new.values()) == 1  # nobody else got it
    assert len(history) == len(given) + 2 * RATERS * (each // 10)


@pytest.mark.parametrize("raters", [3])
def test_a_list_shared_by_some_is_judged_by_exactly_as_many(
    make_ws: Callable[..., Workspace], raters: int
) -> None:
    ws = make_ws(8)
    listed = [("tempo", 1, 2, b) for b in range(3, 9)] + [("genre", 3, 4, b) for b in range(5, 9)]
    task = RatingTask.of_triplets(
        listed, name="list", raters=raters, shared=1.0, repeats=0.0, gold=0.0
    )

    def rate(number: int) -> None:
        session = RatingSession(Workspace(ws.root), rater=f"rater{number}", task=task)
        idle = 0
        while idle < 30:  # others may hold what is left
            try:
                session.answer(session.next(), "left")
                idle = 0
            except NotReadyError:
                idle += 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(rate, range(6)))
    table = ws.judgements.table()
    assert len(table) == raters * len(listed)
    judges = table.groupby(["dimension", "anchor_id", "a_id", "b_id"])["rater"].nunique()
    assert set(judges) == {raters}
    assert {Triplet(*key) for key in judges.index} == {Triplet(*row) for row in listed}
