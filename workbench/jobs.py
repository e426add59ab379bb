"""Long work in its own process: it survives a closed page and a restarted kernel.

A job is a folder with the command, the process id, the log and its events as JSON lines. Any
page attaches to a job by reading the folder.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import StorageError
from workbench.files import clear_storage_errors, from_json, write_text

if TYPE_CHECKING:
    import psutil

    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)
_FINAL = ("done", "failed", "cancelled")
_TICK_S = 2.0  # how exactly the system says when a process began


@dataclass(frozen=True)
class Job:
    """A command that runs, or ran, in its own process."""

    folder: Path

    @property
    def arguments(self) -> list[str]:
        """What stood after ``workbench`` when it was started."""
        try:
            return list(from_json((self.folder / "job.json").read_text())["arguments"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{self.folder} is damaged; `workbench doctor --repair` puts it aside."
            ) from error

    @property
    def command(self) -> str:
        """The command's name, such as ``"finetune"``."""
        return self.arguments[0]

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the events recorded so far, without the first `after`."""
        return self._told()[after:]

    @property
    def state(self) -> str:
        """``running``, ``done``, ``failed``, ``cancelled``, or ``died`` (gone without a word)."""
        final = self._last_word()
        if final is not None:
            return final["event"]
        if self._alive():
            return "running"
        final = self._last_word()  # it may have ended between the two looks
        return final["event"] if final else "died"

    @property
    def error(self) -> str | None:
        """The sentence a failed job left, None otherwise."""
        state = self.state
        if state == "failed":
            return str((self._last_word() or {}).get("message", "The job failed."))
        if state == "died":
            return "The job's process ended unexpectedly; start it again."
        return None

    def cancel(self) -> None:
        """Ask the job to stop at its next step."""
        write_text(self.folder / "cancel", "")

    @property
    def asked_to_stop(self) -> bool:
        """Whether somebody has cancelled it; it may run on to its next step, or end well."""
        return (self.folder / "cancel").exists()

    def wait(self, timeout_s: float = 600.0) -> str:
        """Wait until the job has ended and return its state."""
        end = time.monotonic() + timeout_s
        while self.state == "running" and time.monotonic() < end:
            time.sleep(0.05)
        return self.state

    def _told(self) -> list[dict[str, Any]]:
        """Return the events; a line that a full disk or a failing power cut short is none."""
        try:
            text = (self.folder / "events.jsonl").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        return [event for line in text.split("\n")[:-1] if (event := _parsed(line)) is not None]

    def _last_word(self) -> dict[str, Any] | None:
        last = (self._told() or [{}])[-1]
        return last if last.get("event") in _FINAL else None

    def _alive(self) -> bool:
        """Whether the job's process runs; one begun at another moment only has its number.

        Moments are counted from the start of the machine, which nobody sets back or forward.
        """
        import psutil

        try:
            pid, *began = (self.folder / "pid").read_text().split()
            process = psutil.Process(int(pid))
            ours = not began or abs(_began(process) - float(began[0])) < _TICK_S
            return ours and process.status() != psutil.STATUS_ZOMBIE
        except psutil.AccessDenied:
            return True
        except (psutil.NoSuchProcess, FileNotFoundError, ValueError):
            return False


def _began(process: psutil.Process) -> float:
    """Return when a process began, in seconds since the machine was started."""
    import psutil

    return process.create_time() - psutil.boot_time()  # both move when the clock is set


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        event = from_json(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def start(ws: Workspace, *arguments: str) -> Job:
    """Run a `workbench` command on a workspace in a process of its own session."""
    import psutil

    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")  # so that names sort by time
    folder = ws.jobs_folder / f"{moment}-{uuid.uuid4().hex[:6]}"
    with clear_storage_errors(folder):
        folder.mkdir(parents=True)
        write_text(folder / "job.json", json.dumps({"arguments": list(arguments)}))
        command = [sys.executable, "-m", "workbench", *arguments]
        command += ["--workspace", str(ws.root), "--job", str(folder)]
        with (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        write_text(folder / "pid", f"{process.pid} {_began(psutil.Process(process.pid))}")
    _reap_later(process)
    _LOG.info("Job started", extra={"command": arguments[0], "job": folder.name})
    return Job(folder)


def latest(ws: Workspace, *command: str) -> Job | None:
    """Return the newest job that ran a command, such as ``"train", "base"``; None without one."""
    return next(newest_first(ws, *command), None)


def newest_first(ws: Workspace, *command: str) -> Iterator[Job]:
    """Yield the jobs that ran a command, the newest first."""
    if not ws.jobs_folder.is_dir():
        return
    for folder in sorted(ws.jobs_folder.iterdir(), reverse=True):
        job = Job(folder)
        with suppress(StorageError):
            if (folder / "pid").exists() and job.arguments[: len(command)] == list(command):
                yield job


def _reap_later(process: subprocess.Popen[bytes]) -> None:
    """Collect the exit status in the background, so that no zombie counts as running."""
    import threading

    threading.Thread(target=process.wait, daemon=True).start()
