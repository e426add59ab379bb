"""Every dashboard opens whatever the workspace lacks, and says what that is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from postgres import copied
from web_client import Browser

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.media import describe_audio
from workbench.resources import resource
from workbench.roles import Role
from workbench.server.launch import voila_server
from workbench.server.pages import list_pages
from workbench.server.processes import Server

LISTED = list_pages(resource("dashboards"))
PAGES = [page.name for page in LISTED]
VIEWERS_PAGES = [page.name for page in LISTED if page.needs is Role.VIEWER]


def _with_nothing(folder: Path, fitted: Workspace) -> Workspace:
    return Workspace.create(folder)


def _with_one_item(folder: Path, fitted: Workspace) -> Workspace:
    ws = Workspace.create(folder)
    sound = np.sin(np.linspace(0, 2000, 22050)).astype(np.float32)[None]
    encode(folder.with_suffix(".wav"), sound, 22050)
    media = describe_audio(folder.with_suffix(".wav"))
    ws.catalogue.add_item(kind="song", domain="audio", title="Alone", media=media)
    return ws


def _without_a_model(folder: Path, fitted: Workspace) -> Workspace:
    ws = copied(fitted, folder)
    shutil.rmtree(folder / "models")
    return ws


def _without_judgements_or_maps(folder: Path, fitted: Workspace) -> Workspace:
    return copied(fitted, folder)


@pytest.fixture(
    scope="module",
    params=[_with_nothing, _with_one_item, _without_a_model, _without_judgements_or_maps],
    ids=lambda make: make.__name__.strip("_"),
)
def poor(
    request: pytest.FixtureRequest,
    fitted_once: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
    run_server,
    any_port,
) -> Iterator[Server]:
    """The dashboards of a workspace that lacks something, for each role."""
    ws = request.param(tmp_path_factory.mktemp("poor") / "workspace", fitted_once)
    server = voila_server(ws, port=any_port(), token="r", viewer_token="v")
    with run_server(server) as running:
        yield running


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_and_says_what_is_missing(poor: Server, name: str) -> None:
    visitor = Browser(poor).log_in("raters")
    answer = visitor.ask(f"voila/render/{name}")
    assert answer.status == 200
    assert "There was an error when executing" not in answer.text
    assert "application/vnd.jupyter.widget-view+json" in answer.text


@pytest.mark.parametrize("name", VIEWERS_PAGES)
def test_viewers_pages_open_too(poor: Server, name: str) -> None:
    answer = Browser(poor).log_in("viewers").ask(f"voila/render/{name}")
    assert answer.status == 200
    assert "There was an error when executing" not in answer.text
