"""The Python half of the review of tags, driven by the messages its page would send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from tone_tagger import KEY, store_scores
from tone_workspace import add_tone

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import NotReadyError, StorageError, UnknownNameError
from workbench.tagging.reviews import ReviewLog
from workbench.widgets import TagReview

Message = dict[str, Any]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """Two songs with suggestions, the first one the less decided."""
    ws = Workspace.create(tmp_path / "workspace")
    for number in range(2):
        add_tone(ws, number, tags=False)
    store_scores(ws, np.array([[0.5, 0, 0, 0.6, 0], [0.9, 0, 0, 0, 0]]))
    return ws


def send(widget: TagReview, command: str, /, **message: Any) -> Message:
    """Send what the page would send, through JSON as the real way does."""
    reply, _ = getattr(widget, command)(json.loads(json.dumps(message)), [])
    return json.loads(json.dumps(reply))


def started(ws: Workspace, **options: Any) -> tuple[TagReview, Message]:
    widget = TagReview(ws, **options)
    return widget, send(widget, "_start", reviewer="Ada", tagger=KEY, dimension="")


def judged(item: int, value: str, verdict: str = "accepted", **more: Any) -> Message:
    said = {"item": item, "dimension": "genre", "value": value, "verdict": verdict, "id": "v1"}
    return said | more


def test_the_page_learns_who_suggests_what(ws: Workspace) -> None:
    setup = TagReview(ws, reviewer="Ada").setup
    (tagger,) = setup["taggers"]
    assert (setup["reviewer"], setup["dimension"], setup["problem"]) == ("Ada", "", "")
    assert (tagger["key"], tagger["dimensions"]) == (KEY, ["genre", "mood", "instrument"])


def test_an_item_is_shown_with_its_tags_and_how_to_hear_it(ws: Workspace) -> None:
    _, reply = started(ws)
    item = reply["item"]
    assert (item["id"], item["title"]) == (1, "Tone 0")
    assert item["url"] == f"workbench/audio/{ws.id}/1"
    assert max(item["peaks"]) > 0
    assert [(s["value"], s["verdict"]) for s in item["suggestions"]] == [
        ("calm", None),
        ("folk", None),
    ]
    assert reply["progress"] == {"session": 0, "today": 0, "left": 2}
    assert reply["values"]["genre"] == ["folk", "jazz"]


def test_a_verdict_is_on_disk_when_the_page_hears_of_it(ws: Workspace) -> None:
    widget, _ = started(ws)
    for _ in range(2):  # sent twice, stored once
        reply = send(widget, "_judge", **judged(1, "folk"))
        assert Workspace(ws.root).catalogue.tags("genre")["value"].tolist() == ["folk"]
    assert [s["verdict"] for s in reply["item"]["suggestions"]] == [None, "accepted"]
    assert reply["item"]["confirmed"] == [
        {"dimension": "genre", "value": "folk", "source": "review"}
    ]
    assert reply["progress"]["session"] == 1
    reply = send(widget, "_judge", **judged(1, "Polka", id="v2"))
    assert reply["values"] == {"genre": ["folk", "jazz", "Polka"]}
    assert "Undone: Polka was accepted." in send(widget, "_undo", id="u1")["said"]
    assert ws.catalogue.tags("genre")["value"].tolist() == ["folk"]
    assert send(widget, "_next")["item"]["id"] == 2
    assert "Only what you passed over" in send(widget, "_next")["empty"]
    assert send(widget, "_look_again")["item"]["id"] == 1


def test_what_cannot_be_stored_is_said_and_what_may_be_later_is_sent_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, _ = started(ws)
    refused = send(widget, "_judge", **judged(1, "fast", dimension="tempo"))
    assert "not a number of beats" in refused["refused"]
    assert "nothing left to undo" in send(widget, "_undo", id="u1")["refused"]

    def locked(*_: object) -> None:
        raise StorageError("The workspace's database is locked.")

    monkeypatch.setattr(ReviewLog, "append", locked)
    assert send(widget, "_judge", **judged(1, "folk")) == {
        "error": "The workspace's database is locked."
    }
    monkeypatch.setattr(ReviewLog, "append", lambda *_: 1 / 0)
    assert "Something went wrong" in send(widget, "_judge", **judged(1, "folk"))["error"]


def test_a_rejected_tag_that_the_catalogue_keeps_is_told(ws: Workspace) -> None:
    ws.catalogue.annotate(1, tags=[TagValue("genre", "Folk", "manifest")])
    widget, _ = started(ws)
    reply = send(widget, "_judge", **judged(1, "folk", "rejected"))
    assert reply["said"] == "Rejected: folk; the catalogue keeps it, as manifest says so."
    assert send(widget, "_judge", **judged(1, "jazz", "rejected", id="v2"))["said"] == ""


def test_a_page_whose_kernel_began_anew_is_told(ws: Workspace) -> None:
    assert "session has ended" in send(TagReview(ws), "_next")["error"]


def test_showing_it_stores_nothing(ws: Workspace) -> None:
    started(ws)
    with ws.database.read() as transaction:
        assert transaction.scalar(sa.text("SELECT count(*) FROM tag_verdicts")) == 0


def test_before_any_tagger_was_run_the_page_says_what_to_do(tmp_path: Path) -> None:
    bare = Workspace.create(tmp_path / "bare")
    widget = TagReview(bare)
    assert widget.setup["taggers"] == []
    assert "run `workbench tag` first" in widget.setup["problem"]
    add_tone(bare, 0)
    store_scores(bare, np.array([[0.5, 0, 0, 0, 0]]))
    assert send(widget, "_look_for_taggers")["setup"]["taggers"][0]["key"] == KEY


def test_what_was_named_and_is_not_there_is_one_sentence(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench tag --tagger nobody-1"):
        TagReview(ws, tagger="nobody-1")
    with pytest.raises(UnknownNameError, match="knows of 'tempo'"):
        TagReview(ws, dimension="tempo")
