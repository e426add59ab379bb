"""A file whose name, title, artist and tags are scripts: nothing of it runs on any page."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import OUTPUT

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.importer import import_music
from workbench.catalogue.items import TagValue
from workbench.judgements.log import Answer
from workbench.maps.store import Layout
from workbench.resources import resource
from workbench.server.launch import voila_server
from workbench.server.pages import list_pages
from workbench.server.processes import Server, started

pytestmark = pytest.mark.browser

SCRIPT = "<img src=x onerror=globalThis.ran=1><script>globalThis.ran=1</script>"
_PAGES = [page.name for page in list_pages(resource("dashboards"))]


@pytest.fixture(scope="module")
def hostile_pages(
    build_workspace: Callable[[Path], Workspace],
    tmp_path_factory: pytest.TempPathFactory,
    jupyter_environment: dict[str, str],
    any_port: Callable[[], int],
) -> Iterator[Server]:
    """The dashboards of tones among which such a file was imported, and judged by such a name."""
    folder = tmp_path_factory.mktemp("hostile")
    ws = build_workspace(folder / "workspace")
    _import_hostile(ws, folder)
    server = voila_server(ws, port=any_port(), base_url="/hostile/")
    server = dataclasses.replace(server, environment=server.environment | jupyter_environment)
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "Hostile.log").open("wb") as log, started([server], output=log):
        yield server


def _import_hostile(ws: Workspace, folder: Path) -> None:
    """Import the file by a manifest, and have it in vectors, maps, tags and judgements."""
    music = folder / "music"
    music.mkdir()
    name = "<img src=x onerror=globalThis.ran=1>.wav"
    encode(music / name, np.sin(np.arange(22050 * 3) / 9, dtype=np.float32)[None] * 0.2, 22050)
    (music / "<svg onload=globalThis.ran=1>.wav").write_bytes(b"no sound")
    with (folder / "list.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["path", "title", "artist", "genre", "mood", "instrument", "era"])
        rows.writerow([f"music/{name}", *[SCRIPT] * 6])
    report = import_music(ws, [music], manifest=folder / "list.csv", processes=1)
    assert report.failures
    (new,) = ws.catalogue.items().index[ws.catalogue.items()["title"] == SCRIPT]
    card = ws.models.card()
    for store in (ws.vectors(card.encoder), ws.vectors(f"model-{card.version}")):
        store.write(np.append(store.ids, new), np.vstack([store.vectors, store.vectors[:1]]))
    maps = ws.maps.load(card.version)
    ids = np.append(maps["genre"].ids, new)
    added = {
        dimension: Layout(ids, np.vstack([layout.xy, layout.xy.mean(axis=0)]))
        for dimension, layout in maps.items()
    }
    ws.maps.save(card.version, added)
    other, third = (int(item) for item in maps["genre"].ids[:2])
    ws.catalogue.annotate(other, title=SCRIPT, artist=SCRIPT, tags=[TagValue("key", SCRIPT, "x")])
    sitting = ws.judgements.open_session(SCRIPT)
    asked = {"anchor_id": int(new), "a_id": other, "b_id": third, "choice": "a"}
    ws.judgements.append(Answer(session_id=sitting, rater=SCRIPT, dimension="genre", **asked))


@pytest.mark.parametrize("name", _PAGES)
def test_nothing_runs_on_a_page(name: str, page, hostile_pages) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"{name} opened a dialog"))
    page.goto(f"{hostile_pages.url}voila/render/{name}")
    page.wait_for_selector("#rendered_cells .wb", state="visible")
    if name == "find.ipynb":
        page.get_by_text(SCRIPT).first.wait_for(state="attached")
    if name == "explore.ipynb":
        plot = page.locator(".wb-map-plot").first
        plot.focus()
        for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "Enter"):
            page.keyboard.press(key)
        page.wait_for_selector(".wb-near-item")
    page.wait_for_timeout(500)
    assert page.evaluate("globalThis.ran") is None
    assert page.locator("#rendered_cells img[src=x], #rendered_cells svg[onload]").count() == 0
