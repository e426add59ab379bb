"""Real servers and a real Chromium; every page fails on external requests and on page errors.

`lab` and `voila` run once per session, under a base URL that is not "/", on one small workspace.
Screenshots go to ``test-output/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from chromium import FLAGS, OUTPUT, find_chromium
from weightless import NoWeights

from workbench import Workspace
from workbench.resources import resource
from workbench.server.launch import lab_server, voila_server
from workbench.server.processes import Server, started

# A tone's tags, by its number: each dimension groups the twelve in its own way.
_TAGS = {
    "genre": ("folk", "jazz", "rock"),
    "mood": ("calm", "tense", "bright", "sad"),
    "instrument": ("flute", "piano"),
    "era": ("baroque", "classical", "romantic", "modern"),
    "tempo": ("60", "90", "120", "150", "180", "200"),
    "key": ("C major", "G major", "A minor", "E minor"),
}


def build_small_workspace(path: Path) -> Workspace:
    """Build the workspace that the browser tests share: twelve tones, a model and its maps.

    Each is louder than the one before. The one place to change when the tests should run on other
    music.
    """
    ws = Workspace.create(path)
    for number in range(12):
        _add_tone(ws, path / "media" / f"tone{number:02}.wav", number)
    _add_model(ws)
    return ws


def _add_tone(ws: Workspace, file: Path, number: int) -> None:
    from workbench.audio.decode import encode
    from workbench.catalogue.items import TagValue
    from workbench.catalogue.media import describe_audio

    seconds = np.arange(0, 12, 1 / 22050)
    tone = 0.05 * 1.2**number * np.sin(2 * np.pi * 220 * 2 ** (number / 12) * seconds)
    encode(file, tone.astype(np.float32)[None], 22050)
    tags = []
    for dimension, values in _TAGS.items():
        value = values[number % len(values)]
        size = float(value) if dimension == "tempo" else None
        tags.append(TagValue(dimension, value, "test", number=size, weak=dimension == "mood"))
    ws.catalogue.add_item(
        kind="song",
        domain="audio",
        title="<b>Tone</b> & $one$ <img src=x onerror=alert(1)>"
        if number == 0
        else f"Tone {number}",
        artist="The Oscillators",
        media=describe_audio(file),
        tags=tags,
    )


def _add_model(ws: Workspace) -> None:
    """Store vectors, a model and maps in which equal tags lie together."""
    from workbench.maps.store import Layout
    from workbench.subspaces.dimensions import DIMENSIONS
    from workbench.subspaces.store import ModelCard

    random = np.random.default_rng(0)
    ids = ws.catalogue.items().index.to_numpy()
    blocks, layouts = [], {}
    for dimension in DIMENSIONS:
        tags = ws.catalogue.tags(dimension).set_index("item_id")["value"]
        group = tags.reindex(ids).astype("category").cat.codes.to_numpy()
        block = np.eye(8)[group] + random.normal(scale=0.15, size=(len(ids), 8))
        blocks.append(block / np.linalg.norm(block, axis=1, keepdims=True))
        centres = random.normal(scale=4, size=(8, 2))
        places = centres[group] + random.normal(scale=0.6, size=(len(ids), 2))
        layouts[dimension] = Layout(ids, places.astype(np.float32))
    vectors = np.concatenate(blocks, axis=1).astype(np.float32)
    card = ModelCard("", encoder="tones", head="mask", dimensions=list(DIMENSIONS), subspace_dim=8)
    card = ws.models.save(NoWeights(card), promote=True)  # type: ignore[arg-type]
    for name in ("tones", f"model-{card.version}"):
        ws.vectors(name).write(ids, vectors)
    ws.maps.save(card.version, layouts)


# -- Jupyter -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def demo_ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace that the servers of this session show."""
    return build_small_workspace(tmp_path_factory.mktemp("browser") / "workspace")


@pytest.fixture(scope="session")
def build_workspace() -> Callable[[Path], Workspace]:
    """Return the function that builds such a workspace, for tests that change theirs."""
    return build_small_workspace


@pytest.fixture(scope="session")
def jupyter_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Jupyter's folders, away from those of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("jupyter")
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


@pytest.fixture(scope="session")
def pages_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dashboards, so that tests can add pages of their own."""
    folder = tmp_path_factory.mktemp("pages") / "dashboards"
    shutil.copytree(resource("dashboards"), folder)
    return folder


@contextlib.contextmanager
def _running(server: Server, environment: dict[str, str]) -> Iterator[Server]:
    OUTPUT.mkdir(exist_ok=True)
    server = dataclasses.replace(server, environment={**server.environment, **environment})
    with (OUTPUT / f"{server.name}.log").open("wb") as log, started([server], output=log):
        yield server


@pytest.fixture(scope="session")
def voila(
    demo_ws: Workspace,
    pages_folder: Path,
    jupyter_environment: dict[str, str],
    any_port: Callable[[], int],
) -> Iterator[Server]:
    """The dashboards, without a login, under /dash/."""
    server = voila_server(demo_ws, port=any_port(), base_url="/dash/", pages=pages_folder)
    with _running(server, jupyter_environment) as running:
        yield running


@pytest.fixture(scope="session")
def lab(
    demo_ws: Workspace, jupyter_environment: dict[str, str], any_port: Callable[[], int]
) -> Iterator[Server]:
    """JupyterLab on the workspace's notebooks, with a token, under /user/t/."""
    server = lab_server(demo_ws, port=any_port(), base_url="/user/t/")
    exposed = [
        *server.command,
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]
    with _running(dataclasses.replace(server, command=exposed), jupyter_environment) as running:
        yield running


# -- Chromium ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """One Chromium for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page_problems() -> list[str]:
    """What went wrong on the test's page; a test that expects something removes it."""
    return []


@pytest.fixture
def page(browser, request: pytest.FixtureRequest, page_problems: list[str]) -> Iterator:
    """A fresh page that leaves a screenshot and may not ask other servers for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)

    def check_request(sent) -> None:
        if not sent.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
            page_problems.append(f"external request: {sent.url}")

    page.on("request", check_request)
    page.on("pageerror", lambda error: page_problems.append(f"page error: {error}"))
    yield page
    name = re.sub(r"\W+", "_", request.node.name).strip("_")
    with contextlib.suppress(Exception):
        OUTPUT.mkdir(exist_ok=True)
        page.screenshot(path=OUTPUT / f"{name}.png")
    problems = list(page_problems)
    page.goto("about:blank")  # leaving a page ends its kernel; closing it would not
    context.close()
    assert not problems


# -- pages -------------------------------------------------------------------------------------


@pytest.fixture
def write_page(demo_ws: Workspace, pages_folder: Path) -> Callable[..., str]:
    """Return a function that writes a notebook of cells for both servers and gives its name.

    `write_page("name", "code", "code")`; the notebook is there until the session ends.
    """

    def write(name: str, *cells: str) -> str:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        lab_folder = demo_ws.root / "notebooks"
        lab_folder.mkdir(exist_ok=True)
        for folder in (lab_folder, pages_folder):
            nbformat.write(notebook, folder / f"{name}.ipynb")
        return f"{name}.ipynb"

    return write


@pytest.fixture
def open_voila(page, voila: Server) -> Callable[[str], object]:
    """Return a function that opens a dashboard by file name and waits until it shows."""

    def go(name: str):
        page.goto(f"{voila.url}voila/render/{name}")
        page.wait_for_selector("#rendered_cells", state="visible")
        return page

    return go


@pytest.fixture
def open_lab(page, lab: Server) -> Iterator[Callable[..., object]]:
    """Return a function that opens a notebook in JupyterLab and runs its cells."""

    def go(name: str, *, run: bool = True):
        page.goto(f"{lab.url}doc/tree/{name}?token={lab.token}")
        page.wait_for_function(
            """() => {
                const shown = window.jupyterapp?.shell.currentWidget;
                return !!shown?.context?.isReady
                    && shown.sessionContext.session?.kernel?.status === "idle";
            }"""
        )
        if run:
            page.evaluate(
                "async () => { await jupyterapp.commands.execute('notebook:run-all-cells'); }"
            )
        return page

    yield go
    with contextlib.suppress(Exception):
        page.evaluate(
            "async () => { await jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"
        )
