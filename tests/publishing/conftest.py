"""Workspaces to export, and how a page is read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from example_workspace import HOSTILE, add_model, add_songs, judge
from exported_pages import Scripts, unpacked

from workbench import Workspace


@pytest.fixture
def lived_in(ws: Workspace) -> Workspace:
    """A workspace with songs whose files are no sound, judgements of three raters and a model."""
    songs = add_songs(ws)
    add_model(ws, 44)
    judge(ws, songs, {("Wilhelmina", "genre", "a"): 3, ("Balthasar", "genre", "b"): 5,
                      (HOSTILE, "mood", "b"): 1})  # fmt: skip
    return ws


@pytest.fixture
def page_models() -> Callable[[Path], list[dict[str, Any]]]:
    """Return a function that reads what the widgets of an exported page hold."""

    def read(file: Path) -> list[dict[str, Any]]:
        texts = {at.get("id"): text for at, text in Scripts(file.read_text()).found}
        page = json.loads(texts["workbench-page"])
        return [
            {**model, "state": unpacked(model["state"], page["shared"]),
             "answers": unpacked(model["answers"], page["shared"])}
            for model in page["models"]
        ]  # fmt: skip

    return read
