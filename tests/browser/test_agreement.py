"""The panel of a team's lead in a real browser: numbers, odd sittings, tasks, rubrics, live."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from team import TEAM, judge_as_team

from workbench import Workspace
from workbench.listening.rubrics import Rubrics
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask
from workbench.server.launch import voila_server
from workbench.server.processes import Server, started

pytestmark = pytest.mark.browser

OUTPUT = Path(__file__).resolve().parents[2] / "test-output"
HOSTILE = "<img src=x onerror=alert(1)> $x$ & Co"


@pytest.fixture(scope="module")
def team_ws(
    tmp_path_factory: pytest.TempPathFactory, build_workspace: Callable[[Path], Workspace]
) -> Workspace:
    """A workspace in which four people and one with an odd name judged on six days."""
    ws = build_workspace(tmp_path_factory.mktemp("team") / "workspace")
    songs = ws.catalogue.items(kind="song", domain="audio").index.tolist()
    tasks = RatingTasks(ws)
    tasks.save(RatingTask(name="first week", dimensions=("genre", "tempo"), raters=4))
    rows = [("key", songs[i], songs[i + 1], songs[i + 2]) for i in range(10)]
    tasks.save(RatingTask.of_triplets(rows, name="the ten keys", raters=2))
    people = TEAM | {HOSTILE: TEAM["Ada"]}
    judge_as_team(ws, songs, people, triplets=54, repeats=20, task="first week")
    Rubrics(ws).write("genre", "Where would a shop file it? Not: who plays.", author=HOSTILE)
    return ws


@pytest.fixture(scope="module")
def lead_pages(
    team_ws: Workspace, jupyter_environment: dict[str, str], any_port: Callable[[], int]
) -> Iterator[Server]:
    """The dashboards of that workspace."""
    server = voila_server(team_ws, port=any_port(), base_url="/lead/")
    server = dataclasses.replace(server, environment=server.environment | jupyter_environment)
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "Lead.log").open("wb") as log, started([server], output=log):
        yield server


@pytest.fixture
def panel(page, lead_pages: Server):
    page.goto(f"{lead_pages.url}voila/render/agreement.ipynb")
    page.wait_for_selector("#rendered_cells", state="visible")
    page.wait_for_selector(".wb-tile")
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length > 0")
    return page


def picture(page, name: str) -> None:
    page.wait_for_timeout(700)  # the chart's first drawing
    page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)


def test_the_lead_sees_agreement_raters_odd_sittings_and_tasks(panel, team_ws: Workspace) -> None:
    tiles = panel.locator(".wb-tiles").inner_text()
    answers = sum(team_ws.judgements.counts(choices=("a", "b", "cannot_tell")).values())
    assert f"{answers:,}" in tiles
    raters = panel.locator(".wb-card", has_text="As most others").locator("tbody tr")
    assert raters.count() == 5
    odd = panel.locator(".wb-card", has_text="A reason to ask, no verdict")
    assert "Dee" in odd.inner_text()
    assert "on the left was chosen" in odd.inner_text()
    assert "Ada\t" not in odd.inner_text()
    tasks = panel.locator(".wb-card", has_text="Judged by enough raters").inner_text()
    assert "the ten keys" in tasks
    assert "0 of 10" in tasks
    picture(panel, "page_agreement")


def test_names_are_never_markup(panel) -> None:
    assert HOSTILE in panel.locator(".wb-card", has_text="As most others").inner_text()
    assert HOSTILE in panel.locator(".wb-card", has_text="What the dimensions mean").inner_text()
    assert panel.locator("#rendered_cells img").count() == 0
    assert panel.locator("mjx-container, .MathJax").count() == 0


def test_a_rubric_is_written_for_everybody(panel, team_ws: Workspace) -> None:
    card = panel.locator(".wb-card", has_text="What the dimensions mean")
    card.locator("select").select_option("tempo")
    panel.wait_for_function(
        "[...document.querySelectorAll('textarea')]"
        ".some(t => t.placeholder.includes('about tempo'))"
    )
    card.locator("textarea").fill("Tap along: the same pulse, or twice or half of it.")
    card.locator("input[type=text]").fill("Clara")
    card.get_by_role("button", name="Save").click()
    panel.locator("[role=status]", has_text="Saved").wait_for()
    assert Rubrics(team_ws).of("tempo") == "Tap along: the same pulse, or twice or half of it."
    assert "Last written by Clara" in card.inner_text()
    picture(panel, "page_agreement_rubric")


def test_the_panel_follows_what_is_judged_meanwhile(panel, team_ws: Workspace) -> None:
    before = panel.locator(".wb-tile").first.inner_text()
    songs = team_ws.catalogue.items(kind="song", domain="audio").index.tolist()
    judge_as_team(team_ws, songs, {"Eve": TEAM["Ada"]}, dimensions=("mood",), days=1, seed=5)
    panel.wait_for_function(
        "before => document.querySelector('.wb-tile').innerText !== before", arg=before
    )
    assert "Eve" in panel.locator(".wb-card", has_text="As most others").inner_text()


def test_a_workspace_nobody_judged_says_where_to_begin(page, open_voila) -> None:
    page = open_voila("agreement.ipynb")
    page.get_by_text("Nobody has judged yet").wait_for()
    assert "There is no rating task yet" in page.locator("#rendered_cells").inner_text()
    picture(page, "page_agreement_empty")
