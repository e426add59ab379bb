"""The pages on models and dimensions in a real browser: triplets are heard, titles are text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import OUTPUT
from weightless import NoWeights

from workbench import Workspace
from workbench.judgements.log import Answer
from workbench.server.launch import voila_server
from workbench.server.processes import Server, started

pytestmark = pytest.mark.browser

_PLAYED = """(number) => {
    const { audio } = document.querySelectorAll(".wb-triplets")[number].workbenchPlayer;
    return audio.currentTime > 0.2 && !audio.paused;
}"""


@pytest.fixture(scope="module")
def two_versions(
    build_workspace: Callable[[Path], Workspace], tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """The tones with two versions, and judgements that neither has learned from."""
    ws = build_workspace(tmp_path_factory.mktemp("reports") / "workspace")
    first = ws.models.card()
    ids = ws.vectors(first.encoder).ids
    held_out = [int(item) for item in ids]
    parent = None
    for noise in (0.05, 0.5):
        parent = _add_version(ws, first, parent, noise, held_out)
    sitting = ws.judgements.open_session("<b>Ada</b>")
    ws.judgements.append_all(
        Answer(session_id=sitting, rater="<b>Ada</b>", dimension="genre", anchor_id=held_out[0],
               a_id=held_out[3], b_id=item, choice="a")
        for item in held_out[4:6]
    )  # fmt: skip
    return ws


def _add_version(ws: Workspace, like, parent: str | None, noise: float, held_out) -> str:
    """Store a version whose vectors are those of another one under noise; return its name."""
    card = dataclasses.replace(like, version="", parent=parent, held_out=held_out)
    card = ws.models.save(NoWeights(card), promote=True)
    rng = np.random.default_rng(1)
    vectors = ws.vectors(f"model-{like.version}").rows(held_out)
    noisy = vectors + rng.normal(scale=noise, size=vectors.shape)
    ws.vectors(f"model-{card.version}").write(np.array(held_out), noisy.astype(np.float32))
    return card.version


@pytest.fixture(scope="module")
def reports(
    two_versions: Workspace, jupyter_environment: dict[str, str], any_port: Callable[[], int]
) -> Iterator[Server]:
    """The dashboards of that workspace."""
    server = voila_server(two_versions, port=any_port(), base_url="/reports/")
    server = dataclasses.replace(server, environment=server.environment | jupyter_environment)
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "Reports.log").open("wb") as log, started([server], output=log):
        yield server


def hears(page, number: int, button: int) -> None:
    """Press a button of the first triplet of a list and wait for its sound."""
    row = page.locator(".wb-triplets").nth(number).locator(".wb-triplet").first
    row.locator(".wb-item-play").nth(button).click()
    page.wait_for_function(_PLAYED, arg=number)


def test_versions_are_compared_and_their_disagreements_heard(page, reports: Server) -> None:
    page.goto(f"{reports.url}voila/render/model.ipynb")
    rows = page.locator(".wb-triplet")
    rows.first.wait_for()
    assert rows.count() == 10
    hears(page, 0, 0)
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("b")  # by keys alone, and one sound at a time
    page.wait_for_function(
        "() => document.querySelectorAll('.wb-triplet')[1]"
        ".querySelectorAll('button')[2].classList.contains('wb-playing')"
    )
    page.wait_for_function(_PLAYED, arg=0)
    first = rows.first.inner_text()
    page.get_by_role("button", name="Next").click()
    page.wait_for_function(
        "first => document.querySelector('.wb-triplet').innerText !== first", arg=first
    )
    narrowed = page.get_by_label("Dimension")
    narrowed.select_option("genre")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.wb-triplet-said p')]"
        ".every(p => /shares “(folk|jazz|rock)”/.test(p.innerText))"
    )
    page.screenshot(path=OUTPUT / "page_model.png", full_page=True)
    hostile = page.locator(".wb-triplet", has_text="<img src=x onerror=alert(1)>")
    narrowed.select_option("")
    while not hostile.count():  # its title is on one of the pages, as text
        page.get_by_role("button", name="Next").click()
    assert page.locator("#rendered_cells img").count() == 0
