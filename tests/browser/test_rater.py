"""Judging by ear in JupyterLab and in Voila: sound, keys, undo, and nothing lost."""

from __future__ import annotations

import os
import signal
import uuid

import numpy as np
import pytest

pytestmark = pytest.mark.browser

RATER = "document.querySelector('.wb-rater').__rater"
STATE = "document.querySelector('.wb-rater').dataset.state"


def rater_page(write_page, name: str, rater: str, *cells: str) -> str:
    return write_page(
        name,
        *cells,
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


_RECORD = """async () => {
    const rater = document.querySelector(".wb-rater").__rater;
    const context = rater.player.context;
    const code = `registerProcessor("recorder", class extends AudioWorkletProcessor {
        process([[channel]]) { if (channel) this.port.postMessage(channel.slice()); return true; }
    })`;
    const type = "text/javascript";
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type })));
    const recorder = new AudioWorkletNode(context, "recorder");
    window.recorded = [];
    recorder.port.onmessage = ({ data }) => window.recorded.push(...data);
    rater.player.analyser.connect(recorder);
    return context.sampleRate;
}"""


def test_switching_and_stopping_make_no_click(write_page, open_voila) -> None:
    """A steady tone of 0.1 RMS cannot step further than its steepest slope; a click does."""
    page = open_voila(rater_page(write_page, "clicks", f"Cleo {uuid.uuid4().hex[:6]}"))
    start(page)
    rate = page.evaluate(_RECORD)
    for key in "xabbax  x ":
        page.keyboard.press(key)
        page.wait_for_timeout(120)
    wave = np.array(page.evaluate("window.recorded"))
    highest = 220 * 2 ** (11 / 12)  # Hz
    steepest = 2 * np.pi * highest / rate * 0.1 * np.sqrt(2)
    assert len(wave) > rate / 2
    assert np.abs(wave).max() == pytest.approx(0.1 * np.sqrt(2), rel=0.1)  # level-matched
    assert np.abs(np.diff(wave)).max() < 1.1 * steepest


def test_an_answer_outlives_its_kernel_and_the_sitting_goes_on(
    write_page, open_voila, demo_ws
) -> None:
    name = f"Kim {uuid.uuid4().hex[:6]}"
    label = "import os, ipywidgets\nipywidgets.Label(f'kernel {os.getpid()}')"
    page = open_voila(rater_page(write_page, "killed", name, label))
    start(page)
    answer(page, "ArrowLeft")
    kernel = int(page.get_by_text("kernel ").inner_text().split()[1])
    os.kill(kernel, signal.SIGKILL)
    page.wait_for_timeout(250)
    page.keyboard.press("ArrowRight")
    page.get_by_text("NOT SAVED").wait_for()
    assert len(stored(demo_ws, name)) == 1

    page.reload()
    start(page)
    page.get_by_text("2 judged this session").wait_for()
    table = demo_ws.judgements.table().query("rater == @name")
    sides = [
        "left" if (row.choice == "a") == row.a_is_left else "right" for row in table.itertuples()
    ]
    assert sides == ["left", "right"]
    assert table["session_id"].nunique() == 1


def test_missing_sound_is_explained_and_broken_sound_passed_over(
    write_page, page, voila, demo_ws
) -> None:
    name = f"Sam {uuid.uuid4().hex[:6]}"
    page.route("**/workbench/audio/**", lambda route: route.fulfill(status=404))
    page.goto(f"{voila.url}voila/render/{rater_page(write_page, 'silent', name)}")
    page.get_by_role("button", name="Start listening").click()
    wait_for_state(page, "silent")
    page.get_by_text("workbench serve").wait_for()
    broken = shown(page)
    page.unroute("**/workbench/audio/**")
    item = broken.split(":")[1]
    page.route(f"**/workbench/audio/*/{item}", lambda route: route.fulfill(body="no sound"))
    page.get_by_role("button", name="Try again").click()
    page.get_by_text(f"item {item} cannot be played").wait_for()
    wait_for_state(page, "ready")
    assert item not in shown(page).split(":")[1:]
    assert stored(demo_ws, name) == []
