"""Judgements written per second, each of them durable before the next, and triplets proposed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.benchmarks.search import fill, make_workspace
from tests.benchmarks.suite import Comparison, Growth, Row, alternately, scratch
from workbench import Workspace
from workbench.judgements.log import Answer, new_id

_BATCH = 100


def judged(ws: Workspace, count: int) -> Callable[[], Any]:
    """Return how `count` answers are written one by one."""
    session = ws.judgements.open_session("rater")
    rng = np.random.default_rng(0)

    def work() -> None:
        for answer in answers(session, count, rng):
            ws.judgements.append(answer)

    return work


def answers(session: str, count: int, rng: np.random.Generator) -> Iterator[Answer]:
    """Give answers about random triplets of the first hundred items."""
    for _ in range(count):
        anchor, a, b = (rng.choice(100, 3, replace=False) + 1).tolist()
        yield Answer(
            id=new_id(),
            session_id=session,
            rater="rater",
            dimension="genre",
            anchor_id=anchor,
            a_id=a,
            b_id=b,
            a_is_left=True,
            choice="a",
            sampler="random",
        )


def bare_sqlite(count: int) -> Callable[[], Any]:
    """Return how as many rows are written by sqlite3 alone, each in a synchronous commit."""
    connection = sqlite3.connect(scratch() / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE judgement (id TEXT PRIMARY KEY, rater TEXT, answer TEXT)")

    def work() -> None:
        for _ in range(count):
            connection.execute("INSERT INTO judgement VALUES (?, 'rater', 'a')", (new_id(),))

    return work


def writing() -> Iterator[Row]:
    """Write judgements to SQLite, against bare inserts with the same promise."""
    ws = make_workspace(scratch() / "workspace", 200)
    works = {"ours": judged(ws, _BATCH), "other": bare_sqlite(_BATCH)}
    found = alternately(works, rounds=5)
    yield Row(
        "judgements",
        f"write {_BATCH} judgements, each durable before the next (SQLite): "
        f"{_BATCH / found['ours']:.0f} a second",
        found["ours"],
        "sqlite3, INSERT in a synchronous commit",
        found["other"],
    )


def writing_to_postgres() -> Iterator[Row]:
    """Write judgements to PostgreSQL, against bare inserts with the same promise."""
    import psycopg

    from tests.postgres import new_database_url

    # An empty one: the tests' own template does not wait for the disk, and this row promises to.
    database = new_database_url(empty=True)
    ws = fill(Workspace.create(scratch() / "workspace", database=database), 200)
    url = ws.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, rater TEXT, answer TEXT)")

        def other() -> None:
            for _ in range(_BATCH):
                connection.execute("INSERT INTO bare VALUES (%s, 'rater', 'a')", (new_id(),))

        found = alternately({"ours": judged(ws, _BATCH), "other": other}, rounds=5)
    yield Row(
        "judgements",
        f"write {_BATCH} judgements to PostgreSQL: {_BATCH / found['ours']:.0f} a second",
        found["ours"],
        "psycopg, INSERT in a commit",
        found["other"],
    )


def writing_after(count: int) -> Callable[[], Any]:
    """Return how a hundred are written where `count` are there already."""
    ws = make_workspace(scratch() / "workspace", 200)
    session = ws.judgements.open_session("earlier")
    ws.judgements.append_all(answers(session, count, np.random.default_rng(1)))
    return judged(ws, _BATCH)


def proposing(count: int) -> Callable[[], Any]:
    """Return how triplets are proposed by tags among `count` items."""
    from workbench.sampling.samplers import make_sampler

    ws = make_workspace(scratch() / "workspace", count)
    ids = ws.catalogue.items().index.to_numpy()
    rng = np.random.default_rng(0)
    return lambda: make_sampler(ws, "tags", ids).propose("genre", rng, 10)


COMPARISONS = (
    Comparison("judgements", writing),
    Comparison("judgements", writing_to_postgres),
)
GROWTHS = (
    Growth(
        "judgements",
        "write 100 judgements: those there already",
        writing_after,
        (1000, 10_000, 100_000),
    ),
    Growth("sampling", "propose ten triplets by tags: items", proposing, (100, 1000, 10_000)),
)
