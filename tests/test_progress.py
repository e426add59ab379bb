from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.jobs import Job
from workbench.progress import JobProgress, Progress, TerminalProgress


def on_a_terminal(program: str) -> str:
    """Run a program on a terminal of its own and return what it showed."""
    controller, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", "from workbench.progress import TerminalProgress\n" + program],
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(controller, 4096)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        shown += part
    os.close(controller)
    child.wait()
    return shown.decode()


def test_a_terminal_shows_bar_count_and_label() -> None:
    shown = on_a_terminal(
        "progress = TerminalProgress()\n"
        "progress.stage('Importing', 3)\n"
        "progress.advance(2, label='[red]a.wav[/red]')\n"
        "progress._bars.refresh()\n"
        "progress.note('[b]readable[/b]')\n"
        "progress.close()\n"
    )
    assert "Importing" in shown
    assert "2/3" in shown
    assert "[red]a.wav[/red]" in shown
    assert "[b]readable[/b]" in shown


@pytest.mark.parametrize("end", ["raise SystemExit(1)", "1 / 0", "raise KeyboardInterrupt"])
def test_an_error_brings_the_cursor_back(end: str) -> None:
    shown = on_a_terminal(f"progress = TerminalProgress()\nprogress.stage('Work', 3)\n{end}")
    hidden, shown_again = shown.rfind("\x1b[?25l"), shown.rfind("\x1b[?25h")
    assert 0 <= hidden < shown_again


def test_a_log_gets_one_line_per_stage(capsys: pytest.CaptureFixture[str]) -> None:
    progress = TerminalProgress()
    progress.stage("One", 2)
    progress.advance(label="a")
    progress.event("step", step=1, of=2, loss=0.5)
    progress.stage("Two")
    progress.close()
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["One", "Two"]


_EPOCHS = """
progress = TerminalProgress()
for number in (1, 2, 3):
    progress.stage(f"Epoch {number} of 3", 2)
    progress.advance()
    progress.event("step", epoch=number, step=1, loss=0.5)
    progress.event("epoch", epoch=number)
    progress.note(f"epoch {number}/3  loss 0.50")
progress.stage("Scoring", 1)
progress.close()
"""


def test_epochs_leave_a_line_each_and_no_bars_on_a_terminal() -> None:
    shown = on_a_terminal(_EPOCHS)
    assert "Epoch 3 of 3" in shown
    assert "Epoch" not in shown[shown.index("Scoring") :]  # the old bars are not drawn again
    assert [shown.count(f"epoch {n}/3  loss 0.50") for n in (1, 2, 3)] == [1, 1, 1]


def test_epochs_leave_a_line_each_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    exec("from workbench.progress import TerminalProgress\n" + _EPOCHS)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:9] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3", "Scoring: "]


def test_a_job_gets_events(tmp_path: Path) -> None:
    progress = JobProgress(tmp_path)
    progress.stage("Work", 3)
    progress.advance(2, label="naïve ♭ \udce9\n")
    progress.advance()
    progress.note("a line")
    progress.event("step", step=1, of=2, loss=0.5)
    events = Job(tmp_path).events()
    assert all(event.pop("at") for event in events)
    assert events == [
        {"event": "stage", "name": "Work", "total": 3},
        {"event": "advance", "done": 2, "total": 3, "label": "naïve ♭ \udce9\n"},
        {"event": "advance", "done": 3, "total": 3, "label": ""},
        {"event": "note", "text": "a line"},
        {"event": "step", "step": 1, "of": 2, "loss": 0.5},
    ]
    assert not progress.cancelled()
    Job(tmp_path).cancel()
    assert progress.cancelled()


def test_nobody_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.stage("Work", 1)
    progress.advance()
    progress.note("a line")
    progress.event("step")
    progress.close()
    assert progress.cancelled() is False
    assert capsys.readouterr() == ("", "")
