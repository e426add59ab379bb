from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain, combinations
from pathlib import Path

import pytest

from workbench import Workspace
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.log import Answer
from workbench.judgements.rows import Triplet

TRIPLET = Triplet("tempo", 1, 2, 3)
RATERS = ("Ada", "Bob", "Cleo", "Dan")


def wanted(ws: Workspace, rater: str, triplet: Triplet = TRIPLET) -> OpenTriplet:
    return OpenTriplet(triplet, ws.judgements.open_session(rater), rater, True, "random")


def answer_to(claim: OpenTriplet, choice: str = "a") -> Answer:
    return Answer(
        session_id=claim.session_id, rater=claim.rater, **vars(claim.triplet), choice=choice
    )


def test_a_triplet_is_claimed_once(ws: Workspace) -> None:
    claims = Claims(ws.database)
    assert claims.take(wanted(ws, "Ada"))
    assert not claims.take(wanted(ws, "Bob"))
    assert not claims.take(wanted(ws, "Ada"))


def test_swapped_candidates_are_the_same_triplet(ws: Workspace) -> None:
    claims = Claims(ws.database)
    assert claims.take(wanted(ws, "Ada", Triplet("tempo", 1, 3, 2)))
    assert not claims.take(wanted(ws, "Bob", Triplet("tempo", 1, 2, 3)))
    assert claims.take(wanted(ws, "Bob", Triplet("tempo", 2, 1, 3)))  # another anchor
    assert claims.take(wanted(ws, "Bob", Triplet("key", 1, 2, 3)))  # another dimension


def test_only_an_expired_claim_can_be_taken_over(ws: Workspace) -> None:
    expired = Claims(ws.database, lasts=timedelta(seconds=-1))
    assert expired.take(wanted(ws, "Ada"))
    lasting = Claims(ws.database)
    assert lasting.take(wanted(ws, "Bob"))
    assert not lasting.take(wanted(ws, "Cleo"))
    assert lasting.get(TRIPLET, "Ada") is None
    assert not lasting.renew(TRIPLET, "Ada")


def test_a_released_triplet_is_free_again(ws: Workspace) -> None:
    claims = Claims(ws.database)
    claims.take(wanted(ws, "Ada"))
    claims.release(TRIPLET, "Bob")  # not his to release
    assert not claims.take(wanted(ws, "Bob"))
    claims.release(TRIPLET, "Ada")
    assert claims.take(wanted(ws, "Bob"))


def test_a_judged_triplet_is_given_to_nobody_unless_raters_overlap(ws: Workspace) -> None:
    claims, adas = Claims(ws.database), wanted(ws, "Ada")
    claims.take(adas)
    ws.judgements.append(answer_to(adas))
    assert not claims.take(wanted(ws, "Bob"))
    assert not claims.take(wanted(ws, "Ada"), raters=2)
    assert claims.take(wanted(ws, "Bob"), raters=2)


def test_a_skipped_triplet_is_left_to_others(ws: Workspace) -> None:
    claims, adas = Claims(ws.database), wanted(ws, "Ada")
    claims.take(adas)
    ws.judgements.append(answer_to(adas, "skip"))
    assert not claims.take(wanted(ws, "Ada"))
    assert claims.take(wanted(ws, "Bob"))


def test_a_triplet_taken_ahead_lies_beneath_the_one_on_the_screen(ws: Workspace) -> None:
    claims = Claims(ws.database)
    shown = wanted(ws, "Ada")
    ahead = wanted(ws, "Ada", Triplet("tempo", 4, 5, 6))
    claims.take(shown)
    claims.take(ahead)
    assert [claim.triplet for claim in claims.open("Ada", ["tempo"])] == [
        shown.triplet,
        ahead.triplet,
    ]
    assert claims.open("Ada", ["key"]) == claims.open("Bob", ["tempo"]) == []
    ws.judgements.append(answer_to(shown))
    assert [claim.triplet for claim in claims.open("Ada", ["tempo"])] == [ahead.triplet]
    ws.judgements.undo(shown.session_id)
    assert [claim.triplet for claim in claims.open("Ada", ["tempo"])] == [
        shown.triplet,
        ahead.triplet,
    ]


def test_claims_on_items_that_do_not_exist_are_refused(ws: Workspace) -> None:
    claims = Claims(ws.database)
    assert not claims.take(wanted(ws, "Ada", Triplet("tempo", 1, 2, 999)))
    assert claims.open("Ada", ["tempo"]) == []


def all_triplets(count: int = 6) -> list[Triplet]:
    items = range(1, count + 1)
    return [
        Triplet("tempo", anchor, a, b)
        for anchor in items
        for a, b in combinations([item for item in items if item != anchor], 2)
    ]


def judge_everything(root: Path, rater: str) -> list[str]:
    """Claim and answer whatever nobody else has, from the moment all raters are there."""
    ws = Workspace(root)
    claims, session_id = Claims(ws.database), ws.judgements.open_session(rater)
    (root / f"{rater}.ready").touch()
    while len(list(root.glob("*.ready"))) < len(RATERS):
        time.sleep(0.001)
    got = []
    for triplet in all_triplets():
        claim = OpenTriplet(triplet, session_id, rater, True, "random")
        if claims.take(claim):
            got.append(triplet.id)
            ws.judgements.append(answer_to(claim))
            time.sleep(0.005)  # SQLite's lock is not fair: let the others have a go
    return got


def judge_in_a_process(root: Path, rater: str) -> list[str]:
    """Run this file as a program: a process of its own that judges everything."""
    command = [sys.executable, __file__, str(root), rater]
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}  # helper modules
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=paths)
    return done.stdout.split()


@pytest.mark.parametrize("judge", [judge_everything, judge_in_a_process])
def test_raters_at_full_speed_lose_nothing_and_get_nothing_twice(
    ws: Workspace, judge: Callable[[Path, str], list[str]]
) -> None:
    with ThreadPoolExecutor(len(RATERS)) as pool:
        given = list(pool.map(judge, [ws.root] * len(RATERS), RATERS))
    everything = Counter(triplet.id for triplet in all_triplets())
    assert Counter(chain.from_iterable(given)) == everything
    table = ws.judgements.table()
    stored = table[["dimension", "anchor_id", "a_id", "b_id"]].itertuples(index=False)
    assert Counter(Triplet(*row).id for row in stored) == everything
    assert not any(Claims(ws.database).open(rater, ["tempo"]) for rater in RATERS)
    assert sum(bool(each) for each in given) > 1  # it was a contest


if __name__ == "__main__":
    print(*judge_everything(Path(sys.argv[1]), sys.argv[2]))
