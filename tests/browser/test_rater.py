"""Judging by ear in JupyterLab and in Voila: sound, keys, undo, and nothing lost."""

from __future__ import annotations

import os
import signal
import uuid
from contextlib import suppress

import numpy as np
import pytest
from chromium import OUTPUT
from playwright.sync_api import TimeoutError as TookTooLong

from workbench.audio.loudness import integrated_loudness
from workbench.listening.rubrics import Rubrics

pytestmark = pytest.mark.browser

RATER = "document.querySelector('.wb-rater').__rater"
STATE = "document.querySelector('.wb-rater').dataset.state"
SETTINGS = "clip_s=4, min_heard_s=0.2, repeats=0, gold=0"


def rater_page(write_page, name: str, rater: str, *cells: str, settings: str = SETTINGS) -> str:
    return write_page(
        name,
        *cells,
        "from workbench import Workspace\n"
        "from workbench.widgets import TripletRater\n"
        f"TripletRater(Workspace(), rater={rater!r}, {settings})",
    )


def wait_for_state(page, state: str) -> None:
    page.wait_for_function(f"{STATE} === {state!r}")


def start(page) -> None:
    page.wait_for_selector(".wb-rater")
    page.get_by_role("button", name="Start listening").click()
    wait_for_state(page, "ready")


def shown(page) -> str:
    return page.locator(".wb-rater").get_attribute("data-trial")


def hear(page, keys: str = "xab") -> None:
    """Listen to each clip for as long as an answer needs."""
    for place, key in enumerate(keys):
        page.keyboard.press(key)
        page.wait_for_function(f"{RATER}.player.heard({place}) > 250")


def answer(page, key: str, *, listen: bool = True) -> None:
    """Answer by key, having listened, and wait for the next triplet."""
    before = shown(page)
    if listen:
        hear(page)
    page.wait_for_timeout(250)  # answers are locked for a moment after a triplet appears
    page.keyboard.press(key)
    page.wait_for_function(
        "before => document.querySelector('.wb-rater').dataset.trial !== before", arg=before
    )
    wait_for_state(page, "ready")


def rows_of(ws, rater: str) -> list[dict]:
    return ws.judgements.table().query("rater == @rater").to_dict("records")


def stored(ws, rater: str) -> list[str]:
    return [row["choice"] for row in rows_of(ws, rater)]


def check_a_sitting(page, ws, rater: str) -> None:
    start(page)
    page.wait_for_function(f"{RATER}.playing && {RATER}.player.place === 0")  # by itself
    first = shown(page)
    page.wait_for_timeout(250)
    page.keyboard.press("ArrowLeft")
    assert shown(page) == first  # nothing was heard yet
    for place, key in enumerate("xab"):
        page.keyboard.press(key)
        page.wait_for_function(f"{RATER}.playing && {RATER}.player.place === {place}")
        page.wait_for_function(f"{RATER}.rms() > 0.02")  # sound really flows
        before = page.evaluate(f"{RATER}.position")
        page.wait_for_timeout(300)
        assert 0.1 < page.evaluate(f"{RATER}.position") - before < 1.0
    page.keyboard.press("2")  # the other candidate, at the same position
    page.wait_for_function(f"{RATER}.playing && {RATER}.player.place === 1")
    page.keyboard.press(" ")
    page.wait_for_function(f"!{RATER}.playing && {RATER}.rms() < 0.001")
    stopped = page.evaluate(f"{RATER}.position")
    page.keyboard.press(" ")
    page.wait_for_function(f"{RATER}.playing && {RATER}.position > {stopped}")

    answer(page, "ArrowLeft", listen=False)
    [row] = rows_of(ws, rater)
    assert row["choice"] == ("a" if row["a_is_left"] else "b")
    assert all(clip["heard_ms"] > 200 for clip in row["clips"].values())
    assert sorted(clip["place"] for clip in row["clips"].values()) == [0, 1, 2]
    left = row["clips"]["a" if row["a_is_left"] else "b"]
    assert (left["plays"], left["switches"]) == (1, 1)
    assert (row["device"], row["purpose"]) == ("headphones", "new")
    assert row["response_ms"] > 900
    answer(page, "ArrowDown")
    answer(page, "s", listen=False)
    assert stored(ws, rater)[1:] == ["cannot_tell", "skip"]
    page.get_by_text("2 judged this session").wait_for()
    for key in ("z", "Backspace", "z"):
        answer(page, key, listen=False)
    assert shown(page) == first
    assert stored(ws, rater) == []
    for _ in range(3):
        answer(page, "y", listen=False)
    assert stored(ws, rater)[1:] == ["cannot_tell", "skip"]


def check_that_keys_stay(page) -> None:
    """Whatever has the focus inside the widget, the notebook around it hears no key."""
    notebook = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
    before = page.evaluate(f"{notebook}.map((cell) => [cell.cell_type, cell.source])")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Judge by").focus()
    for key in "mxddyr1":
        page.keyboard.press(key)
    page.get_by_role("button", name="Start listening").focus()
    for key in "xddmayb":
        page.keyboard.press(key)
    start(page)
    for name in ("Play A", "A is closer", "Loop"):
        page.get_by_role("button", name=name, exact=name == "Play A").first.focus()
        for key in "xddmv":
            page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.evaluate(f"{notebook}.map((cell) => [cell.cell_type, cell.source])") == before


def test_a_sitting_in_voila(write_page, open_voila, demo_ws) -> None:
    name = f"Vera {uuid.uuid4().hex[:6]}"
    check_a_sitting(open_voila(rater_page(write_page, "rater", name)), demo_ws, name)


def test_a_sitting_in_lab_leaves_the_notebook_alone(write_page, open_lab, demo_ws) -> None:
    name = f"Leo {uuid.uuid4().hex[:6]}"
    page = open_lab(rater_page(write_page, "rater", name))
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    before = page.evaluate(cells)
    check_a_sitting(page, demo_ws, name)
    check_that_keys_stay(page)
    assert page.evaluate(cells) == before


def test_a_sitting_in_notebook_7_leaves_the_notebook_alone(
    write_page, page, page_problems, lab, demo_ws
) -> None:
    name = f"Nat {uuid.uuid4().hex[:6]}"
    file = rater_page(write_page, "rater", name)
    page.goto(f"{lab.url}notebooks/{file}?token={lab.token}")
    widget = "window.jupyterapp?.shell.currentWidget"
    idle = f"{widget}?.sessionContext?.session?.kernel?.status === 'idle'"
    page.wait_for_function(f"{widget}?.context?.isReady && {idle}")
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_selector(".wb-rater")
    cells = f"{widget}.content.widgets.length"
    before = page.evaluate(cells)
    check_a_sitting(page, demo_ws, name)
    check_that_keys_stay(page)
    assert page.evaluate(cells) == before
    page.evaluate(f"() => {{ {widget}.sessionContext.shutdown(); }}")
    page.wait_for_timeout(500)
    own = ("'schema'", "'filebrowser:open-path'")  # Notebook's, with or without a widget
    page_problems[:] = [each for each in page_problems if not any(o in each for o in own)]


_RECORD = """async () => {
    const rater = document.querySelector(".wb-rater").__rater;
    const context = rater.player.context;
    const code = `registerProcessor("recorder", class extends AudioWorkletProcessor {
        process([[channel]]) {
            this.port.postMessage([currentFrame, channel?.slice() ?? new Float32Array(128)]);
            return true;
        }
    })`;
    const type = "text/javascript";
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type })));
    const recorder = new AudioWorkletNode(context, "recorder");
    window.recorded = [];
    recorder.port.onmessage = ({ data: [frame, channel] }) =>
        window.recorded.push([frame, Array.from(channel)]);
    rater.player.analyser.connect(recorder);
    return context.sampleRate;
}"""
_VOICE = f"""() => {{
    const {{ place, offset, startedAt }} = {RATER}.player.voice;
    const {{ item, start }} = {RATER}.trial.clips[place];
    return {{ item, offset: start + offset, startedAt }};
}}"""


def recorded(page) -> np.ndarray:
    """What was heard since the page's clock began; silence where nothing was recorded."""
    blocks = page.evaluate("window.recorded")
    wave = np.zeros(blocks[-1][0] + len(blocks[-1][1]))
    for frame, block in blocks:
        wave[frame : frame + len(block)] = block
    return wave


def hertz_of(item: int) -> float:
    """The pitch of a tone of the small workspace."""
    return 220 * 2 ** ((item - 1) / 12)


def position_heard(wave: np.ndarray, rate: int, voice: dict) -> tuple[float, float]:
    """Where in the file the sound heard 50 ms after a start is, mod one period, and expected."""
    begin = round(voice["startedAt"] * rate) + round(0.05 * rate)
    heard = wave[begin:][: round(0.1 * rate)]
    time = np.arange(len(heard)) / rate
    hertz = hertz_of(voice["item"])
    both = np.stack([np.sin(2 * np.pi * hertz * time), np.cos(2 * np.pi * hertz * time)], axis=1)
    (sine, cosine), *_ = np.linalg.lstsq(both, heard, rcond=None)
    phase = np.arctan2(cosine, sine) / (2 * np.pi * hertz)
    expected = voice["offset"] + begin / rate - voice["startedAt"]
    return phase % (1 / hertz), expected % (1 / hertz)


def record_switches(write_page, open_voila) -> tuple[np.ndarray, float, list[dict]]:
    """Return what sounds while clips are switched in place, its rate, and which clip was when."""
    settings = SETTINGS + ", autoplay=False"
    name = f"Cleo {uuid.uuid4().hex[:6]}"
    page = open_voila(rater_page(write_page, "clicks", name, settings=settings))
    start(page)
    rate = page.evaluate(_RECORD)
    page.keyboard.press("x")
    voices = []
    for key in "2312":
        page.wait_for_timeout(250)
        page.keyboard.press(key)
        page.wait_for_timeout(50)
        voices.append(page.evaluate(_VOICE))
    page.wait_for_timeout(300)
    return recorded(page), rate, voices


def errors_of(wave: np.ndarray, rate: float, voices: list[dict]) -> list[float]:
    """Return how far from its place each voice is heard, in samples."""
    errors = []
    for voice in voices:
        heard, expected = position_heard(wave, rate, voice)
        period = 1 / hertz_of(voice["item"])
        error = (heard - expected + period / 2) % period - period / 2
        errors.append(error * rate)
    return errors


def test_switching_in_place_is_exact_without_gap_or_click(write_page, open_voila) -> None:
    """A steady tone cannot step further than its steepest slope; a click does."""
    amplitude = 10 ** ((-23 + 0.691) / 20) * np.sqrt(2)
    for _ in range(3):  # a busy machine drops blocks of what is recorded; a fault is always there
        wave, rate, voices = record_switches(write_page, open_voila)
        steepest = 2 * np.pi * hertz_of(12) / rate * amplitude
        errors = errors_of(wave, rate, voices)
        if np.abs(np.diff(wave)).max() < 1.4 * steepest and np.abs(errors).max() < 1.0:
            break
    assert np.abs(np.diff(wave)).max() < 1.4 * steepest  # 1.4: while two tones cross over
    sounding = wave[np.flatnonzero(np.abs(wave) > 0.05)[0] + round(0.05 * rate) :]
    window = round(0.01 * rate)
    levels = np.sqrt(np.convolve(sounding**2, np.full(window, 1 / window), "valid"))
    assert levels.min() > 0.35 * amplitude / np.sqrt(2)
    assert np.abs(errors).max() < 1.0, errors  # samples


def test_the_clips_are_equally_loud_and_a_loop_makes_no_click(write_page, open_voila) -> None:
    settings = SETTINGS + ", autoplay=False"
    name = f"Lou {uuid.uuid4().hex[:6]}"
    page = open_voila(rater_page(write_page, "loud", name, settings=settings))
    start(page)
    rate = page.evaluate(_RECORD)
    loudness = []
    for key in "xab":
        page.keyboard.press(key)
        page.wait_for_timeout(100)
        page.evaluate("window.recorded = []")
        page.wait_for_timeout(1200)
        loudness.append(integrated_loudness(np.trim_zeros(recorded(page)), rate))
    assert max(loudness) - min(loudness) <= 0.5
    assert np.mean(loudness) == pytest.approx(-23.0, abs=0.5)

    for key in "x[":
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    page.wait_for_timeout(350)
    page.keyboard.press("]")
    begin, end = page.evaluate(f"{RATER}.player.regions[0]")
    assert 0.3 <= end - begin < 1.0
    page.evaluate("window.recorded = []")
    page.wait_for_timeout(1600)
    assert begin <= page.evaluate(f"{RATER}.position") < end
    wave = np.trim_zeros(recorded(page))
    steepest = 2 * np.pi * hertz_of(12) / rate * np.abs(wave).max()
    assert np.abs(np.diff(wave)).max() < 1.1 * steepest
    window = round(0.004 * rate)
    levels = np.sqrt(np.convolve(wave**2, np.full(window, 1 / window), "valid"))
    low = levels < 0.4 * levels.max()
    quiet = np.flatnonzero(low[1:] & ~low[:-1])
    assert len(quiet) >= 1.6 / (end - begin) - 2  # each round begins and ends softly
    page.keyboard.press("l")
    page.wait_for_function(f"!{RATER}.player.looping && {RATER}.position > {end}")


def test_the_odd_one_out_with_confidence_and_a_rubric(write_page, open_voila, demo_ws) -> None:
    name = f"Odd {uuid.uuid4().hex[:6]}"
    Rubrics(demo_ws).write("tempo", "Tap along: <b>the same pulse</b>, or twice or half of it.")
    settings = f"{SETTINGS}, mode='odd_one_out', dimension='tempo', ask_confidence=True"
    page = open_voila(rater_page(write_page, "odd", name, settings=settings))
    start(page)
    page.get_by_text("<b>the same pulse</b>").wait_for()
    first = shown(page)
    items = page.evaluate(f"{RATER}.trial.clips.map((clip) => clip.item)")
    hear(page, "abc")
    page.keyboard.press("ArrowUp")
    wait_for_state(page, "confidence")
    page.keyboard.press("Escape")
    wait_for_state(page, "ready")
    page.keyboard.press("ArrowUp")
    wait_for_state(page, "confidence")
    page.keyboard.press("3")
    page.wait_for_function(
        "before => document.querySelector('.wb-rater').dataset.trial !== before", arg=first
    )
    rows = rows_of(demo_ws, name)
    assert len(rows) == 2
    assert {row["answer_id"] for row in rows} == {rows[0]["id"]}
    assert {row["anchor_id"] for row in rows} == {items[0], items[2]}
    for row in rows:
        other = row["b_id"] if row["choice"] == "a" else row["a_id"]
        assert (other, row["confidence"]) == (items[1], 3)
    wait_for_state(page, "ready")
    page.keyboard.press("?")
    page.get_by_text("B is the odd one out").wait_for()


def test_keys_typed_into_a_field_are_only_typed(write_page, open_voila, demo_ws) -> None:
    name = f"Tia {uuid.uuid4().hex[:6]}"
    field = "import ipywidgets\nipywidgets.Text(placeholder='notes')"
    page = open_voila(rater_page(write_page, "typing", name, field))
    start(page)
    hear(page)
    before = shown(page)
    notes = page.get_by_placeholder("notes")
    notes.click()
    page.keyboard.type("sax b?")
    assert notes.input_value() == "sax b?"
    assert shown(page) == before
    assert page.evaluate(f"{RATER}.player.place") == 2


@pytest.mark.parametrize(("name", "width", "scale"), [("tablet", 820, 1), ("zoomed", 640, 2)])
def test_the_page_fits_tablets_and_twice_the_size(
    browser, write_page, voila, name: str, width: int, scale: int
) -> None:
    """At 200 % a window of 1,280 pixels has 640 of the page's own."""
    context = browser.new_context(
        viewport={"width": width, "height": 1100}, device_scale_factor=scale, has_touch=True
    )
    page = context.new_page()
    rater = f"Pat {uuid.uuid4().hex[:6]}"
    page.goto(f"{voila.url}voila/render/{rater_page(write_page, name, rater)}")
    start(page)
    page.touchscreen.tap(*centre(page.get_by_role("button", name="Play A", exact=True)))
    page.wait_for_function(f"{RATER}.playing")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.eval_on_selector_all(
        ".wb-rater-answer, .wb-rater-play", "all => all.map((each) => each.offsetHeight)"
    )
    assert min(heights) >= (44 if name == "tablet" else 30)
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"rater_{name}.png", full_page=True)
    page.goto("about:blank")
    context.close()


def centre(element) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


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
    hear(page)
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


@pytest.mark.parametrize("lost", ["the answer", "the acknowledgement"])
def test_an_answer_lost_on_the_way_is_sent_again_and_stored_once(
    write_page, page, voila, demo_ws, lost: str
) -> None:
    name = f"Nell {uuid.uuid4().hex[:6]}"
    broken: list[bool] = []

    def connect(socket) -> None:
        server = socket.connect_to_server()

        def to_server(message) -> None:
            if not (broken and lost == "the answer"):
                server.send(message)

        def to_page(message) -> None:
            if not (broken and lost == "the acknowledgement"):
                socket.send(message)

        socket.on_message(to_server)
        server.on_message(to_page)

    page.route_web_socket("**/channels**", connect)
    page.goto(f"{voila.url}voila/render/{rater_page(write_page, 'lost', name)}")
    start(page)
    hear(page)
    before = shown(page)
    broken.append(True)
    page.keyboard.press("ArrowLeft")
    page.get_by_text("NOT SAVED").wait_for()
    assert len(stored(demo_ws, name)) == (lost == "the acknowledgement")
    assert shown(page) == before
    broken.clear()
    with suppress(TookTooLong):  # the page tries by itself as well, and may be first
        page.get_by_role("button", name="Try again").click(timeout=3000)
    wait_for_state(page, "ready")
    page.get_by_text("1 judged this session").wait_for()
    assert shown(page) != before
    assert len(stored(demo_ws, name)) == 1


def test_a_break_is_suggested_and_may_be_declined(write_page, open_voila, demo_ws) -> None:
    name = f"Bea {uuid.uuid4().hex[:6]}"
    settings = f"{SETTINGS}, break_after_min=0.01"
    page = open_voila(rater_page(write_page, "break", name, settings=settings))
    start(page)
    page.wait_for_timeout(700)
    answer(page, "s", listen=False)
    hear(page)
    page.keyboard.press("ArrowLeft")
    wait_for_state(page, "break")
    page.get_by_text("take five minutes").wait_for()
    assert len(stored(demo_ws, name)) == 2
    page.wait_for_timeout(300)
    assert not page.evaluate(f"{RATER}.playing")
    page.keyboard.press("Enter")
    wait_for_state(page, "ready")
    answer(page, "ArrowRight")  # and the next suggestion is ten minutes away
    assert len(stored(demo_ws, name)) == 3


def test_a_song_deleted_during_the_sitting_is_passed_over(
    write_page, open_voila, demo_ws, tmp_path
) -> None:
    name = f"Del {uuid.uuid4().hex[:6]}"
    page = open_voila(rater_page(write_page, "deleted", name))
    start(page)
    ahead = page.evaluate(f"{RATER}.link.ask('_ahead', {{}})")["trial"]
    lost = ahead["clips"][1]["item"]
    file = demo_ws.catalogue.media_path(lost)
    page.evaluate(f"{RATER}.player.loader.kept.clear()")
    file.rename(tmp_path / "away")
    try:
        hear(page)
        page.keyboard.press("ArrowLeft")
        page.get_by_text(f"item {lost} is gone").wait_for()
        wait_for_state(page, "ready")
        items = page.evaluate(f"{RATER}.trial.clips.map((clip) => clip.item)")
        assert lost not in items
        assert len(stored(demo_ws, name)) == 1
    finally:
        (tmp_path / "away").rename(file)


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
