"""Sound and charts through the real servers, in the page and from outside it."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from workbench.urls import audio_url

pytestmark = pytest.mark.browser

_CHART = """
from workbench.widgets.chart import PlotlyChart
chart = PlotlyChart({"data": [{"type": "bar", "x": ["jazz", "folk"], "y": [3, 5]}]}, height=240)
chart"""
_LABEL = """
import ipywidgets
said = ipywidgets.Label("nothing clicked")
chart.observe(lambda change: setattr(said, "value", f"clicked {change.new['point']}"), "clicked")
said"""
_FETCH = """async (route) => {
    const base = JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl;
    const answer = await fetch(base + route, { headers: { Range: "bytes=0-99" } });
    const bytes = (await answer.arrayBuffer()).byteLength;
    return [answer.status, answer.headers.get("Content-Type"), bytes];
}"""


def _check_chart(page) -> None:
    page.wait_for_selector(".wb-chart .main-svg")
    assert page.locator(".wb-chart .points .point").count() == 2
    page.locator(".wb-chart .nsewdrag").click(position={"x": 200, "y": 100})
    page.get_by_text("clicked 0").wait_for()


def test_a_dashboard_shows_charts_and_reaches_sound(write_page, open_voila, demo_ws) -> None:
    page = open_voila(write_page("chart", _CHART, _LABEL))
    _check_chart(page)
    item = int(demo_ws.catalogue.items().index[0])
    assert page.evaluate(_FETCH, audio_url(demo_ws.id, item)) == [206, "audio/wav", 100]


def test_a_notebook_shows_charts_and_reaches_sound(write_page, open_lab, demo_ws) -> None:
    page = open_lab(write_page("chart", _CHART, _LABEL))
    _check_chart(page)
    item = int(demo_ws.catalogue.items().index[0])
    assert page.evaluate(_FETCH, audio_url(demo_ws.id, item)) == [206, "audio/wav", 100]


def test_a_chart_says_what_is_missing_when_plotly_is_not_served(
    write_page, page, voila, page_problems
) -> None:
    page.route("**/plotly.min.js", lambda route: route.fulfill(status=404))
    page.goto(f"{voila.url}voila/render/{write_page('chart', _CHART, _LABEL)}")
    page.get_by_text("Charts need the workbench's server extension").wait_for()


def test_lab_refuses_sound_to_those_who_are_not_logged_in(lab, demo_ws) -> None:
    item = int(demo_ws.catalogue.items().index[0])
    request = urllib.request.Request(lab.url + audio_url(demo_ws.id, item))
    opener = urllib.request.build_opener(_NoRedirect)
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(request, timeout=5)
    assert refused.value.code == 302
    assert "/login" in refused.value.headers["Location"]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
