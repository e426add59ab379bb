"""A workspace of two songs and a score, and servers on it, asked over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import numpy as np
import pytest
from tiny_scores import Voice, tune, write_midi
from web_client import Answer, Browser, NoRedirect

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.importer import import_music
from workbench.catalogue.media import describe_audio, describe_score
from workbench.server.launch import voila_server
from workbench.server.processes import Server, started

_HELLO = """
import logging, sys
logging.error("a page said hello")
print(sys.executable)"""

_ALLOWED = """
import os
from workbench import Workspace
ws = Workspace()
print("read-only:", ws.read_only)
print("tokens:", [name for name, value in os.environ.items() if "s token" in value])
try:
    (ws.root / "touched").touch()
    print("changed")
except Exception as error:
    print(error)"""


class Music(NamedTuple):
    """A workspace and the ids of what is in it."""

    ws: Workspace
    wav: int
    ogg: int
    score: int  # which cannot be read
    notes: int
    gone: int


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Music:
    """Two songs, a score, one that cannot be read, and a song whose file is gone."""
    folder = tmp_path_factory.mktemp("server")
    ws = Workspace.create(folder / "workspace")
    sound = np.sin(np.linspace(0, 2000, 22050)).astype(np.float32)[None]
    ids = []
    for name in ("one.wav", "two.ogg", "gone.flac"):
        encode(folder / name, sound * (0.9 if name == "one.wav" else 0.5), 22050)
        media = describe_audio(folder / name)
        ids.append(ws.catalogue.add_item(kind="song", domain="audio", title=name, media=media))
    (folder / "gone.flac").unlink()
    (folder / "score.mid").write_bytes(b"MThd not read")
    score = ws.catalogue.add_item(
        kind="song", domain="symbolic", title="score", media=describe_score(folder / "score.mid")
    )
    import_music(ws, [write_midi(folder / "tune.mid", [Voice(0, tune(quarters=8))])], processes=1)
    notes = int(ws.catalogue.items(domain="symbolic").index[-1])
    return Music(ws, ids[0], ids[1], score, notes, ids[2])


@pytest.fixture(scope="session")
def jupyter_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Jupyter's folders, with a kernel of the usual name that belongs to another environment."""
    folder = tmp_path_factory.mktemp("jupyter")
    kernel = folder / "path" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    spec = {"argv": ["false", "{connection_file}"], "display_name": "Other", "language": "python"}
    kernel.write_text(json.dumps(spec))
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PATH": str(folder / "path"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where servers write their messages, by their names."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def run_server(jupyter_folders: dict[str, str], logs: Path) -> Callable[[Server], Any]:
    """Return a context manager that runs a server away from the user's own Jupyter folders."""

    @contextlib.contextmanager
    def run(server: Server) -> Iterator[Server]:
        environment = {**server.environment, **jupyter_folders}
        server = dataclasses.replace(server, environment=environment)
        with (logs / server.name).open("ab") as output, started([server], output=output):
            yield server

    return run


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three dashboards and a file that is none."""
    folder = tmp_path_factory.mktemp("pages")
    described = {
        "title": "Notes & <Queries>",
        "workbench": {"description": "Says <hello>.", "order": 1},
    }
    _write(folder / "hello.ipynb", _HELLO, described)
    _write(folder / "fails.ipynb", "secret = 'sesame'\nraise ValueError(secret)", {})
    (folder / "broken.ipynb").write_text("{")
    return folder


@pytest.fixture(scope="session")
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page for viewers and one for raters; both say what their kernels may do."""
    folder = tmp_path_factory.mktemp("two pages")
    _write(folder / "see.ipynb", _ALLOWED, {"title": "See", "workbench": {"needs": "viewer"}})
    _write(folder / "change.ipynb", _ALLOWED, {"title": "Change", "workbench": {"needs": "rater"}})
    return folder


@pytest.fixture(scope="session")
def published(music: Music, two_pages: Path, run_server, any_port) -> Iterator[Server]:
    """The dashboard server with a login for each role, under /dash/."""
    server = voila_server(
        music.ws,
        port=any_port(),
        base_url="dash",
        pages=two_pages,
        token="a rater's token",
        viewer_token="a viewer's token",
    )
    with run_server(server) as running:
        yield running


@pytest.fixture
def viewer(published: Server) -> Browser:
    """A viewer who has logged in."""
    return Browser(published).log_in("viewers")


@pytest.fixture
def rater(published: Server) -> Browser:
    """A rater who has logged in."""
    return Browser(published).log_in("raters")


def _write(path: Path, source: str, metadata: dict[str, Any]) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source)], metadata={"kernelspec": kernel, **metadata}
    )
    nbformat.write(notebook, path)


@pytest.fixture(scope="session")
def dashboards(music: Music, pages: Path, run_server, any_port) -> Iterator[Server]:
    """The dashboard server, without a login, under /dash/."""
    server = voila_server(music.ws, port=any_port(), base_url="dash", pages=pages)
    with run_server(server) as running:
        yield running


@pytest.fixture(scope="session")
def jupyter(music: Music, run_server, any_port) -> Iterator[Server]:
    """A plain Jupyter server with our extension; its folder, not the environment, says where."""
    port = any_port()
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", f"--port={port}"]
    command += ["--allow-root", "--ServerApp.base_url=/user/t/"]
    command += [f"--ServerApp.root_dir={music.ws.root}", "--IdentityProvider.token=open-sesame"]
    command += ["--ServerApp.jpserver_extensions={'workbench.server': True}"]
    plain = {"WORKBENCH_WORKSPACE": ""}
    url = f"http://127.0.0.1:{port}/user/t/"
    with run_server(
        Server("Jupyter", command, url, tokens={"": "open-sesame"}, environment=plain)
    ) as up:
        yield up


@pytest.fixture(scope="session")
def ask() -> Callable[..., Answer]:
    """Return a function that sends a request as a page of the server would, and follows nothing."""
    opener = urllib.request.build_opener(NoRedirect)

    def send(server: Server, route: str, *, method: str = "GET", **headers: str) -> Answer:
        url = server.url + route
        sent = {"Referer": server.url, **{k.replace("_", "-"): v for k, v in headers.items()}}
        request = urllib.request.Request(url, headers=sent, method=method)
        if server.token and "Authorization" not in sent:
            request.add_header("Authorization", f"token {server.token}")
        try:
            with opener.open(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())

    return send


@pytest.fixture
def own_loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return a function that runs a story in a thread: a browser may hold this one's loop."""

    def run(story: Coroutine[Any, Any, None]) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, story).result()

    return run
