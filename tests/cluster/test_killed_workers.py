"""Four kinds of work while workers are killed: all arrives once, as if serial."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import cluster_work
import numpy as np
import pandas as pd
import pytest
from sounds import tone, write
from synthetic import add_songs

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.corpus.build import Recipe, build_corpus
from workbench.corpus.manifest import read_manifest
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.search.embed import embed
from workbench.training.sweep import sweep

pytestmark = pytest.mark.nightly
COUNT, KEY = 24, "descriptors-4"


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    with cluster_work.local_cluster() as running:
        yield running


class Killer(Progress):
    """Kill a worker, and what works for it, whenever so many items are done."""

    def __init__(self, cluster, *, every: int, most: int) -> None:
        self._cluster, self._every, self._most = cluster, every, most
        self.done = self.killed = 0

    def advance(self, count: int = 1, label: str = "") -> None:
        self.done += count
        if self.done // self._every > self.killed < self._most:
            workers = [nanny.pid for nanny in self._cluster.workers.values() if nanny.pid]
            if workers:
                os.kill(workers[self.killed % len(workers)], signal.SIGKILL)
                self.killed += 1


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for number in range(COUNT):
        write(folder / f"{number:02}.aiff", tone(150 + 20 * number, seconds=2.0))
    return folder


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Workspace:
    ws = Workspace.create(tmp_path_factory.mktemp("serial") / "workspace")
    import_music(ws, [music], processes=1)
    embed(ws, encoder=KEY, processes=1)
    return ws


def items_of(ws: Workspace) -> pd.DataFrame:
    return ws.catalogue.items()[["kind", "domain", "title", "duration_s"]]


def test_an_import_whose_workers_are_killed(
    cluster, ws: Workspace, music: Path, serial: Workspace
) -> None:
    killer = Killer(cluster, every=5, most=3)
    report = import_music(ws, [music], cluster=cluster.scheduler_address, progress=killer)
    assert killer.killed == 3
    assert (report.songs, report.known, report.failures) == (COUNT, 0, [])
    pd.testing.assert_frame_equal(items_of(ws), items_of(serial))
    ids = ws.catalogue.items().index
    assert all(ws.catalogue.content_of(i) == serial.catalogue.content_of(i) for i in ids)


def test_an_embedding_whose_workers_are_killed(
    cluster, ws: Workspace, music: Path, serial: Workspace
) -> None:
    import_music(ws, [music], processes=1)
    killer = Killer(cluster, every=5, most=3)
    report = embed(ws, encoder=KEY, cluster=cluster.scheduler_address, progress=killer)
    assert killer.killed == 3
    assert (report.computed, report.total, report.failures) == (COUNT, COUNT, {})
    assert ws.vectors(KEY).ids.tolist() == serial.vectors(KEY).ids.tolist()
    np.testing.assert_allclose(ws.vectors(KEY).vectors, serial.vectors(KEY).vectors, atol=1e-5)
    assert not list(ws.cache_folder.glob("database-*"))  # the copy that workers read is gone


def test_a_rendering_whose_workers_are_killed(
    cluster, tiny_corpus: tuple[Path, Path], two_fonts: tuple[Path, Path], tmp_path: Path
) -> None:
    recipe = Recipe(two_fonts[:1], two_fonts[1:], renditions=2, test_renditions=1, seconds=6.0)
    killer = Killer(cluster, every=3, most=3)
    build_corpus(
        read_manifest(tiny_corpus[0]),
        tmp_path / "corpus",
        recipe,
        cluster=cluster.scheduler_address,
        progress=killer,
    )
    assert killer.killed == 3
    made, serial = (f / "renditions.csv" for f in (tmp_path / "corpus", tiny_corpus[1]))
    assert made.read_text() == serial.read_text()
    for file in sorted(tiny_corpus[1].glob("*.npy")):
        np.testing.assert_allclose(
            np.load(tmp_path / "corpus" / file.name), np.load(file), atol=1e-4
        )


def test_a_sweep_whose_workers_are_killed(cluster, ws: Workspace, tmp_path: Path) -> None:
    add_songs(ws, 40)
    grid = {"pull": [1.0, 10.0], "width": [4, 8], "steps": [4]}
    killer = Killer(cluster, every=3, most=2)
    found = sweep(ws, grid, tmp_path / "there", cluster=cluster.scheduler_address, progress=killer)
    serial = sweep(ws, grid, tmp_path / "here", processes=1)
    assert killer.killed == 2
    assert (found.computed, found.failures) == (serial.computed, {})
    pd.testing.assert_frame_equal(found.table, serial.table, rtol=0.01)


def test_a_scheduler_that_is_killed_is_told_and_the_rest_is_done_later(
    ws: Workspace, music: Path, serial: Workspace, tmp_path: Path
) -> None:
    import_music(ws, [music], processes=1)

    class KillScheduler(Progress):
        def advance(self, count: int = 1, label: str = "") -> None:
            processes[0].kill()

    gone = pytest.raises(WorkbenchError, match=r"scheduler at .* has gone; what was finished")
    with cluster_work.separate_cluster(tmp_path) as (address, processes), gone:
        embed(ws, encoder=KEY, cluster=address, progress=KillScheduler())
    report = embed(ws, encoder=KEY, processes=1)
    assert 0 < report.computed < COUNT
    np.testing.assert_allclose(ws.vectors(KEY).vectors, serial.vectors(KEY).vectors, atol=1e-5)
