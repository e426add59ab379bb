"""Exported dashboards opened from the disk: they are drawn, linked and heard, and nothing runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import OUTPUT
from example_workspace import judge, score
from points import FIND

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.publishing.export import ExportOptions, export_dashboard
from workbench.subspaces.dimensions import DIMENSIONS

pytestmark = pytest.mark.browser

_SOUND = """() => {
    const audio = document.querySelector(".wb-playbar audio");
    return { at: audio.currentTime, paused: audio.paused, volume: audio.muted ? 0 : audio.volume,
             decoded: audio.webkitAudioDecodedByteCount };
}"""
_EVIL = [
    "<img src=x onerror=window.__pwned=1>",
    "</script><script>window.__pwned=2</script>",
    "<svg onload=window.__pwned=3><style>*{display:none}",
    "javascript:window.__pwned=4",
    "\"' onmouseover='window.__pwned=5' autofocus onfocus='window.__pwned=6",
    "=cmd|' /C calc'!A0",
    "</style></title></textarea><iframe srcdoc='<script>parent.__pwned=7</script>'>",
    "{{ 7 * 7 }}${window.__pwned=8}\u2028window.__pwned=9",
]


def _measure_and_judge(ws: Workspace, rater: str) -> None:
    """Give the model scores, as `workbench evaluate` does, and let somebody judge."""
    card = ws.models.folder / "v0001" / "card.json"
    scores = {name: score(40 + place) for place, name in enumerate(DIMENSIONS)}
    held = json.loads(card.read_text())
    card.write_text(json.dumps(held | {"metrics": {"scores": scores | {"overall": score(50)}}}))
    judge(ws, ws.catalogue.items().index.tolist(), {(rater, "genre", "a"): 3})


@pytest.fixture(scope="module")
def exported(build_workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dashboards of a small workspace with excerpts of ten seconds."""
    folder = tmp_path_factory.mktemp("exported")
    ws = build_workspace(folder / "tones")
    _measure_and_judge(ws, "Wilhelmina")
    export_dashboard(ws, folder / "out", ExportOptions(seconds=10.0), processes=1)
    return folder / "out"


@pytest.fixture
def open_file(browser) -> Iterator[Callable[..., object]]:
    """Return a function that opens a file in a browser without a network.

    The test fails on any request beyond the disk, any error of the page and any dialog.
    """
    problems: list[str] = []
    contexts = []

    def go(file: Path, *, scheme: str = "light", quiet: bool = True):
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)

        def check_request(sent) -> None:
            if not sent.url.startswith(("file:", "data:", "blob:")):
                problems.append(f"request: {sent.url}")

        page.on("request", check_request)
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        if quiet:
            page.on("console", lambda said: problems.append(f"{said.type}: {said.text}"))
        page.goto(file.as_uri())
        return page

    yield go
    for context in contexts:
        context.close()
    assert not problems


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_drawn(exported: Path, open_file, scheme: str):
    OUTPUT.mkdir(exist_ok=True)
    for file in sorted(exported.glob("*.html")):
        page = open_file(file, scheme=scheme)
        assert "This is a snapshot" in page.inner_text(".wb-snapshot")
        for place in page.query_selector_all("[data-model]"):
            page.wait_for_function("(place) => place.firstElementChild !== null", arg=place)
        page.screenshot(path=OUTPUT / f"exported_{file.stem}_{scheme}.png", full_page=True)
    page = open_file(exported / "overview.html", scheme=scheme)
    page.wait_for_selector(".wb-chart-plot .main-svg", state="attached")


def test_a_click_on_a_map_is_heard_and_lists_its_neighbours(exported: Path, open_file):
    page = open_file(exported / "index.html")
    page.click(".wb-cards >> text=Explore")
    page.wait_for_selector(".wb-map-plot canvas")
    page.click(".wb-map-plot >> nth=0", position=page.evaluate(FIND, "Tone 7"))
    page.wait_for_function("() => document.querySelector('.wb-playbar audio').currentTime > 0.3")
    sound = page.evaluate(_SOUND)
    assert sound["paused"] is False
    assert sound["volume"] == 1
    assert sound["decoded"] > 0
    assert page.inner_text(".wb-similar-query .wb-item-title") == "Tone 7"
    assert "Tone 7" not in page.inner_text(".wb-similar-scroll tbody")
    page.click(".wb-similar-scroll tbody .wb-item-play >> nth=0")
    assert page.evaluate(_SOUND)["paused"] is True  # one sound at a time


def test_pieces_are_found_and_colours_changed_without_python(exported: Path, open_file):
    page = open_file(exported / "explore.html")
    page.fill(".wb-item-picker input", "oscill tone 11")
    page.wait_for_function("() => document.querySelectorAll('.wb-item-option').length === 1")
    page.press(".wb-item-picker input", "Enter")
    page.wait_for_function(
        "() => document.querySelector('.wb-similar-query .wb-item-title').textContent === 'Tone 11'"
    )
    before = page.inner_text(".wb-legend >> nth=1")
    page.select_option(".wb-maps-menu:has-text('Colour') select", label="genre")
    page.wait_for_function(
        "(before) => document.querySelectorAll('.wb-legend')[1].innerText !== before", arg=before
    )
    legends = page.eval_on_selector_all(".wb-legend", "all => all.map((one) => one.innerText)")
    assert len(legends) == 6
    assert len(set(legends)) == 1


def test_controls_that_need_python_are_not_there(exported: Path, open_file):
    page = open_file(exported / "explore.html")
    page.wait_for_selector(".wb-similar-query")
    for words in ("Make a rating task", "Start from a file", "only from", "alike", "Refresh"):
        assert not page.is_visible(f"text={words}")


def test_a_sound_that_is_not_there_is_explained(demo_ws: Workspace, open_file, tmp_path: Path):
    options = ExportOptions(["explore"], kinds=())
    export_dashboard(demo_ws, tmp_path / "out", options)
    page = open_file(tmp_path / "out" / "explore.html")
    page.wait_for_selector(".wb-map-plot canvas")
    page.click(".wb-map-plot >> nth=0", position=page.evaluate(FIND, "Tone 7"))
    page.wait_for_selector("text=not part of this export")


def test_nothing_of_hostile_files_runs_on_any_page(build_workspace, open_file, tmp_path: Path):
    ws = build_workspace(tmp_path / "</script><script>window.__pwned=0<!--")
    for item, words in zip(ws.catalogue.items().index, _EVIL * 2, strict=False):
        tags = [TagValue("genre", words, "test"), TagValue("mood", words, "test")]
        ws.catalogue.annotate(int(item), title=words, artist=words, tags=tags)
    _measure_and_judge(ws, _EVIL[0])
    ws.catalogue.record_failure(Path(_EVIL[1]), _EVIL[0])
    options = ExportOptions(kinds=(), names=True)
    export_dashboard(ws, tmp_path / "out", options)
    for file in sorted((tmp_path / "out").glob("*.html")):
        page = open_file(file)
        for place in page.query_selector_all("[data-model]"):
            page.wait_for_function("(place) => place.firstElementChild !== null", arg=place)
        if page.query_selector(".wb-map-plot"):
            page.wait_for_selector(".wb-map-plot canvas")
            box = page.locator(".wb-map-plot").first.bounding_box()
            for step in range(0, 100, 4):
                page.mouse.move(box["x"] + box["width"] * step / 100, box["y"] + box["height"] / 2)
            page.focus(".wb-item-picker input")
            page.wait_for_selector(".wb-item-option")
        assert page.evaluate("() => window.__pwned") is None
        assert page.evaluate("() => document.querySelectorAll('iframe').length") == 0
