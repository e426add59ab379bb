"""What is started, where, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from older import workspace_of_revision

from workbench import Workspace
from workbench.errors import WorkbenchError
from workbench.server.launch import copy_notebooks, lab_server, voila_server
from workbench.server.processes import Server, free_port, run


def test_notebooks_are_copied_once_and_edits_are_kept(ws) -> None:
    folder = copy_notebooks(ws)
    first = min(folder.glob("*.ipynb"))
    original = first.read_bytes()
    first.write_text("edited")
    second = max(folder.glob("*.ipynb"))
    second.unlink()
    copy_notebooks(ws)
    assert first.read_text() == "edited"
    assert original != b"edited"
    assert second.exists()


def test_this_machine_needs_no_token_for_dashboards_but_for_lab(ws) -> None:
    assert voila_server(ws).token == ""
    assert voila_server(ws, address="localhost").token == ""
    assert len(lab_server(ws).token) >= 24


def test_beyond_this_machine_each_role_has_a_token_that_is_made_and_printed(ws) -> None:
    server = voila_server(ws, address="0.0.0.0")
    raters, viewers = server.tokens["raters"], server.tokens["viewers"]
    assert len(raters) >= 24
    assert len(viewers) >= 24
    assert raters != viewers
    assert server.addresses["raters"].endswith(f"/?token={raters}")
    assert server.addresses["viewers"].endswith(f"/?token={viewers}")
    chosen = voila_server(ws, address="0.0.0.0", token="chosen", viewer_token="for all")
    assert chosen.tokens == {"raters": "chosen", "viewers": "for all"}


def test_one_token_on_this_machine_brings_the_other(ws) -> None:
    assert voila_server(ws, token="chosen").tokens["viewers"]
    assert voila_server(ws, viewer_token="chosen").tokens["raters"]


def test_a_read_only_server_has_no_raters(ws) -> None:
    assert list(voila_server(ws, address="0.0.0.0", read_only=True).tokens) == ["viewers"]
    assert voila_server(ws, read_only=True).tokens == {}
    with pytest.raises(WorkbenchError, match="has no raters"):
        voila_server(ws, read_only=True, token="chosen")


def test_roles_cannot_share_a_token(ws) -> None:
    with pytest.raises(WorkbenchError, match="differ"):
        voila_server(ws, token="one", viewer_token="one")


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_an_older_workspace_is_upgraded_before_viewers_come(tmp_path: Path) -> None:
    from workbench.catalogue.database import SCHEMA_REVISION, Database, sqlite_url

    root = tmp_path / "older"
    workspace_of_revision(root, "0001")
    voila_server(Workspace(root))
    assert Database(sqlite_url(root / "workbench.sqlite")).revision() == SCHEMA_REVISION


def test_tokens_are_not_on_the_command_line(ws) -> None:
    dashboards = voila_server(ws, token="hidden", viewer_token="hidden too")
    notebooks = lab_server(ws, token="hidden")
    for server in (dashboards, notebooks):
        assert not any("hidden" in argument for argument in server.command)
    assert dashboards.environment["WORKBENCH_TOKEN"] == "hidden"
    assert dashboards.environment["WORKBENCH_VIEWER_TOKEN"] == "hidden too"
    assert notebooks.environment["JUPYTER_TOKEN"] == "hidden"


@pytest.mark.parametrize("given", ["a/b", "/a/b", "a/b/", "/a/b/"])
def test_a_base_url_may_be_written_in_any_way(ws, given) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/a/b/", voila_server(ws, base_url=given).url)


def test_a_busy_port_gives_way_to_the_next() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        first = busy.getsockname()[1]
        assert first < free_port(first) < first + 100
        with pytest.raises(WorkbenchError, match="No port from"):
            free_port(first, tries=1)


def test_an_address_that_is_not_this_machines_is_explained() -> None:
    with pytest.raises(WorkbenchError, match=r"cannot listen at 203\.0\.113\.1"):
        free_port(8866, "203.0.113.1")


def test_a_server_that_stops_at_once_is_reported(tmp_path) -> None:
    server = Server("Broken", [sys.executable, "-c", "raise SystemExit(3)"], "http://127.0.0.1:9/")
    with pytest.raises(WorkbenchError, match="Broken did not start"):
        run([server])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_both_servers_answer_and_end_together(ws, how, jupyter_folders, any_port) -> None:
    code = f"""
from workbench import Workspace
from workbench.server.launch import serve_all
serve_all(Workspace({str(ws.root)!r}), lab_port={any_port()}, voila_port={any_port()})"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **jupyter_folders},
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Press Ctrl-C"):
                break
        dashboards, lab = re.findall(r"http://\S+", "".join(lines))
        for address in (dashboards, lab):
            assert urllib.request.urlopen(address, timeout=30).status == 200
        process.send_signal(how)
        assert process.wait(30) == 0
        for address in (dashboards, lab):
            with pytest.raises(urllib.error.URLError):
                urllib.request.urlopen(address, timeout=2)
    finally:
        process.kill()
        process.wait()


def test_lab_shows_no_news_and_plays_by_our_extension(ws) -> None:
    command = lab_server(ws).command
    assert "--LabApp.news_url=None" in command
    assert any("'workbench.server': True" in argument for argument in command)
