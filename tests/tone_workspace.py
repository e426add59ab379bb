"""A workspace of twelve short tones with tags of every dimension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import describe_audio
from workbench.judgements.log import Answer

GENRES = ("folk", "jazz", "rag")


def add_tone(ws: Workspace, number: int, *, tags: bool = True) -> int:
    seconds = np.arange(0, 2, 1 / 8000)
    tone = 0.3 * np.sin(2 * np.pi * (200 + 10 * number) * seconds)
    file = ws.root / "media" / f"tone{number}.wav"
    encode(file, tone.astype(np.float32)[None], 8000)
    return ws.catalogue.add_item(
        kind="song",
        domain="audio",
        title=f"Tone {number}",
        media=describe_audio(file),
        tags=[
            TagValue("genre", GENRES[number % 3], "test"),
            TagValue("tempo", str(60 + 20 * (number % 4)), "test", number=60 + 20 * (number % 4)),
        ]
        if tags
        else [],
    )


@pytest.fixture
def make_ws(tmp_path: Path, backend: str) -> Callable[..., Workspace]:
    def make(count: int = 12, *, tags: bool = True) -> Workspace:
        ws = Workspace.create(tmp_path / "workspace")
        for number in range(count):
            add_tone(ws, number, tags=tags)
        return ws

    return make


@pytest.fixture
def ws(make_ws: Callable[..., Workspace]) -> Workspace:
    return make_ws()


@pytest.fixture
def answer(ws: Workspace) -> Callable[..., Answer]:
    """Answers of one sitting, about the triplet (tempo, 1, 2, 3) unless said otherwise."""
    session_id = ws.judgements.open_session("Ada")

    def make(**changes: object) -> Answer:
        columns: dict[str, object] = {
            "session_id": session_id,
            "rater": "Ada",
            "dimension": "tempo",
            "anchor_id": 1,
            "a_id": 2,
            "b_id": 3,
            "choice": "a",
        }
        return Answer(**(columns | changes))  # type: ignore[arg-type]

    return make
