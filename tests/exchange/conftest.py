"""Twelve short tones to judge, here and in a second workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from team import TEAM, judge_as_team
from tone_workspace import add_tone, answer, make_ws, ws  # noqa: F401

from workbench import Workspace


@pytest.fixture
def judged(ws: Workspace) -> Workspace:  # noqa: F811
    """A workspace in which two people judged, thought again, and were asked for odd ones."""
    judge_as_team(ws, list(range(1, 13)), {n: TEAM[n] for n in ("Ada", "Dee")}, triplets=10,
                  gold=2, repeats=3, days=2)  # fmt: skip
    return ws


@pytest.fixture
def other(ws: Workspace, tmp_path: Path) -> Workspace:  # noqa: F811
    """Another workspace with the same tones under other ids."""
    found = Workspace.create(tmp_path / "other")
    add_tone(found, 99)
    for number in reversed(range(12)):
        add_tone(found, number)
    shutil.rmtree(found.root / "media", ignore_errors=True)
    return found
