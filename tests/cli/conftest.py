"""The `workbench` command as tests call it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from workbench.cli import main
from workbench.workspace import ENVIRONMENT_VARIABLE


class Answer(NamedTuple):
    code: object
    out: str
    err: str


@pytest.fixture
def workbench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Run a command in an empty current folder; return exit code, output and errors."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as leave:
            code = leave.code or 0
        return Answer(code, *capsys.readouterr())

    return run
