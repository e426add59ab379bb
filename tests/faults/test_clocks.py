"""A clock that is set back or forward: the order of judgements and what is running stay known."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil
import pytest
from counting import Count, few_or_many
from synthetic import judge, opinion
from works import with_judgements

from workbench import Workspace
from workbench.catalogue.tables import now
from workbench.jobs import Job
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.rows import Triplet
from workbench.training.finetune import finetune
from workbench.widgets.finetuning import new_judgements


@contextmanager
def clock_moved(by: timedelta) -> Iterator[None]:
    """Let every module that asks for the moment be told another one."""
    with pytest.MonkeyPatch.context() as patch:
        moved = lambda: now() + by  # noqa: E731
        for module in ("judgements.undoing", "judgements.claims", "judgements.rows",
                       "judgements.log", "listening.rater"):  # fmt: skip
            patch.setattr(f"workbench.{module}.now", moved)
        patch.setattr(time, "time", lambda: datetime.now(UTC).timestamp() + by.total_seconds())
        yield


@few_or_many(3, 200)
def test_judgements_keep_their_order_and_none_is_hidden(tmp_path: Path, tries: int) -> None:
    count, rng = Count("clock set, order of judgements"), np.random.default_rng(11)
    root = tmp_path / "ws"
    with_judgements(root)
    ws = Workspace(root)
    songs = ws.catalogue.items().index.to_numpy()
    given = ws.judgements.history()["id"].tolist()
    for _ in range(tries):
        count.tries += 1
        with clock_moved(timedelta(days=float(rng.uniform(-400, 400)))):
            given += judge(ws, opinion(songs, 3, rng), rater=f"rater {rng.integers(3)}")
        if ws.judgements.history()["id"].tolist() != given:
            count.lost("the log is in another order than it was given in")
        last = ws.judgements.history()
        watermark = last["id"].iloc[-4]  # as if a model had learned all but these three
        if new_judgements(ws.judgements.table(), last, watermark) != 3:
            count.lost("new judgements count as learned")
    count.close(always=True)


def test_a_version_knows_what_it_learned_after_the_clock_went_back(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    with_judgements(root)
    ws = Workspace(root)
    version = finetune(ws).version
    songs = ws.catalogue.items().index.to_numpy()
    with clock_moved(timedelta(days=-3)):
        judge(ws, opinion(songs, 5, np.random.default_rng(2)), rater="Ben")
    card = ws.models.card(version)
    log = ws.judgements
    assert new_judgements(log.table(), log.history(), card.watermark) == 5


@few_or_many(2, 50)
def test_an_undo_takes_the_last_answer_back(tmp_path: Path, tries: int) -> None:
    count, rng = Count("clock set, undo"), np.random.default_rng(12)
    root = tmp_path / "ws"
    with_judgements(root)
    ws = Workspace(root)
    songs = ws.catalogue.items().index.to_numpy()
    for _ in range(tries):
        count.tries += 1
        session = None
        for answer in opinion(songs, 2, rng):
            with clock_moved(timedelta(hours=float(rng.uniform(-99, 99)))):
                (last,) = judge(ws, [answer])
        session = ws.judgements.history().iloc[-1]["session_id"]
        if ws.judgements.undo(session) != last:
            count.lost("another answer was taken back")
    count.close(always=True)


@few_or_many(2, 50)
def test_a_claim_is_found_by_its_holder_whatever_the_clock_says(tmp_path: Path, tries: int) -> None:
    count, rng = Count("clock set, claims"), np.random.default_rng(13)
    root = tmp_path / "ws"
    with_judgements(root)
    ws = Workspace(root)
    session = ws.judgements.open_session("Ada")
    claims = Claims(ws.database)
    triplet = Triplet("tempo", 1, 2, 3)
    for _ in range(tries):
        count.tries += 1
        with clock_moved(timedelta(hours=float(rng.uniform(-99, 99)))):
            claims.take(OpenTriplet(triplet, session, "Ada", True, "random"))
        with clock_moved(timedelta(hours=float(rng.uniform(-99, 99)))):
            if [one.triplet for one in claims.open("Ada", ["tempo"])] != [triplet]:
                count.lost("the triplet on the screen is gone")
            if not claims.renew(triplet, "Ada"):
                count.lost("it cannot be renewed")
        claims.release(triplet, "Ada")
    count.close(always=True)


@pytest.mark.parametrize("hours", [-50, -1, 1, 50])
def test_a_job_that_runs_is_running(
    tmp_path: Path, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "20260101-000000-abcdef"
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps({"arguments": ["map"]}))
    me = psutil.Process()
    boot, began = psutil.boot_time(), me.create_time()
    (folder / "pid").write_text(f"{os.getpid()} {began - boot}")
    # A clock that is set moves what the system says of both.
    monkeypatch.setattr(psutil, "boot_time", lambda: boot + 3600 * hours)
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: began + 3600 * hours)
    assert Job(folder).state == "running"


def test_a_write_under_way_is_spared_when_the_clock_jumps(tmp_path: Path) -> None:
    from workbench.files import alone

    ws = Workspace.create(tmp_path / "ws")
    store = ws.vectors("loud-1")
    store.write(np.arange(3), np.ones((3, 2), np.float32))
    with alone(store.folder), clock_moved(timedelta(days=2)):
        from workbench.doctor.examine import examine

        (store.folder / "0123456789ab").mkdir()
        assert not any("came to no end" in finding.what for finding in examine(ws))
