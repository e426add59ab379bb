"""A workspace of tones and a tagger that hears how high they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tone_tagger import use_tone_tagger
from tone_workspace import add_tone

from workbench import Workspace
from workbench.tagging import tag, taggers
from workbench.tagging.tag import tag_items


@pytest.fixture
def tone_tagger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_tone_tagger(monkeypatch)
    tag._warm_tagger.cache_clear()
    yield
    taggers._load.cache_clear()
    tag._warm_tagger.cache_clear()


@pytest.fixture
def tones(tmp_path: Path) -> Workspace:
    """Twelve songs of one tone each, 200 to 310 Hz."""
    ws = Workspace.create(tmp_path / "workspace")
    for number in range(12):
        add_tone(ws, number, tags=False)
    return ws


@pytest.fixture
def tagged(tones: Workspace, tone_tagger: None) -> Workspace:
    tag_items(tones, processes=1)
    return tones
