"""A team of simulated raters: some careful, some not, over several days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from workbench import Workspace
from workbench.catalogue.tables import Judgement, Session
from workbench.judgements.answers import new_id
from workbench.judgements.gold import GoldTriplets


@dataclass(frozen=True)
class Person:
    """How somebody judges.

    Shares of answers that are right, on the left whatever is heard, "cannot tell" and skipped;
    seconds to an answer, and how long the least heard clip sounds.
    """

    skill: float = 0.9
    left: float = 0.0
    unsure: float = 0.05
    skip: float = 0.02
    seconds: float = 14.0
    heard_ms: int = 4000
    needed_ms: int = 500


TEAM = {
    "Ada": Person(skill=0.93),
    "Ben": Person(skill=0.88, seconds=11.0, unsure=0.1),
    "Chloé": Person(skill=0.85, seconds=19.0, skip=0.06),
    "Dee": Person(skill=0.55, left=0.6, seconds=1.1, heard_ms=300, unsure=0.0, skip=0.0),
}
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def judge_as_team(
    ws: Workspace,
    songs: Sequence[int],
    people: Mapping[str, Person] | None = None,
    *,
    dimensions: Sequence[str] = ("genre", "tempo"),
    triplets: int = 40,
    repeats: int = 12,
    gold: int = 8,
    days: int = 6,
    task: str = "",
    seed: int = 0,
) -> dict[str, list[str]]:
    """Let everybody judge the same triplets of each dimension; return their sittings.

    The nearer song is the one whose place among `songs` is nearer. On every day each person has
    one sitting, with a share of all questions, of the repeats and of the gold.
    """
    rng = np.random.default_rng(seed)
    asked = [(d, *_draw(songs, rng)) for d in dimensions for _ in range(triplets)]
    known = [(d, *_draw(songs, rng)) for d in dimensions for _ in range(gold)]
    answers = [(*row, _nearer(songs, row)) for row in known]
    GoldTriplets(ws.database).add(answers, source="the team's lead")
    sittings: dict[str, list[str]] = {}
    for name, person in (people or TEAM).items():
        again = [asked[i] for i in rng.permutation(len(asked))[: repeats * len(dimensions)]]
        sittings[name] = []
        for day in range(days):
            questions = [(row, "new") for row in asked[day::days]]
            questions += [(row, "gold") for row in known[day::days]]
            questions = [questions[i] for i in rng.permutation(len(questions))]
            seen = {asked[d] for e in range(day + 1) for d in range(e, len(asked), days)}
            due = [row for row in again if row in seen]
            again = [row for row in again if row not in seen]
            questions += [(row, "repeat") for row in due]
            sittings[name].append(
                _sit(ws, songs, name, person, questions, BEGAN + timedelta(days=day), task, rng)
            )
    return sittings


def _sit(ws, songs, name, person, questions, at, task, rng) -> str:
    session = new_id()
    rows = []
    for (dimension, anchor, a, b), purpose in questions:
        at += timedelta(seconds=person.seconds)
        a_is_left = bool(rng.random() < 0.5)
        nearer = _nearer(songs, (dimension, anchor, a, b))
        choice = nearer if rng.random() < person.skill else {"a": "b", "b": "a"}[nearer]
        if rng.random() < person.left:
            choice = "a" if a_is_left else "b"
        lot = rng.random()
        if lot < person.skip:
            choice = "skip"
        elif lot < person.skip + person.unsure:
            choice = "cannot_tell"
        places = {"anchor": 0, "a": 1 if a_is_left else 2, "b": 2 if a_is_left else 1}
        clips = {
            role: {"place": place, "start_s": 1.5, "length_s": 10.0, "gain_db": -3.25,
                   "needed_ms": person.needed_ms, "plays": 1, "switches": 0,
                   "heard_ms": int(person.heard_ms * rng.uniform(1, 1.4))}
            for role, place in places.items()
        }  # fmt: skip
        rows.append(
            Judgement(
                id=new_id(), session_id=session, rater=name, at=at, dimension=dimension,
                anchor_id=anchor, a_id=a, b_id=b, a_is_left=a_is_left, choice=choice,
                purpose=purpose, sampler="random", clips=clips, clip_length_s=10.0,
                response_ms=int(1000 * person.seconds * rng.uniform(0.6, 1.6)),
                confidence=int(rng.integers(1, 4)), app_version="0.1.0",
            )
        )  # fmt: skip
    with ws.database.write() as transaction:
        transaction.add(
            Session(id=session, rater=name, device="headphones", task=task, started_at=at)
        )
        transaction.flush()
        transaction.add_all(rows)
    return session


def _draw(songs: Sequence[int], rng: np.random.Generator) -> tuple[int, int, int]:
    while True:
        anchor, a, b = (int(i) for i in rng.choice(songs, 3, replace=False))
        place = {song: number for number, song in enumerate(songs)}
        if abs(place[anchor] - place[a]) != abs(place[anchor] - place[b]):
            return anchor, a, b


def _nearer(songs: Sequence[int], row: tuple[str, int, int, int]) -> str:
    place = {song: number for number, song in enumerate(songs)}
    _, anchor, a, b = row
    return "a" if abs(place[anchor] - place[a]) < abs(place[anchor] - place[b]) else "b"
