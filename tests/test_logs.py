from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench import Workspace
from workbench.errors import StorageError
from workbench.logs import FILE_VARIABLE, VERBOSE_VARIABLE, begin_logging

LOG = logging.getLogger("workbench.somewhere")


@pytest.fixture(autouse=True)
def quiet_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (FILE_VARIABLE, VERBOSE_VARIABLE):
        monkeypatch.setenv(name, "")
    logger = logging.getLogger("workbench")
    before = logger.handlers[:], logger.level, logger.propagate
    yield
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def run(ws: Workspace, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        env={**os.environ, "WORKBENCH_WORKSPACE": str(ws.root), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def entries(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_only_warnings_are_shown_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    begin_logging()
    LOG.info("done")
    LOG.warning("odd")
    begin_logging(verbose=True)
    LOG.info("shown")
    shown = capsys.readouterr().err
    assert "done" not in shown
    assert "WARNING somewhere: odd\n" in shown
    assert "INFO somewhere: shown\n" in shown


def test_a_title_cannot_pretend_to_be_another_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin_logging(verbose=True, file=tmp_path / "log")
    title = "x\n2026-01-01 00:00:00 ERROR server: pwned \x1b[31m"
    LOG.info("Imported %s", title, extra={"title": title})
    assert capsys.readouterr().err.count("\n") == 1
    (entry,) = entries(tmp_path / "log")
    assert entry["title"] == title
    assert entry["event"] == f"Imported {title}"


def test_every_line_of_the_file_is_an_object_with_its_facts(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    begin_logging(file=file)
    LOG.info("Stored", extra={"items": 3, "folder": tmp_path})
    try:
        raise ValueError("why")
    except ValueError:
        LOG.exception("Failed")
    stored, failed = entries(file)
    assert stored["event"] == "Stored"
    assert stored["level"] == "info"
    assert stored["logger"] == "workbench.somewhere"
    assert stored["process"] == os.getpid()
    assert (stored["items"], stored["folder"]) == (3, str(tmp_path))
    assert "ValueError: why" in str(failed["traceback"])


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "log"
    begin_logging(file=file)
    LOG.info("first")
    file.rename(tmp_path / "log.1")
    LOG.info("second")
    assert [entry["event"] for entry in entries(tmp_path / "log.1")] == ["first"]
    assert [entry["event"] for entry in entries(file)] == ["second"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no folder/log cannot be written"):
        begin_logging(file=tmp_path / "no folder" / "log")


def test_beginning_twice_notes_once(tmp_path: Path) -> None:
    for _ in range(2):
        begin_logging(file=tmp_path / "log")
    LOG.info("once")
    assert len(entries(tmp_path / "log")) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_verbose_may_stand_anywhere(ws: Workspace, place: int) -> None:
    words = ["models", "list"]
    words.insert(place, "--verbose")
    done = run(ws, *words)
    assert "INFO cli: Command ended (command=models, how=done, seconds=" in done.stderr
    assert "INFO" not in done.stdout


def test_what_follows_two_dashes_is_no_option(ws: Workspace) -> None:
    done = run(ws, "import", "--", "--verbose")
    assert "INFO" not in done.stderr
    assert "--verbose" in done.stderr  # there is no such file


def test_a_command_notes_what_it_could_not_import(ws: Workspace, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    log = tmp_path / "log.jsonl"
    done = run(ws, "import", str(broken), WORKBENCH_LOG=str(log))
    assert done.returncode
    told = {entry["event"]: entry for entry in entries(log)}
    assert told["Not imported"]["path"] == str(broken)
    assert told["Not imported"]["reason"]
    assert told["Command ended"]["how"] == "MediaError"
