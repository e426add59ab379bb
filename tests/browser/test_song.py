"""Building a song in a real browser: what is heard is the mix, and nothing is lost."""

from __future__ import annotations

import pytest
from chromium import OUTPUT

pytestmark = pytest.mark.browser

_SETUP = """
from workbench import Workspace
from workbench.widgets import SongBuilder"""
# In place of an encoder: the song sounds like its first part.
_SUGGEST = """
import workbench.search.suggest as suggesting
real = suggesting.find
suggesting.find = lambda ws, query, **options: real(ws, query.items[0], **options)
SongBuilder(Workspace(), rater="Ada")"""
_SOUND = "document.querySelector('.wb-song').workbenchSong"
_PEAK = f"""(() => {{
    const {{ analyser }} = {_SOUND};
    const wave = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(wave);
    return Math.max(...wave.map(Math.abs));
}})()"""
# How much of a frequency is heard, 0 to 255.
_HEARD = f"""(hertz) => {{
    const {{ analyser, ctx }} = {_SOUND};
    analyser.fftSize = 8192;
    analyser.smoothingTimeConstant = 0;
    const bins = new Uint8Array(analyser.frequencyBinCount);
    analyser.getByteFrequencyData(bins);
    return bins[Math.round(hertz / ctx.sampleRate * analyser.fftSize)];
}}"""


def heard(page, number: int, *, loud: bool) -> None:
    """Wait until a tone of the workspace is heard, or is not."""
    hertz = 220 * 2 ** (number / 12)
    page.wait_for_function(
        f"([hertz, loud]) => (({_HEARD})(hertz) > 120) === loud", arg=[hertz, loud]
    )


def add(page, title: str) -> None:
    before = page.locator(".wb-song-part").count()
    page.get_by_role("combobox", name="Find a piece").fill(title)
    page.locator(".wb-item-option", has_text=title).first.click()
    page.wait_for_function(
        "count => document.querySelectorAll('.wb-song-part').length > count", arg=before
    )


def test_a_song_is_built_heard_and_written(write_page, open_voila, demo_ws) -> None:
    name = write_page("song_test", _SETUP, _SUGGEST)
    page = open_voila(name)
    page.get_by_role("button", name="New song").click()
    page.get_by_text("Add a first part").wait_for()
    for number in (7, 11):
        add(page, f"Tone {number}")

    page.get_by_role("button", name="Play", exact=True).click()
    heard(page, 7, loud=True)
    heard(page, 11, loud=True)
    page.wait_for_function(f"{_PEAK} > 0.05")
    assert page.evaluate(_PEAK) < 1
    page.get_by_label("Mute Tone 11").click()
    heard(page, 11, loud=False)
    heard(page, 7, loud=True)
    page.get_by_label("Hear Tone 11 alone").click()
    heard(page, 11, loud=True)
    heard(page, 7, loud=False)
    page.get_by_label("Hear Tone 11 alone").click()
    page.get_by_label("Mute Tone 11").click()
    page.get_by_label("When Tone 11 begins, in seconds").fill("6")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{_SOUND}.length > 17")
    heard(page, 7, loud=True)
    heard(page, 11, loud=False)
    page.evaluate(f"{_SOUND}.seek(14)")  # only the second one is left
    heard(page, 11, loud=True)
    heard(page, 7, loud=False)
    page.locator(".wb-song-title").focus()
    page.keyboard.press("Tab")
    page.get_by_label("5 of 5 stars for Tone 7").click()
    page.get_by_label("5 of 5 stars for Tone 7").get_by_text("★").wait_for()
    page.screenshot(path=OUTPUT / "song.png", full_page=True)

    suggestion = page.locator(".wb-song-suggestion")
    page.get_by_role("button", name="Suggest").click()
    page.get_by_text("No track in this tempo and key fits").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_function(f"{_SOUND}.rms() < 0.001")
    assert suggestion.count() == 0

    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"{_SOUND}.length < 13")
    page.get_by_role("button", name="Export").click()
    page.get_by_text("Mixed and written to").wait_for()
    assert (demo_ws.root / "exports" / "Song_1" / "mix.wav").is_file()
    page = open_voila(name)  # as it was left
    page.locator(".wb-song-part", has_text="Tone 11").wait_for()
    assert page.locator(".wb-song-part").count() == 2
    assert page.locator(".wb-song-title").input_value() == "Song 1"
