"""Similar items in a real browser: sound, weights below zero, filters, files, keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import OUTPUT
from heard import store_heard

from workbench import Workspace

pytestmark = pytest.mark.browser

_PAGE = """
from workbench import Workspace
from workbench.widgets import SimilarItems
SimilarItems(Workspace())"""
# In place of a model that hears: whatever file comes is taken for the first item.
_TAKES_FILES = """
import workbench.search.find as finding
from workbench.search.query import Query
real = finding.find
import workbench.widgets.similar as widget
widget.find = lambda ws, query, **options: real(ws, 3 if query.file else query, **options)"""
_LEVEL = """() => {
    const { audio } = document.querySelector(".wb-similar").workbenchPlayer;
    if (!window.testLevel) {
        const context = new AudioContext();
        const analyser = context.createAnalyser();
        context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
        window.testLevel = () => {
            const samples = new Float32Array(analyser.fftSize);
            analyser.getFloatTimeDomainData(samples);
            return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
        };
    }
    return testLevel() > 0.01;
}"""


def titles(page) -> list[str]:
    return page.locator(".wb-similar tbody .wb-item-title").all_inner_texts()


def changed(page, before: list[str]) -> list[str]:
    page.wait_for_function(
        """before => {
            const now = [...document.querySelectorAll(".wb-similar tbody .wb-item-title")]
                .map((title) => title.innerText);
            return now.length && JSON.stringify(now) !== JSON.stringify(before);
        }""",
        arg=before,
    )
    return titles(page)


def test_a_piece_is_found_heard_filtered_and_explained(
    write_page, open_voila, tmp_path: Path
) -> None:
    page = open_voila(write_page("similar", _TAKES_FILES, _PAGE))
    page.wait_for_selector(".wb-similar tbody tr")
    rows = page.locator(".wb-similar tbody tr")
    first = titles(page)

    page.locator(".wb-similar-query .wb-item-play").focus()  # by keys alone
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".wb-similar-pair-title").inner_text() == first[1]
    assert page.locator(".wb-pair-name").all_text_contents() == [
        *("genre", "mood", "instrument", "era", "tempo", "key")
    ]
    page.keyboard.press("Space")
    page.wait_for_function(_LEVEL)
    page.screenshot(path=OUTPUT / "similar.png", full_page=True)

    slider = page.get_by_label("How much genre counts")
    for name in ("mood", "instrument", "era", "tempo", "key"):
        page.get_by_label(f"How much {name} counts").fill("0")
    alike = changed(page, first)
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext").startswith("unlike")
    assert changed(page, alike)[0] != alike[0]

    page.locator(".wb-filters summary").click()
    page.get_by_label("Key", exact=True).select_option("A minor")
    page.wait_for_function("document.querySelectorAll('.wb-similar tbody tr').length === 3")
    page.get_by_label("Tempo from").fill("999")
    page.keyboard.press("Tab")
    page.get_by_text("Nothing else passes these filters").wait_for()
    page.screenshot(path=OUTPUT / "similar_empty.png", full_page=True)
    page.get_by_role("button", name="Clear filters").click()
    page.wait_for_selector(".wb-similar tbody tr")
    assert page.get_by_title("Save this list as CSV").is_visible()

    file = tmp_path / "<i>mine.wav"
    file.write_bytes(bytes(3_000_000))  # three pieces
    page.locator(".wb-similar input[type=file]").set_input_files(file)
    page.locator(".wb-similar-query", has_text="<i>mine.wav").wait_for()
    assert page.locator(".wb-similar i", has_text="mine").count() == 0


@pytest.fixture
def heard(demo_ws: Workspace) -> Iterator[Workspace]:
    """The tones, of which a machine heard the higher ones to be more and more <b>loud</b>."""
    store_heard(
        demo_ws,
        {
            ("mood", "<b>loud</b>"): [number / 12 for number in range(12)],
            ("mood", "calm"): [0.9] * 12,
            ("instrument", "gong"): [0.9, 0.7] * 6,
        },
    )
    yield demo_ws
    shutil.rmtree(demo_ws.root / "tags")


def test_more_with_the_same_tags_by_people_and_by_a_machine(
    heard: Workspace, write_page, open_voila
) -> None:
    page = open_voila(write_page("tagged", _PAGE))
    section = page.locator(".wb-tagged")
    section.locator(".wb-tagged-row").first.wait_for()
    chips = section.locator(".wb-tagged-chips .wb-tag")
    assert chips.locator("span").all_inner_texts() == ["baroque", "folk", "flute", "calm"]
    everyone = section.locator(".wb-tagged-row").count()
    assert everyone > 3

    chips.nth(0).focus()
    page.keyboard.press("Space")  # by keys alone
    section.locator(".wb-tag[aria-pressed=false]", has_text="baroque").wait_for()
    chips.nth(1).click()
    chips.nth(3).click()
    page.wait_for_function(
        """() => {
            const said = [...document.querySelectorAll(".wb-tagged-said")];
            return said.length === 5 && said.every((words) => words.innerText === "flute");
        }"""
    )
    chips.nth(2).click()
    section.get_by_text("switch on at least one").wait_for()
    chips.nth(0).click()
    chips.nth(1).click()

    section.get_by_label("also tags that a machine heard").check()
    section.locator(".wb-tag-machine", has_text="gong").first.wait_for()
    assert "instrument, heard 0.90" in chips.last.inner_text()
    page.locator(".wb-filters summary").click()
    page.get_by_label("Mood", exact=True).select_option("<b>loud</b>")
    page.locator(".wb-similar tbody", has_text="heard: mood <b>loud</b> 0.92 (ears-1)").wait_for()
    assert page.locator(".wb-similar b", has_text="loud").count() == 0
    page.screenshot(path=OUTPUT / "tagged.png", full_page=True)

    page.locator(".wb-filters").get_by_label("also tags that a machine heard").uncheck()
    page.wait_for_function("!document.querySelector('.wb-tag-machine')")
    assert page.locator(".wb-chip").count() == 0
    found = section.locator(".wb-tagged-row").first
    title = found.locator(".wb-item-title").inner_text()
    found.get_by_role("button", name="Use as query").click()
    page.locator(".wb-similar-query", has_text=title).wait_for()
