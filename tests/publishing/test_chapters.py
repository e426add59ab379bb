"""A row of tabs becomes pages that lead to each other; other dashboards are one page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import Workspace
from workbench.publishing.asking import MOST
from workbench.publishing.chapters import drawn_pages

_TABS = """
import anywidget, ipywidgets as W, traitlets

class Tabs(anywidget.AnyWidget):
    _esm = "export default { render() {} };"
    value = traitlets.Unicode("genre").tag(sync=True)

    def chapters(self):
        return "value", ["genre", "mood", "Mood"]

tabs, body = Tabs(), W.VBox()
def fill(_=None):
    body.children = (W.Label("all about " + tabs.value),)
tabs.observe(fill, "value")
fill()
W.VBox([W.Label("above"), tabs, body])"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    file = tmp_path / "Tabs of it.ipynb"
    file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": _TABS}]}))
    return file


def test_each_value_is_a_page_of_its_own(notebook: Path, ws: Workspace):
    pages = list(drawn_pages(notebook, ws, most=MOST))
    assert [page.url for page in pages] == [
        "tabs-of-it.html", "tabs-of-it-mood.html", "tabs-of-it-mood-3.html"]  # fmt: skip
    for page, value in zip(pages, ("genre", "mood", "Mood"), strict=True):
        assert f"all about {value}<" in page.rendered.markup
        assert "above" in page.rendered.markup
        assert json.loads(page.data)["models"][0]["state"]["value"] == value


def test_choosing_a_value_leads_to_its_page(notebook: Path, ws: Workspace):
    for page in drawn_pages(notebook, ws, most=MOST):
        (model,) = json.loads(page.data)["models"]
        assert model["answers"]["value"] == [
            ["genre", "tabs-of-it.html"],
            ["mood", "tabs-of-it-mood.html"],
            ["Mood", "tabs-of-it-mood-3.html"],
        ]


def test_a_dashboard_without_tabs_is_one_page(tmp_path: Path, ws: Workspace):
    file = tmp_path / "index.ipynb"
    source = "import ipywidgets\nipywidgets.Label('all')"
    file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source}]}))
    (page,) = drawn_pages(file, ws, most=MOST)
    assert page.url == "index-page.html"  # index.html lists the pages
    assert "all" in page.rendered.markup
