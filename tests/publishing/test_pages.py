"""Pages hold their scripts, run no others, and escape what comes from outside."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from exported_pages import Scripts

from workbench.publishing.asking import ask
from workbench.publishing.pages import Sheet, as_script, index_page, page_data, widget_page
from workbench.publishing.render import Rendered
from workbench.widgets.chart import PlotlyChart

BAD = "</title><script>x()</script>\"'&"
SHEET = Sheet(BAD, BAD, [{"title": BAD, "description": BAD, "url": "one.html"},
                         {"title": "Two", "description": "", "url": "two.html"}])  # fmt: skip


def _page() -> str:
    rendered = Rendered()
    for title in (BAD, "b"):
        rendered.add(PlotlyChart({"data": [], "layout": {"title": {"text": title}}}))
    data = page_data(rendered.models, ask(rendered.models))
    return widget_page(SHEET, "one.html", rendered, data, [3, 4])


def _policy(page: str) -> dict[str, list[str]]:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found is not None
    parts = [part.split() for part in found[1].replace("&#39;", "'").split(";")]
    return {part[0]: part[1:] for part in parts}


def test_every_script_that_runs_is_named_by_its_hash():
    page = _page()
    running = [text for at, text in Scripts(page).found if at.get("type") != "application/json"]
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in running
    ]
    assert len(running) == 3  # what stands in for Jupyter, one module for both charts, the start
    assert _policy(page)["script-src"] == ["'self'", *hashes]


def test_nothing_may_be_asked_of_other_places():
    for page in (_page(), index_page(SHEET)):
        policy = _policy(page)
        assert policy["default-src"] == policy["connect-src"] == ["'none'"]
        assert policy["base-uri"] == policy["form-action"] == ["'none'"]
        assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert _policy(index_page(SHEET))["script-src"] == ["'none'"]


def test_words_from_outside_stay_words():
    for page in (_page(), index_page(SHEET)):
        assert "<script>x()" not in page
        assert BAD not in page


def test_the_current_page_is_marked_and_all_are_linked():
    page = _page()
    assert 'href="one.html" aria-current="page"' in page
    assert 'href="two.html">Two' in page


@pytest.mark.parametrize("esm", ["const a = 1;", "export default {};\nexport default {};"])
def test_a_module_without_its_one_default_export_is_refused(esm):
    with pytest.raises(ValueError, match="default export"):
        as_script(esm, "key")


def test_a_module_cannot_end_its_script_element():
    assert "</script" not in as_script('export default { text: "</script>" };', "key")
