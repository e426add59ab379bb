"""Dashboards are listed by what their notebooks say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.resources import resource
from workbench.server.pages import list_pages


def _write(folder: Path, name: str, metadata: object) -> None:
    (folder / name).write_text(json.dumps({"metadata": metadata, "cells": []}))


def test_pages_come_in_their_order_and_then_by_name(tmp_path) -> None:
    _write(tmp_path, "b.ipynb", {"workbench": {"order": 2}})
    _write(tmp_path, "z.ipynb", {"workbench": {"order": 1}})
    _write(tmp_path, "d.ipynb", {})
    _write(tmp_path, "c.ipynb", {})
    assert [page.name for page in list_pages(tmp_path)] == [
        "z.ipynb",
        "b.ipynb",
        "c.ipynb",
        "d.ipynb",
    ]


def test_a_page_without_a_title_is_called_after_its_file(tmp_path) -> None:
    _write(tmp_path, "new_music.ipynb", {})
    assert list_pages(tmp_path)[0].title == "New music"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"metadata": []}', '{"cells": []}', "\xff"])
def test_a_notebook_that_cannot_be_read_is_left_out(tmp_path, text) -> None:
    (tmp_path / "broken.ipynb").write_bytes(text.encode("latin-1"))
    _write(tmp_path, "fine.ipynb", {"title": "Fine"})
    assert [page.title for page in list_pages(tmp_path)] == ["Fine"]


def test_our_own_dashboards_have_titles_and_descriptions() -> None:
    pages = list_pages(resource("dashboards"))
    assert pages
    assert all(page.title and page.description.endswith(".") for page in pages)


def test_a_page_is_for_raters_unless_it_says_that_viewers_may_open_it(tmp_path) -> None:
    _write(tmp_path, "a.ipynb", {"workbench": {"needs": "viewer"}})
    _write(tmp_path, "b.ipynb", {"workbench": {"needs": "rater"}})
    _write(tmp_path, "c.ipynb", {})
    _write(tmp_path, "d.ipynb", {"workbench": {"needs": "nobody"}})
    assert {page.name: str(page.needs) for page in list_pages(tmp_path)} == {
        "a.ipynb": "viewer",
        "b.ipynb": "rater",
        "c.ipynb": "rater",
    }


def test_every_page_of_ours_says_whom_it_is_for() -> None:
    for file in sorted(resource("dashboards").glob("*.ipynb")):
        own = json.loads(file.read_text())["metadata"]["workbench"]
        assert own["needs"] in ("viewer", "rater"), file.name


def test_pages_that_change_something_or_show_how_raters_did_are_for_raters() -> None:
    needs = {page.name: page.needs for page in list_pages(resource("dashboards"))}
    for name in ("rate", "tags", "agreement", "song", "finetune"):
        assert needs[f"{name}.ipynb"] == "rater"
    for name in ("overview", "explore"):
        assert needs[f"{name}.ipynb"] == "viewer"
