"""The pages of a lived-in workspace in a real browser, and the story from judgement to model."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import OUTPUT
from postgres import copied
from simulated import simulate_judgements

from workbench import Workspace
from workbench.server.launch import voila_server
from workbench.server.processes import Server, started

pytestmark = pytest.mark.browser

PLAYER = "document.querySelector('.wb-similar').workbenchPlayer"
DRAWN = (
    "[...document.querySelectorAll('.js-plotly-plot')].filter(c => c.querySelector('.main-svg'))"
)


@pytest.fixture(scope="module")
def judged_ws(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy of the demo with 240 judgements in it."""
    folder = tmp_path_factory.mktemp("judged") / "workspace"
    ws = copied(demo_workspace, folder)
    simulate_judgements(ws, 240)
    return ws


@pytest.fixture(scope="module")
def pages(
    judged_ws: Workspace, jupyter_environment: dict[str, str], any_port: Callable[[], int]
) -> Iterator[Server]:
    """The dashboards of that workspace."""
    server = voila_server(judged_ws, port=any_port(), base_url="/story/")
    server = dataclasses.replace(server, environment=server.environment | jupyter_environment)
    OUTPUT.mkdir(exist_ok=True)
    with (OUTPUT / "Story.log").open("wb") as log, started([server], output=log):
        yield server


@pytest.fixture
def open_page(page, pages: Server) -> Callable[[str], object]:
    """Return a function that opens a dashboard by name."""

    def go(name: str):
        page.goto(f"{pages.url}voila/render/{name}.ipynb")
        page.wait_for_selector("#rendered_cells", state="visible")
        return page

    return go


def wait_for_charts(page, count: int) -> None:
    page.wait_for_function(f"{DRAWN}.length >= {count}")


def picture(page, name: str) -> None:
    page.wait_for_timeout(500)  # a chart's last transition
    page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)


def ready_to_tune(page):
    page.wait_for_function(
        "[...document.querySelectorAll('button')]"
        ".some(b => b.textContent.trim() === 'Fine-tune' && !b.disabled)"
    )
    return page.get_by_role("button", name="Fine-tune", exact=True)


def test_overview_shows_counts_and_charts(open_page, judged_ws: Workspace):
    page = open_page("overview")
    wait_for_charts(page, 2)  # Kiviat and judgements; one version has no history yet
    songs = len(judged_ws.catalogue.items(kind="song", domain="audio"))
    assert page.locator(".wb-tile", has_text="songs").first.inner_text().split()[0] == str(songs)
    assert "judgements by 1 rater" in page.locator(".wb-tiles").inner_text()
    assert page.locator(".polarlayer .scatterlayer .trace").count() >= 2
    picture(page, "page_overview_before")


def test_kiviat_turns_to_combinations_and_is_saved(open_page):
    page = open_page("overview")
    wait_for_charts(page, 2)
    chart = page.locator("[role=img][aria-label^='Kiviat diagram over 6 dimensions.']")
    assert "v0001" in chart.get_attribute("aria-label")
    page.get_by_role("button", name="Combinations of dimensions").click()
    page.locator("[role=img][aria-label*='all at once: genre']").wait_for()
    figure = page.locator(".wb-figure", has=chart)
    for name, beginning in (("CSV", "\ufeffwhat,name,dimension"), ("SVG", "<svg")):
        with page.expect_download() as waiting:
            figure.get_by_role("button", name=f"as {name}").click()
        saved = waiting.value
        assert saved.suggested_filename == f"kiviat-v0001.{name.lower()}"
        assert Path(saved.path()).read_text(encoding="utf-8").startswith(beginning)


def test_a_triplet_of_real_music_is_heard_and_judged(open_page, judged_ws: Workspace):
    rater = "document.querySelector('.wb-rater').__rater"
    state = "document.querySelector('.wb-rater').dataset.state"
    page = open_page("rate")
    page.locator(".wb-rater input").first.fill("Clara")
    page.get_by_role("button", name="Start listening").click()
    page.wait_for_function(f"{state} === 'ready'")
    before = judged_ws.judgements.count()
    for place, key in enumerate("xab"):
        page.keyboard.press(key)
        page.wait_for_function(f"{rater}.player.place === {place} && {rater}.rms() > 0.005")
        page.wait_for_function(f"{rater}.listening.shareHeard({place}) >= 1")
    picture(page, "rate")
    trial = page.locator(".wb-rater").get_attribute("data-trial")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "trial => document.querySelector('.wb-rater').dataset.trial !== trial", arg=trial
    )
    assert judged_ws.judgements.count() == before + 1
    page.keyboard.press("z")
    page.wait_for_function(
        "trial => document.querySelector('.wb-rater').dataset.trial === trial", arg=trial
    )
    assert judged_ws.judgements.count() == before


def test_explorer_finds_plays_and_weighs(open_page, judged_ws: Workspace):
    page = open_page("explore")
    page.wait_for_selector(".wb-similar tbody tr")
    rows = page.locator(".wb-similar tbody tr")
    assert rows.count() == 10
    picture(page, "explore")

    rows.nth(0).locator(".wb-item-play").click()
    page.wait_for_function(f"{PLAYER}.audio.currentTime > 0.2 && !{PLAYER}.audio.paused")
    first = page.evaluate(f"{PLAYER}.id")
    rows.nth(1).locator(".wb-item-play").click()
    page.wait_for_function(f"{PLAYER}.audio.currentTime > 0.1 && {PLAYER}.id !== {first}")
    assert page.locator(".wb-similar tbody .wb-playing").count() == 1
    rows.nth(1).locator(".wb-item-play").click()
    page.wait_for_function(f"{PLAYER}.audio.paused")

    wanted = judged_ws.catalogue.items(kind="song", domain="audio").iloc[5]
    box = page.get_by_role("combobox", name="Find a piece")
    box.fill(wanted["title"][:12])
    page.locator(".wb-item-option", has_text=wanted["title"]).first.click()
    page.locator(".wb-similar-query", has_text=wanted["title"]).wait_for()

    before = page.locator(".wb-similar tbody").inner_text()
    for name in ("genre", "mood", "instrument", "era", "key"):
        page.get_by_label(f"How much {name} counts").fill("0")
    page.wait_for_function(
        "before => document.querySelector('.wb-similar tbody').innerText !== before", arg=before
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll('.wb-similar tbody tr')].every(row =>
            row.children.length === 4 &&
            row.children[2].innerText.trim() === row.children[3].innerText.trim())"""
    )  # only tempo is shown, and all is as near as its tempo is
    picture(page, "page_explore")


def test_titles_on_the_explorer_are_never_markup(page, open_voila):
    page = open_voila("explore.ipynb")  # its first song's title tries to be an image
    page.wait_for_selector(".wb-similar tbody tr")
    assert "<img src=x" in page.locator(".wb-similar-query").inner_text()
    assert page.locator(".wb-similar img").count() == 0


def test_judgements_become_a_new_version_on_the_overview(open_page, judged_ws: Workspace):
    """The story: judged, fine-tuned from the page, decided, and seen by everybody."""
    page = open_page("finetune")
    button = ready_to_tune(page)
    assert "240 new judgements since v0001" in page.locator("#rendered_cells").inner_text()
    button.click()
    verdict = page.locator("[role=status]", has_text="v0002")
    verdict.wait_for(timeout=240_000)
    wait_for_charts(page, 2)
    assert page.locator(".wb-table", has_text="Not seen: after").count() == 1
    card = judged_ws.models.card("v0002")
    assert card.parent == "v0001"
    assert card.judgements == 240 - _unsure(judged_ws)
    promoted = judged_ws.models.current() == "v0002"
    assert ("is now in use" in verdict.inner_text()) == promoted
    ready_to_tune(page)  # the maps are drawn too
    assert judged_ws.maps.exists("v0002")
    picture(page, "page_finetune")

    if not promoted:
        page.get_by_role("button", name="Use this version anyway").click()
        page.locator("[role=status]", has_text="v0002 is now in use at your word").wait_for()
    assert judged_ws.models.current() == "v0002"

    open_page("overview")
    wait_for_charts(page, 3)
    assert "In use: model v0002" in page.locator("#rendered_cells").inner_text()
    labels = page.locator(".xtick").all_text_contents()
    assert "v0002" in labels
    picture(page, "page_overview")

    open_page("finetune")
    ready_to_tune(page)
    page.get_by_role("button", name="Roll back").click()
    page.locator("[role=status]", has_text="Rolled back: v0001 is in use again").wait_for()
    assert judged_ws.models.current() == "v0001"


def test_page_closed_during_a_run_finds_it_again(open_page, judged_ws: Workspace, long_run: Path):
    for _ in range(2):
        page = open_page("finetune")
        page.get_by_text("Fine-tuning (20 of 720)").wait_for()
        wait_for_charts(page, 1)
        page.goto("about:blank")
    page = open_page("finetune")
    page.get_by_text("Fine-tuning (20 of 720)").wait_for()
    assert page.get_by_role("button", name="Fine-tune", exact=True).is_disabled()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Stopping").wait_for()
    assert (long_run / "cancel").exists()
    _tell(long_run, {"event": "cancelled"})
    page.locator("[role=status]", has_text="Cancelled").wait_for()
    ready_to_tune(page)


@pytest.fixture
def long_run(judged_ws: Workspace) -> Iterator[Path]:
    """A fine-tuning job that goes on until it is told to stop."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    folder = judged_ws.jobs_folder / "99991231-000000-ffffff"  # newer than any other
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({"arguments": ["finetune"]}))
    (folder / "pid").write_text(str(process.pid))
    _tell(folder, {"event": "stage", "name": "Fine-tuning", "total": 720})
    for step in (5, 10, 15, 20):
        told = {"step": step, "of": 720, "loss": 1 / step, "seen": 0.7, "unseen": 0.6}
        _tell(folder, {"event": "step", "dimension": "genre", **told})
    yield folder
    process.kill()
    process.wait()
    shutil.rmtree(folder)


def _tell(folder: Path, event: dict) -> None:
    with (folder / "events.jsonl").open("a") as stream:
        stream.write(json.dumps(event) + "\n")


def _unsure(ws: Workspace) -> int:
    return int((ws.judgements.table()["choice"] == "cannot_tell").sum())
