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
