from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from sounds import RATE, tone, write

from workbench import Workspace
from workbench.jobs import Job, latest, start


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Music that takes a second or two to import."""
    rng = np.random.default_rng(0)
    for number in range(40):
        noise = rng.normal(scale=0.1, size=(2, 8 * RATE)).astype(np.float32)
        write(tmp_path / "music" / f"{number}.flac", noise)
    return tmp_path / "music"


def importing(ws: Workspace, music: Path) -> Job:
    """Start an import and return its job when the first files are in."""
    job = start(ws, "import", str(music), "--processes", "1")
    wait_for(job, "advance")
    return job


def wait_for(job: Job, event: str) -> None:
    end = time.monotonic() + 60
    while not any(e["event"] == event for e in job.events()):
        assert time.monotonic() < end, (job.folder / "log.txt").read_text()
        time.sleep(0.01)


def pid(job: Job) -> int:
    return int((job.folder / "pid").read_text().split()[0])


def pretend(ws: Workspace, name: str, *lines: str, process: int | None = None) -> Job:
    """Write a job's folder by hand."""
    folder = ws.jobs_folder / name
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"arguments": ["finetune"]}))
    (folder / "events.jsonl").write_text("".join(lines))
    if process is not None:
        (folder / "pid").write_text(str(process))
    return Job(folder)


# -- real jobs -------------------------------------------------------------------------------------


def test_a_job_runs_to_its_end_and_tells_its_steps(ws: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "music" / "a.wav", tone())
    write(tmp_path / "music" / "b.wav", tone(300))
    job = start(ws, "import", str(tmp_path / "music"))
    assert job.wait(60) == "done"
    assert job.command == "import"
    assert job.error is None
    events = job.events()
    assert all(event.pop("at") > 0 for event in events)
    assert events == [
        {"event": "stage", "name": "Importing", "total": 2},
        {"event": "advance", "done": 1, "total": 2, "label": "a.wav"},
        {"event": "advance", "done": 2, "total": 2, "label": "b.wav"},
        {"event": "done"},
    ]
    assert job.events(after=3) == job.events()[3:]
    assert job.events(after=9) == []
    assert "2 songs and 0 tracks added" in (job.folder / "log.txt").read_text()
    assert len(ws.catalogue.items()) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "/nowhere"), "There is no file or folder /nowhere."),
        (("import", "/nowhere", "--nonsense"), "No such option: --nonsense"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("init", "/tmp/x"), "No such option: --workspace"),
    ],
)
def test_a_job_that_fails_leaves_a_sentence(
    ws: Workspace, arguments: tuple[str, ...], sentence: str
) -> None:
    job = start(ws, *arguments)
    assert job.wait(60) == "failed"
    assert job.error is not None
    assert sentence in job.error
    assert "Traceback" not in (job.folder / "log.txt").read_text()


def test_a_job_is_cancelled_and_keeps_what_is_finished(ws: Workspace, music: Path) -> None:
    job = importing(ws, music)
    assert job.state == "running"
    process = psutil.Process(pid(job))
    job.cancel()
    assert job.wait(60) == "cancelled"
    assert job.error is None
    assert 0 < len(ws.catalogue.items()) < 40
    assert psutil.wait_procs([process], timeout=30)[1] == []


def test_a_killed_job_died(ws: Workspace, music: Path) -> None:
    job = importing(ws, music)
    os.kill(pid(job), signal.SIGKILL)
    assert job.wait(60) == "died"
    assert job.error == "The job's process ended unexpectedly; start it again."


def test_an_interrupted_job_was_cancelled(ws: Workspace, music: Path) -> None:
    job = importing(ws, music)
    os.kill(pid(job), signal.SIGINT)
    assert job.wait(60) == "cancelled"


def test_a_job_survives_the_end_of_whoever_started_it(ws: Workspace, music: Path) -> None:
    program = (
        "import os, sys; from workbench import Workspace; from workbench.jobs import start\n"
        "job = start(Workspace(sys.argv[1]), 'import', sys.argv[2], '--processes', '1')\n"
        "print(job.folder, flush=True)\n"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(ws.root), str(music)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert parent.stdout is not None
    job = Job(Path(parent.stdout.readline().decode().strip()))
    wait_for(job, "advance")
    assert os.getsid(pid(job)) == pid(job) != os.getsid(parent.pid)
    os.killpg(parent.pid, signal.SIGKILL)
    parent.communicate()
    assert job.state == "running"
    assert latest(ws, "import") == job
    assert job.wait(60) == "done"
    assert len(ws.catalogue.items()) == 40


# -- what a folder tells ---------------------------------------------------------------------------


def test_a_number_that_went_to_another_process_is_not_the_job(ws: Workspace) -> None:
    job = pretend(ws, "20260101-000000-abcdef", process=os.getpid())
    assert job.state == "running"
    began = psutil.Process().create_time() - psutil.boot_time()
    (job.folder / "pid").write_text(f"{os.getpid()} {began}")
    assert job.state == "running"
    (job.folder / "pid").write_text(f"{os.getpid()} {began - 60}")
    assert job.state == "died"


def test_a_half_written_event_waits_for_its_end(ws: Workspace) -> None:
    job = pretend(ws, "20260101-000000-abcdef", '{"event":"stage"}\n{"event":"do', process=1)
    assert job.events() == [{"event": "stage"}]
    with (job.folder / "events.jsonl").open("a") as stream:
        stream.write('ne"}\n')
    assert job.events(after=1) == [{"event": "done"}]
    assert job.state == "done"


@pytest.mark.parametrize("number", [None, 2**22 + 1])
def test_a_folder_without_a_living_process_died(ws: Workspace, number: int | None) -> None:
    assert pretend(ws, "20260101-000000-abcdef", process=number).state == "died"


def test_the_latest_is_the_one_started_last(ws: Workspace) -> None:
    assert latest(ws, "finetune") is None
    jobs = [start(ws, "finetune", "--nonsense") for _ in range(3)]
    assert latest(ws, "finetune") == jobs[-1]
    assert latest(ws, "embed") is None
    (ws.jobs_folder / "zzz.txt").touch()
    (ws.jobs_folder / "zzz").mkdir()
    assert latest(ws, "finetune") == jobs[-1]
    for job in jobs:
        job.wait()
