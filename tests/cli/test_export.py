"""Dashboards are exported by a command that says where and how large."""

from __future__ import annotations

import json
from pathlib import Path

from tone_workspace import add_tone

from workbench import Workspace


def test_the_command_says_what_was_written_and_what_to_open(workbench, ws: Workspace):
    answer = workbench("export", "dashboard", "out", "-w", ws.root, "--no-sound")
    assert answer.code == 0
    assert answer.out.startswith("Overview, Explore")
    assert "0 sounds" in answer.out
    assert "MB: open " in answer.out
    assert Path("out/index.html").is_file()


def test_an_archive_to_send_is_written_beside_the_folder(workbench, ws: Workspace):
    arguments = ("export", "dashboard", "out", "-w", ws.root, "--page", "overview", "--zip")
    answer = workbench(*arguments, "--json")
    said = json.loads(answer.out)
    assert Path(said["zip"]) == Path("out.zip").resolve()
    assert said["bytes"] == sum(f.stat().st_size for f in Path("out").rglob("*") if f.is_file())
    refused = workbench(*arguments)
    assert refused.code == 1
    assert "--again" in refused.err
    assert workbench(*arguments, "--again").code == 0


def test_unknown_pages_versions_and_folders_are_refused(workbench, ws: Workspace):
    add_tone(ws, 1)
    for option, value, code in (("--page", "rate", 4), ("--model", "v0009", 4),
                                ("--dashboards", "nowhere", 1)):  # fmt: skip
        answer = workbench("export", "dashboard", "out", "-w", ws.root, option, value)
        assert answer.code == code
        assert answer.err.count("\n") == 1
        assert not Path("out").exists()
