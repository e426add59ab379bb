"""Whatever a page sends, the rater's widget answers in words, and the log holds what was asked."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path
from typing import Any

import pytest
from damage import JSON
from hypothesis import given
from hypothesis import strategies as st
from messages import HOW_OFTEN, send
from postgres import copied
from tone_workspace import add_tone
from tries import tried

from workbench import Workspace
from workbench.widgets.rater import TripletRater

COMMANDS = ("_start", "_answer", "_undo", "_redo", "_next", "_ahead", "_cannot_play", "_not_found")
FIELDS = ("id", "trial", "choice", "rater", "task", "dimension", "device", "unsaved", "item",
          "confidence", "response_ms", "trace")  # fmt: skip


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Eight tones; not to be changed."""
    ws = Workspace.create(tmp_path_factory.mktemp("tones") / "workspace")
    for number in range(8):
        add_tone(ws, number)
    return ws


@pytest.fixture
def ws(tones: Workspace, tmp_path: Path) -> Workspace:
    return copied(tones, tmp_path / "workspace")


PLAUSIBLE = st.one_of(
    JSON,
    st.sampled_from(["left", "right", "a", "b", "cannot_tell", "skip", "undo", "odd"]),
    st.sampled_from(["tempo:1:2:3", "tempo:1:1:1", "tempo:-1:2:3", "tempo:\u00b2:2:3", "::::",
                     "tempo:9999999999999999999999:2:3", "tempo:1:2:" + "9" * 5000]),
    st.just("\ud800:1:2:3"),
    st.sampled_from([-1, 0, 1, 4, 2**63, 1e308, float("nan"), True]),
    st.lists(st.fixed_dictionaries({"heard_ms": JSON, "plays": JSON}), min_size=3, max_size=3),
)  # fmt: skip


@pytest.mark.parametrize("count", HOW_OFTEN)
def test_any_message_gets_an_answer_in_words(
    ws: Workspace, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    widget = TripletRater(ws, rater="Ada")
    first = send(widget, "_start", {"rater": "Ada"})["trial"]

    @tried(count)
    @given(
        st.sampled_from(COMMANDS),
        st.one_of(st.dictionaries(st.sampled_from(FIELDS), PLAUSIBLE, max_size=8), JSON),
        st.booleans(),
    )
    def holds(command: str, message: Any, about_the_trial: bool) -> None:
        if about_the_trial and isinstance(message, dict):
            shown = send(widget, "_next", {}).get("trial") or first
            message = {"id": str(uuid.uuid4()), "trial": shown["id"], "choice": "left", **message}
        reply = send(widget, command, message)
        assert isinstance(reply, dict)
        assert "Something went wrong" not in str(reply.get("error", "")), (command, message)

    holds()
    assert not caplog.records, caplog.records[0].exc_text
    _check_log(ws)


def _check_log(ws: Workspace) -> None:
    """Every stored row is of a known kind, and about three items that are here."""
    rows = ws.judgements.history()
    items = set(ws.catalogue.items().index)
    assert rows["id"].is_unique
    assert set(rows["choice"]) <= {"a", "b", "cannot_tell", "skip", "undo"}
    assert set(rows["anchor_id"]) | set(rows["a_id"]) | set(rows["b_id"]) <= items
    assert (rows["response_ms"].dropna() >= 0).all()
    assert set(rows["confidence"].dropna()) <= {1, 2, 3}
    assert all(rater.isprintable() and 0 < len(rater) <= 80 for rater in rows["rater"])


def test_nobody_answers_for_somebody_else(ws: Workspace) -> None:
    ada, bo = TripletRater(ws, rater="Ada"), TripletRater(ws, rater="Bo")
    asked = send(ada, "_start", {"rater": "Ada"})["trial"]
    send(bo, "_start", {"rater": "Bo"})
    answer = {"id": str(uuid.uuid4()), "trial": asked["id"], "choice": "left", "rater": "Ada"}
    told = send(bo, "_answer", answer)
    assert "another rater" in told["refused"]
    assert ws.judgements.count() == 0
    assert send(ada, "_next", {})["trial"]["id"] == asked["id"]


def test_a_triplet_that_nobody_was_asked_is_not_stored(ws: Workspace) -> None:
    ada = TripletRater(ws, rater="Ada")
    asked = send(ada, "_start", {"rater": "Ada"})["trial"]["id"]
    others = ["tempo:1:2:3", "tempo:3:1:2", "nonsense:1:2:3", "tempo:1:2:999", "tempo:2:2:2"]
    for trial in (trial for trial in others if trial != asked):
        reply = send(ada, "_answer", {"id": str(uuid.uuid4()), "trial": trial, "choice": "left"})
        assert reply["refused"]
    assert ws.judgements.count() == 0


def test_an_answer_played_again_counts_once_and_cannot_be_turned(ws: Workspace) -> None:
    ada = TripletRater(ws, rater="Ada")
    trial = send(ada, "_start", {"rater": "Ada"})["trial"]["id"]
    answer = {"id": str(uuid.uuid4()), "trial": trial, "choice": "left"}
    for choice in ("left", "left", "right", "skip"):
        send(ada, "_answer", answer | {"choice": choice})
        send(ada, "_answer", answer | {"choice": choice, "id": str(uuid.uuid4())})
    [choice] = ws.judgements.table()["choice"]
    assert choice in ("a", "b")
    first = ws.judgements.history().iloc[0]
    assert (first["id"], first["choice"]) == (answer["id"], choice)


def test_one_bad_answer_that_was_kept_does_not_hold_back_the_others(ws: Workspace) -> None:
    ada = TripletRater(ws, rater="Ada")
    trial = send(ada, "_start", {"rater": "Ada"})["trial"]["id"]
    good = {"id": str(uuid.uuid4()), "trial": trial, "choice": "left"}
    kept = [
        {"id": "x", "trial": "tempo:\u00b2:2:3", "choice": "left"},
        {"id": "y", "trial": "\ud800:1:2:3", "choice": "left"},
        {"id": "z" * 99, "trial": "tempo:1:2:3", "choice": "left"},
        {"id": "w", "trial": trial, "choice": "left", "confidence": 17},
        "nonsense",
        good,
    ]
    reply = send(TripletRater(ws, rater="Ada"), "_start", {"rater": "Ada", "unsaved": kept})
    assert good["id"] in reply["settled"]
    assert good["id"] in ws.judgements
