"""Whatever a page sends, the review of tags answers in words, and the log holds what was asked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import JSON
from hypothesis import given
from hypothesis import strategies as st
from messages import HOW_OFTEN, send
from tone_tagger import KEY, store_scores
from tone_workspace import add_tone
from tries import tried

from workbench import Workspace
from workbench.tagging.reviews import ReviewLog
from workbench.widgets import TagReview

COMMANDS = ("_start", "_judge", "_undo", "_next", "_look_again", "_look_for_taggers")
PLAUSIBLE = st.one_of(
    JSON,
    st.sampled_from(["accepted", "rejected", "genre", "mood", "Genre", "era", KEY, "v1", "v2"]),
    st.sampled_from([0, 1, 2, 3, -1, 2**63, 1.5, float("nan"), True, "1", "9" * 5000]),
    st.sampled_from(["", " ", "\ud800", "a" * 5000, "a\x00b", "\u202eabc", "=1+1"]),
)
FIELDS = ("reviewer", "tagger", "dimension", "item", "value", "verdict", "id")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """Two songs with suggestions."""
    ws = Workspace.create(tmp_path / "workspace")
    for number in range(2):
        add_tone(ws, number, tags=False)
    store_scores(ws, np.array([[0.5, 0, 0, 0.6, 0], [0.9, 0, 0, 0, 0]]))
    return ws


@pytest.mark.parametrize("count", HOW_OFTEN)
def test_any_message_gets_an_answer_in_words(
    ws: Workspace, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    widget = TagReview(ws)
    beginning = {"reviewer": "Ada", "tagger": KEY, "dimension": ""}
    verdict = {"item": 1, "dimension": "genre", "value": "folk", "verdict": "accepted", "id": "v"}
    send(widget, "_start", beginning)

    @tried(count)
    @given(
        st.sampled_from(COMMANDS),
        st.one_of(st.dictionaries(st.sampled_from(FIELDS), PLAUSIBLE, max_size=5), JSON),
        st.booleans(),
    )
    def holds(command: str, message: Any, nearly_right: bool) -> None:
        if nearly_right and isinstance(message, dict):
            message = (beginning if command == "_start" else verdict) | message
        reply = send(widget, command, message)
        assert isinstance(reply, dict)
        assert "Something went wrong" not in str(reply.get("error", "")), (command, message)

    holds()
    assert not caplog.records, caplog.records[0].exc_text
    _check_log(ws)


def _check_log(ws: Workspace) -> None:
    """Every stored verdict is of a known kind, about an item that is here, by somebody."""
    rows = ReviewLog(ws.database).history()
    assert rows["id"].is_unique
    assert set(rows["verdict"]) <= {"accepted", "rejected", "corrected", "undo"}
    assert set(rows["item_id"]) <= set(ws.catalogue.items().index)
    assert all(name.isprintable() and 0 < len(name) <= 80 for name in rows["reviewer"])
    assert all(value.isprintable() and value.strip() for value in rows["value"])
