"""Workspaces for the tests of pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_workspace import HOSTILE, add_model, add_songs, judge

from workbench import Workspace


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    """Return a workspace with nothing in it."""
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def lived_in(bare: Workspace) -> Workspace:
    """Return a workspace with songs, judgements of two raters and three model versions."""
    songs = add_songs(bare)
    add_model(bare, 44)
    judge(bare, songs, {("Ada", "genre", "a"): 7, ("Ada", "tempo", "b"): 3,
                        ("Ben", "genre", "cannot_tell"): 2, ("Ben", "key", "skip"): 4,
                        (HOSTILE, "mood", "b"): 1})  # fmt: skip
    last = bare.judgements.history()["id"].iloc[-1]
    add_model(bare, 49, parent="v0001", judgements=11, watermark=last)
    add_model(bare, 40, parent="v0002", promote=False, judgements=11, watermark=last)
    return bare
