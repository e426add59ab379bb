"""A stakeholder and a rater at real browsers, each with the address they were given."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import OUTPUT

from workbench import Workspace
from workbench.resources import resource
from workbench.roles import Role
from workbench.server.launch import voila_server
from workbench.server.pages import list_pages
from workbench.server.processes import Server, started

VIEWERS_PAGES = [
    page.title for page in list_pages(resource("dashboards")) if page.needs is Role.VIEWER
]
pytestmark = pytest.mark.browser

PLAYER = "document.querySelector('.wb-similar').workbenchPlayer"


@pytest.fixture(scope="module")
def shared_ws(
    build_workspace: Callable[[Path], Workspace], tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """A workspace whose first title tries to be an image that runs a script."""
    return build_workspace(tmp_path_factory.mktemp("published") / "workspace")


@pytest.fixture(scope="module")
def published(
    shared_ws: Workspace, jupyter_environment: dict[str, str], any_port: Callable[[], int]
) -> Iterator[Server]:
    """Its dashboards, with a login for each role, under a path."""
    server = voila_server(
        shared_ws, port=any_port(), base_url="/music/", token="rate", viewer_token="view"
    )
    server = dataclasses.replace(server, environment=server.environment | jupyter_environment)
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "Published.log").open("wb") as log, started([server], output=log):
        yield server


@pytest.fixture
def refusals(page) -> list[str]:
    """What the browser refused to load or to run on a page."""
    found: list[str] = []
    page.on("console", lambda said: "Content Security" in said.text and found.append(said.text))
    return found


def _links(page) -> list[str]:
    return page.locator("nav a").all_inner_texts()


def test_a_stakeholder_sees_hears_and_changes_nothing(page, published, shared_ws, refusals):
    page.goto(published.addresses["viewers"])
    assert "token" not in page.url
    assert _links(page) == VIEWERS_PAGES
    assert "Rate" not in VIEWERS_PAGES
    page.screenshot(path=OUTPUT / "pages_of_a_viewer.png")

    page.get_by_role("link", name="Overview").first.click()
    page.wait_for_selector(".wb-tile")
    page.wait_for_load_state("networkidle")
    assert _links(page) == VIEWERS_PAGES

    page.goto(f"{published.url}voila/render/explore.ipynb")
    page.wait_for_selector(".wb-similar tbody tr")
    page.locator(".wb-similar tbody tr .wb-item-play").first.click()
    page.wait_for_function(f"{PLAYER}.audio.currentTime > 0.1")

    answer = page.goto(f"{published.url}voila/render/rate.ipynb")
    assert answer.status == 403
    assert page.get_by_role("heading", name="This page is not open to you").is_visible()
    page.screenshot(path=OUTPUT / "page_not_open.png")
    assert shared_ws.judgements.count() == 0
    assert refusals == []


def test_a_rater_rates(page, published, shared_ws, refusals):
    state = "document.querySelector('.wb-rater').dataset.state"
    page.goto(published.addresses["raters"])
    assert "Rate" in _links(page)
    page.goto(f"{published.url}voila/render/rate.ipynb")
    page.locator(".wb-rater input").first.fill("Rita")
    page.get_by_role("button", name="Start listening").click()
    page.wait_for_function(f"{state} === 'ready'")
    for place, key in enumerate("xab"):
        page.keyboard.press(key)
        page.wait_for_function(
            "place => document.querySelector('.wb-rater').__rater.listening.shareHeard(place) >= 1",
            arg=place,
        )
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('.wb-rater').dataset.state === 'ready'")
    page.wait_for_timeout(500)
    assert shared_ws.judgements.count() == 1
    assert refusals == []


def test_markup_from_a_file_runs_on_no_page_even_where_it_becomes_markup(page, published):
    """Should a title ever be put into a page as it is, the browser still refuses to run it."""
    page.goto(published.addresses["viewers"])
    page.goto(f"{published.url}voila/render/overview.ipynb")
    page.wait_for_selector(".wb-tile")
    page.evaluate(
        """() => {
            const place = document.createElement("div");
            place.innerHTML = "<img src='data:,' onerror='window.ran = 1'>";
            document.body.append(place);
            const script = document.createElement("script");
            script.textContent = "window.ran = 2";
            document.body.append(script);
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
