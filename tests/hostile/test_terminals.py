"""A title that a terminal would obey is printed as letters, and so is every problem."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench import Workspace
from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import JobProgress

COMMANDS = [
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "a\rworkbench: done",
    "\x08\x08",
    "\u202etxt",
]


def test_a_problem_is_one_printable_line_of_bounded_length() -> None:
    for text in [*COMMANDS, "two\nlines", "x" * 100_000, "\ud800", "\x00"]:
        said = str(WorkbenchError(f"There is no song {text}."))
        assert said.isprintable()
        assert len(said) < 2000
        said.encode()
    assert str(NotReadyError("Say it plainly.")) == "Say it plainly."


@pytest.mark.parametrize("command", [["songs"], ["search", "1"], ["import", "nowhere\x1b[2J"]])
def test_no_command_prints_what_a_terminal_obeys(
    ws: Workspace, tmp_path: Path, command: list[str]
) -> None:
    for text in COMMANDS:
        ws.catalogue.add_item(kind="song", domain="audio", title=text, artist=text)
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *command, "--workspace", str(ws.root)],
        capture_output=True, cwd=tmp_path, env=dict(os.environ), check=False,
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode()
    assert "Traceback" not in said
    assert not [c for c in said if not (c.isprintable() or c == "\n")]


def test_a_title_adds_no_line_to_a_jobs_events(tmp_path: Path) -> None:
    progress = JobProgress(tmp_path)
    progress.stage("Importing", 2)
    progress.advance(label='x\n{"event": "done"}\n')
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert '"event": "done"' not in lines[1].replace('\\"', "'")
