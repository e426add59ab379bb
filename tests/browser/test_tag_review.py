"""Reviewing tags in a real browser: by key alone, with sound, and all of it in the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import pytest
from chromium import OUTPUT
from tone_tagger import store_scores

from workbench import Workspace
from workbench.tagging.reviews import ReviewLog

pytestmark = pytest.mark.browser

_CELL = """
from workbench import Workspace
from workbench.widgets import TagReview
TagReview(Workspace())"""

_AUDIO = "document.querySelector('.wb-tags').workbenchTags.page.bar.audio"
# The loudness of what the page plays, measured between the element and the speakers.
_RMS = f"""(() => {{
    if (!window.heard) {{
        const ctx = new AudioContext();
        window.heard = ctx.createAnalyser();
        ctx.createMediaElementSource({_AUDIO}).connect(window.heard).connect(ctx.destination);
    }}
    const wave = new Float32Array(window.heard.fftSize);
    window.heard.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
}})()"""


@pytest.fixture
def reviewer(demo_ws: Workspace) -> Iterator[str]:
    """A reviewer of a workspace that was tagged, whose verdicts are taken back afterwards."""
    decided = np.tile([0.95, 0.0, 0.0, 0.9, 0.0], (12, 1))
    decided[0] = [0.7, 0.4, 0.0, 0.5, 0.0]  # the first one is the least decided
    store_scores(demo_ws, decided)
    name = f"Ada {uuid.uuid4().hex[:6]}"
    yield name
    while ReviewLog(demo_ws.database).undo(name):
        pass


def said(page, words: str) -> None:
    page.locator(".wb-keyed-status", has_text=words).wait_for()


def test_tags_are_heard_accepted_rejected_and_added_by_key_alone(
    open_voila, demo_ws: Workspace, reviewer: str
) -> None:
    page = open_voila("tags.ipynb")
    page.get_by_label("Your name").fill(reviewer)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="<b>Tone</b> & $one$ <img").wait_for()  # as text
    said(page, "Press Space")

    page.keyboard.press(" ")
    page.wait_for_function(f"{_RMS} > 0.02")
    before = page.evaluate(f"{_AUDIO}.currentTime")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{_AUDIO}.currentTime > {before} + 4")

    page.keyboard.press("j")  # folk is known from before: jazz is the first open one, then calm
    page.keyboard.press("a")
    said(page, "Accepted: calm.")
    page.keyboard.press("ArrowUp")  # to folk, and back to jazz, which was marked next
    page.keyboard.press("ArrowDown")
    page.keyboard.press("r")
    said(page, "Rejected: jazz.")
    page.keyboard.press("t")
    page.get_by_label("Dimension of the new tag").select_option("instrument")
    page.keyboard.type("whis")
    page.get_by_role("option", name="whistle").wait_for()
    page.keyboard.press("Enter")
    said(page, "Accepted: whistle.")
    page.keyboard.press("+")
    page.keyboard.type("Polka")
    page.keyboard.press("Enter")
    said(page, "Accepted: Polka.")
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "tag_review.png", full_page=True)

    log = ReviewLog(demo_ws.database)
    rows = log.table().query("reviewer == @reviewer")
    assert set(zip(rows["value"], rows["verdict"], strict=True)) == {
        ("calm", "accepted"),
        ("jazz", "rejected"),
        ("whistle", "accepted"),
        ("Polka", "accepted"),
    }
    tags = demo_ws.catalogue.tags()
    assert set(tags[tags["source"] == "review"]["value"]) == {"calm", "whistle", "Polka"}

    page.keyboard.press("u")
    said(page, "Undone: Polka was accepted.")
    assert "Polka" not in set(demo_ws.catalogue.tags()["value"])
    page.keyboard.press("n")
    page.get_by_role("heading", name="Tone 3").wait_for()  # whose folk is known, too
    assert page.evaluate(f"!{_AUDIO}.paused")  # who listens goes on listening
    page.keyboard.press(" ")
    page.wait_for_function(f"{_AUDIO}.paused")

    before_quick = len(log.table().query("reviewer == @reviewer"))
    for _ in range(2):
        page.keyboard.press("r")  # the second while the first is being saved
    page.keyboard.press("u")
    said(page, "Undone:")
    assert len(log.table().query("reviewer == @reviewer")) == before_quick + 1


def test_on_a_narrow_page_every_tag_can_be_read_to_its_end(
    open_voila, demo_ws: Workspace, reviewer: str
) -> None:
    page = open_voila("tags.ipynb")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_label("Your name").fill(reviewer)
    page.keyboard.press("Enter")
    said(page, "Press Space")
    first = page.locator(".wb-tags-value").first
    first.evaluate("tag => (tag.textContent = 'energetic-dark '.repeat(4))")
    cut = "tags => tags.filter((tag) => tag.scrollWidth > tag.clientWidth).length"
    assert page.locator(".wb-tags-value").evaluate_all(cut) == 0
    wave = page.locator(".wb-tags-wave").bounding_box()
    assert wave
    assert wave["width"] > 80
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_page_in_lab_keeps_its_keys_and_remembers_the_name(
    write_page, open_lab, demo_ws: Workspace, reviewer: str
) -> None:
    page = open_lab(write_page("tags_in_lab", _CELL))
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    before = page.evaluate(cells)
    page.get_by_label("Your name").fill(reviewer)
    page.get_by_role("button", name="Start reviewing").click()
    said(page, "Press Space")
    for key in "jxddmb":
        page.keyboard.press(key)
    said(page, "Rejected: calm.")
    assert page.evaluate(cells) == before
    page.get_by_role("button", name="Change").click()
    assert page.get_by_label("Your name").input_value() == reviewer
