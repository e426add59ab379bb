"""The maps in a real browser: linked hovering, and sound at a click."""

from __future__ import annotations

import shutil
import uuid

import pandas as pd
import pytest
from chromium import FLAGS, OUTPUT, find_chromium
from heard import store_heard
from points import FIND

from workbench.listening.task_store import RatingTasks
from workbench.search.neighbours import neighbours_of

pytestmark = pytest.mark.browser

_MAPS = """
from workbench import Workspace
from workbench.widgets import SubspaceMaps
maps = SubspaceMaps(Workspace())
maps"""
_SELECTED = """
import ipywidgets
said = ipywidgets.Label("nothing selected")
maps.observe(lambda change: setattr(said, "value", f"selected {change.new}"), "selected")
said"""
# How many maps have something drawn on the canvas of rings.
_RINGED = """() => [...document.querySelectorAll(".wb-map-plot canvas:nth-child(2)")].filter(
    (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data.some((value) => value > 0)).length"""
_LISTEN = """() => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    const audio = document.querySelector(".wb-maps audio");
    context.createMediaElementSource(audio).connect(analyser);
    analyser.connect(context.destination);
    window.testAudio = audio;
    window.testLevel = () => {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
    };
}"""


@pytest.fixture
def open_maps(write_page, open_voila):
    """Open the page of maps and return it when they are drawn."""

    def go():
        page = open_voila(write_page("maps", _MAPS, _SELECTED))
        page.wait_for_selector(".wb-map-plot canvas")
        return page

    return go


def _point(page, title: str):
    position = page.evaluate(FIND, title)
    assert position, f"no point says {title}"
    page.locator(".wb-map-plot").first.hover(position=position)
    return position


def _check_sound(page, title: str) -> None:
    page.evaluate(_LISTEN)
    page.locator(".wb-map-plot").first.click(position=_point(page, title))
    page.wait_for_function("testLevel() > 0.02")
    before = page.evaluate("testAudio.currentTime")
    page.wait_for_function(f"testAudio.currentTime > {before} + 0.2")
    assert page.locator(".wb-playbar-title strong").inner_text() == title


def test_there_is_one_map_per_dimension(open_maps) -> None:
    page = open_maps()
    assert page.locator(".wb-map h3").all_inner_texts() == [
        "Genre",
        "Mood",
        "Instrument",
        "Era",
        "Tempo",
        "Key",
    ]


def test_hovering_marks_the_item_on_all_maps_and_says_what_it_is(open_maps) -> None:
    page = open_maps()
    assert page.evaluate(_RINGED) == 0
    _point(page, "Tone 5")
    assert page.evaluate(_RINGED) == 6
    tip = page.locator(".wb-maps-tip").inner_text()
    assert tip.split("\n") == ["Tone 5", "The Oscillators", "Genre: rock"]
    page.mouse.move(2, 2)
    assert page.evaluate(_RINGED) == 0
    assert page.locator(".wb-maps-tip").is_hidden()


def test_a_click_plays_the_item_and_tells_python(open_maps, demo_ws) -> None:
    page = open_maps()
    _check_sound(page, "Tone 3")
    items = demo_ws.catalogue.items()
    page.get_by_text(f"selected {items.index[items['title'] == 'Tone 3'][0]}").wait_for()
    page.locator(".wb-playbar-button").click()
    page.wait_for_function("testAudio.paused && testLevel() < 0.001")


def test_a_click_plays_in_a_notebook_behind_a_login(write_page, open_lab) -> None:
    page = open_lab(write_page("maps", _MAPS, _SELECTED))
    page.wait_for_selector(".wb-map-plot canvas")
    _check_sound(page, "Tone 3")


def test_titles_are_shown_letter_by_letter(open_maps, demo_ws) -> None:
    page = open_maps()
    title = demo_ws.catalogue.items()["title"].iloc[0]
    assert "<img" in title
    page.locator(".wb-map-plot").first.click(position=_point(page, title))
    assert page.locator(".wb-playbar-title strong").inner_text() == title
    assert page.locator(".wb-maps img").count() == 0


def test_keys_move_between_points_play_and_stop(open_maps) -> None:
    page = open_maps()
    page.evaluate(_LISTEN)
    page.locator(".wb-map-plot").nth(1).focus()
    page.keyboard.press("ArrowRight")
    first = page.locator(".wb-maps-tip strong").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.locator(".wb-maps-tip strong").inner_text() != first
    page.keyboard.press("Enter")
    page.wait_for_function("testLevel() > 0.02")
    page.keyboard.press("Escape")
    page.wait_for_function("testAudio.paused")


def test_another_player_on_the_page_silences_the_maps(open_maps) -> None:
    page = open_maps()
    _check_sound(page, "Tone 3")
    page.evaluate("workbenchSound.stop()")  # what claimSound does for the next player
    page.wait_for_function("testAudio.paused")


def test_a_legend_entry_keeps_its_items_bright_on_all_maps(open_maps) -> None:
    page = open_maps()
    page.get_by_role("button", name="jazz").click()
    assert page.locator(".wb-maps-controls").inner_text().startswith("4 of 12 items")
    assert page.evaluate(FIND, "Tone 4")  # jazz
    assert not page.evaluate(FIND, "Tone 5")  # rock
    page.get_by_role("button", name="Show all").click()
    assert page.evaluate(FIND, "Tone 5")


def test_a_map_can_be_enlarged_and_zoomed(open_maps) -> None:
    page = open_maps()
    plot = page.locator(".wb-map-plot").first
    small = plot.bounding_box()
    page.get_by_role("button", name="Enlarge").first.click()
    large = plot.bounding_box()
    assert large["width"] > 2 * small["width"]
    before = _point(page, "Tone 5")
    page.mouse.wheel(0, -200)  # around the pointer: what is there stays, the rest moves away
    near = page.evaluate(FIND, "Tone 5")
    assert abs(near["x"] - before["x"]) < 20
    assert page.evaluate(FIND, "Tone 4") is None


def test_a_sound_that_is_gone_is_explained(open_maps) -> None:
    page = open_maps()
    page.route("**/workbench/audio/**", lambda route: route.fulfill(status=404))
    page.locator(".wb-map-plot").first.click(position=_point(page, "Tone 3"))
    page.get_by_text("The sound of this item is not on the server.").wait_for()


def test_drawing_around_points_makes_a_rating_task(open_maps, demo_ws) -> None:
    page = open_maps()
    plot = page.locator(".wb-map-plot").first.bounding_box()
    left, top = plot["x"] + 2, plot["y"] + 2
    right, bottom = left + plot["width"] - 4, top + plot["height"] - 4
    page.get_by_role("button", name="Choose by drawing").click()
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(x, y, steps=12)
    page.mouse.up()
    page.get_by_text("12 chosen").wait_for()
    page.locator(".wb-map-plot").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")  # takes one out again
    page.get_by_text("11 chosen").wait_for()
    name = f"from the map {uuid.uuid4().hex[:6]}"
    page.get_by_label("Name of a rating task").fill(name)
    page.get_by_role("button", name="Make a rating task").click()
    page.get_by_text("asks about 11 songs").wait_for()
    task = RatingTasks(demo_ws).load(name)
    assert len(set(task.items)) == 11
    assert set(task.items) < set(demo_ws.catalogue.items().index)
    page.get_by_role("button", name="Make a rating task").click()
    page.get_by_text("already; choose another name").wait_for()
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("11 chosen").wait_for(state="detached")


def test_maps_are_coloured_by_what_a_machine_heard(demo_ws, open_maps) -> None:
    store_heard(demo_ws, {("mood", "<b>loud</b>"): [number / 12 for number in range(12)]})
    page = open_maps()
    choose = page.get_by_label("Colour")
    choose.focus()
    choose.select_option(label="mood: <b>loud</b>")
    legend = page.locator(".wb-legend", has_text="<b>loud</b>, as heard by ears-1")
    legend.first.wait_for()
    assert legend.count() == 6
    assert legend.first.locator("span").first.inner_text() == "0.00"
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.evaluate(FIND, "Tone 3")
    assert "Mood <b>loud</b> as heard: 0.25" in page.locator(".wb-maps-tip").inner_text()
    page.screenshot(path=OUTPUT / "maps_heard.png", full_page=True)
    choose.select_option(label="genre")
    page.locator(".wb-legend-entry", has_text="folk").nth(5).wait_for()
    shutil.rmtree(demo_ws.root / "tags")


def test_neighbours_of_the_played_item_are_listed_by_dimension(open_maps, demo_ws) -> None:
    page = open_maps()
    _check_sound(page, "Tone 3")
    page.get_by_role("heading", name="Nearest to Tone 3").wait_for()
    assert (
        page.locator(".wb-near h4").all_inner_texts()
        == page.locator(".wb-map h3").all_inner_texts()
    )
    items = demo_ws.catalogue.items()
    near = neighbours_of(demo_ws, int(items.index[items["title"] == "Tone 3"][0]), count=5)
    titles = [items.loc[item, "title"] for item in near["genre"].index]
    listed = page.locator(".wb-near-grid > div").first.locator(".wb-near-item span")
    assert listed.all_inner_texts() == titles
    other = page.locator(".wb-near-item", has_text="Tone").first
    other.click()
    title = other.locator("span").inner_text()
    page.wait_for_function("testAudio.currentTime > 0.1 && !testAudio.paused")
    assert page.locator(".wb-playbar-title strong").inner_text() == title


def test_a_box_chooses_and_the_chosen_are_saved(open_maps) -> None:
    page = open_maps()
    page.get_by_role("button", name="Choose by a box").click()
    box = page.locator(".wb-map-plot").first.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=3)
    page.mouse.up()
    page.get_by_text("12 chosen").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    table = pd.read_csv(saved.value.path())
    assert len(table) == 12
    assert {"item_id", "title", "genre x", "key y"} <= set(table.columns)


def test_several_legend_entries_and_bands_of_a_scale_filter(open_maps) -> None:
    page = open_maps()
    page.get_by_role("button", name="jazz").click()
    page.get_by_role("button", name="rock").click()
    page.get_by_text("8 of 12 items").wait_for()
    page.get_by_role("button", name="jazz").click()
    page.get_by_text("4 of 12 items").wait_for()
    bands = page.locator(".wb-legend-band")
    bands.nth(2).click()  # 120 bpm: all of them rock
    bands.nth(0).click()  # 60 bpm: none of them, so that both maps count
    page.get_by_text("2 of 12 items").wait_for()
    assert page.locator('.wb-legend [aria-pressed="true"]').count() == 3
    page.get_by_role("button", name="Show all").click()
    page.get_by_text("12 items", exact=True).wait_for()
    assert page.locator('.wb-legend [aria-pressed="true"]').count() == 0


def test_without_webgl_maps_are_drawn_alike(write_page, voila, browser) -> None:
    name = write_page("maps", _MAPS, _SELECTED)
    path, shots = find_chromium(), []
    for more in ([], ["--disable-3d-apis"]):
        chromium = browser.browser_type.launch(executable_path=path, args=[*FLAGS, *more])
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{voila.url}voila/render/{name}")
        page.wait_for_selector(".wb-map-plot canvas")
        page.wait_for_timeout(500)
        shots.append(page.evaluate("document.querySelector('.wb-map-plot canvas').toDataURL()"))
        page.goto("about:blank")
        chromium.close()
    assert shots[0] == shots[1]
    assert len(shots[0]) > 2000
