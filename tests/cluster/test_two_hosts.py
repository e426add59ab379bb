"""A scheduler on one host and workers on another, with a network that goes down and comes back.

The hosts are network namespaces joined by a pair of virtual interfaces.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cluster_work
import pytest

pytestmark = pytest.mark.nightly
COUNT = 60
SCHEDULER, WORKERS = "10.87.3.1", "10.87.3.2"
CLIENT = """
import json, sys
from functools import partial
from pathlib import Path
import cluster_work
from workbench.cluster.place import Place
from workbench.cluster.run import run_batches
address, marks = sys.argv[1], Path(sys.argv[2])
work = partial(cluster_work.square_slowly, marks, 0.3)
done = run_batches(work, range(60), place=Place(1, address), size=2, folder=marks)
print(json.dumps([[outcome.items, outcome.result] for outcome in done]))
"""


def ip(*arguments: str) -> bool:
    command = shutil.which("ip")
    return (
        command is not None
        and not subprocess.run([command, *arguments], capture_output=True).returncode
    )


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """Two namespaces that reach each other and nobody else."""
    first, second = f"ant{os.getpid()}", f"bee{os.getpid()}"
    try:
        if not (ip("netns", "add", first) and ip("netns", "add", second)):
            pytest.skip("network namespaces need root and the command ip")
        made = ip("-n", first, "link", "add", "to-bee", "type", "veth", "peer", "to-ant",
                  "netns", second)  # fmt: skip
        if not made:
            pytest.skip("virtual network interfaces cannot be made here")
        for name, link, address in ((first, "to-bee", SCHEDULER), (second, "to-ant", WORKERS)):
            assert ip("-n", name, "address", "add", f"{address}/24", "dev", link)
            assert ip("-n", name, "link", "set", link, "up")
            assert ip("-n", name, "link", "set", "lo", "up")
        yield first, second
    finally:
        for name in (first, second):
            ip("netns", "delete", name)


@pytest.mark.parametrize(
    ("down_s", "words"), [(3, "shorter than the connections last"), (25, "longer")]
)
def test_a_network_that_goes_down_and_comes_back_loses_nothing(
    hosts: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, down_s: int, words: str
) -> None:
    first, second = hosts
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP", "12s")  # a connection is dead then
    marks = tmp_path / "marks"
    marks.mkdir()
    inside = ["ip", "netns", "exec"]
    # Workers that lose their scheduler end; whatever keeps services alive starts them again.
    again = ["sh", "-c", 'while true; do "$@"; sleep 1; done', "sh"]
    with cluster_work.separate_cluster(
        tmp_path,
        scheduler=[*inside, first],
        worker=[*inside, second, *again],
        host=SCHEDULER,
    ) as (address, _):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [*inside, first, sys.executable, "-c", CLIENT, address, str(marks)]
        client = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            until = time.monotonic() + 120
            while len(list(marks.glob("*-*"))) < 10:
                assert client.poll() is None, client.stderr and client.stderr.read().decode()
                assert time.monotonic() < until
                time.sleep(0.1)
            assert ip("-n", second, "link", "set", "to-ant", "down")
            time.sleep(down_s)
            assert ip("-n", second, "link", "set", "to-ant", "up")
            out, err = client.communicate(timeout=300)
        finally:
            client.kill()
            client.wait()
    assert client.returncode == 0, err.decode()
    outcomes = json.loads(out)
    assert sorted(n for items, _ in outcomes for n in items) == list(range(COUNT)), words
    assert all(result == [n * n for n in items] for items, result in outcomes)
