"""Judging by ear in JupyterLab and in Voila: sound, keys, undo, and nothing lost."""

from __future__ import annotations

import uuid

import pytest

pytestmark = pytest.mark.browser

RATER = "document.querySelector('.wb-rater').__rater"
STATE = "document.querySelector('.wb-rater').dataset.state"


def rater_page(write_page, name: str, rater: str) -> str:
    return write_page(
        name,
        "from workbench import Workspace\n"
        "from workbench.widgets import TripletRater\n"
        f"TripletRater(Workspace(), rater={rater!r}, clip_s=4)",
    )


def wait_for_state(page, state: str) -> None:
    page.wait_for_function(f"{STATE} === {state!r}")


def start(page) -> None:
    page.wait_for_selector(".wb-rater")
    page.get_by_role("button", name="Start listening").click()
    wait_for_state(page, "ready")


def shown(page) -> str:
    return page.locator(".wb-rater").get_attribute("data-trial")


def answer(page, key: str) -> None:
    """Answer by key and wait for the next triplet."""
    before = shown(page)
    page.wait_for_timeout(250)  # answers are locked for a moment after a triplet appears
    page.keyboard.press(key)
    page.wait_for_function(
        "before => document.querySelector('.wb-rater').dataset.trial !== before", arg=before
    )
    wait_for_state(page, "ready")


def stored(ws, rater: str) -> list[str]:
    table = ws.judgements.table()
    return table[table["rater"] == rater]["choice"].tolist()


def check_a_sitting(page, ws, rater: str) -> None:
    start(page)
    for key, side in (("x", "anchor"), ("a", "left"), ("3", "right")):
        page.keyboard.press(key)
        page.wait_for_function(f"{RATER}.playing && {RATER}.player.side === {side!r}")
        page.wait_for_function(f"{RATER}.rms() > 0.02")  # sound really flows
        before = page.evaluate(f"{RATER}.position")
        page.wait_for_timeout(300)
        assert 0.1 < page.evaluate(f"{RATER}.position") - before < 1.0
    page.keyboard.press(" ")
    page.wait_for_function(f"!{RATER}.playing && {RATER}.rms() < 0.001")
    stopped = page.evaluate(f"{RATER}.position")
    page.keyboard.press(" ")
    page.wait_for_function(f"{RATER}.playing && {RATER}.position > {stopped}")

    first = shown(page)
    answer(page, "ArrowLeft")
    [row] = ws.judgements.table().query("rater == @rater").to_dict("records")
    assert row["choice"] == ("a" if row["a_is_left"] else "b")
    assert all(ms > 200 for ms in row["heard_ms"].values())
    assert row["response_ms"] > 900
    answer(page, "ArrowDown")
    answer(page, "s")
    assert stored(ws, rater)[1:] == ["cannot_tell", "skip"]
    page.get_by_text("2 judged this session").wait_for()
    for key in ("z", "Backspace", "z"):
        answer(page, key)
    assert shown(page) == first
    assert stored(ws, rater) == []


def test_a_sitting_in_voila(write_page, open_voila, demo_ws) -> None:
    name = f"Vera {uuid.uuid4().hex[:6]}"
    check_a_sitting(open_voila(rater_page(write_page, "rater", name)), demo_ws, name)


def test_a_sitting_in_lab_leaves_the_notebook_alone(write_page, open_lab, demo_ws) -> None:
    name = f"Leo {uuid.uuid4().hex[:6]}"
    page = open_lab(rater_page(write_page, "rater", name))
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    before = page.evaluate(cells)
    check_a_sitting(page, demo_ws, name)
    assert page.evaluate(cells) == before
