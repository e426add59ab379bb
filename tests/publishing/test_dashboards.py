"""Notebooks are run as they stand; what may not go outside is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.publishing.dashboards import chosen_pages, shown_by
from workbench.resources import resource
from workbench.widgets.overview import Overview


def _write(folder: Path, name: str, *cells: str, **own: object) -> Path:
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells],
                "metadata": {"title": name.title(), "workbench": own}}  # fmt: skip
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    return folder / f"{name}.ipynb"


def test_pages_where_people_answer_are_not_exported():
    names = {Path(page.name).stem for page in chosen_pages(resource("dashboards"), None)}
    assert {"overview", "explore"} <= names
    assert not names & {"rate", "agreement", "tags", "song"}


def test_a_page_that_may_not_be_exported_is_refused_by_name(tmp_path: Path):
    _write(tmp_path, "open", export=True)
    _write(tmp_path, "inside")
    with pytest.raises(UnknownNameError, match=r"'inside'.*there are open"):
        chosen_pages(tmp_path, ["inside"])


def test_a_folder_without_such_pages_says_so(tmp_path: Path):
    _write(tmp_path, "inside", export=False)
    with pytest.raises(WorkbenchError, match="metadata"):
        chosen_pages(tmp_path, None)


def test_cells_share_names_and_show_their_last_lines(tmp_path: Path, ws: Workspace):
    file = _write(tmp_path, "own", "import ipywidgets as W\nlabel = W.Label('a')\nlabel", "x = 1",
                  "W.Label('b')")  # fmt: skip
    assert [widget.value for widget in shown_by(file, ws)] == ["a", "b"]


def test_the_shipped_pages_show_the_workspace_that_is_exported(ws: Workspace, monkeypatch):
    monkeypatch.setenv("WORKBENCH_WORKSPACE", "/nowhere")
    (shown,) = shown_by(resource("dashboards") / "overview.ipynb", ws)
    assert isinstance(shown.children[0], Overview)


def test_a_page_may_describe_itself_otherwise_without_python(tmp_path: Path):
    _write(tmp_path, "same", description="Move the sliders.", export=True, order=1)
    _write(tmp_path, "other", description="Move the sliders.", export="Look at it.", order=2)
    same, other = chosen_pages(tmp_path, None)
    assert (same.exported_description, same.description) == ("Move the sliders.",) * 2
    assert (other.exported_description, other.description) == ("Look at it.", "Move the sliders.")
