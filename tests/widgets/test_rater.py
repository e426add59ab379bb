"""The Python half of the rater, driven by the messages its page would send."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.media import describe_audio
from workbench.catalogue.tables import Claim, Session
from workbench.errors import UnknownNameError
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask
from workbench.widgets.rater import TripletRater

Message = dict[str, Any]
TITLE = "<b>A title that would give it away</b>"


@pytest.fixture
def make_ws(tmp_path: Path) -> Callable[[int], Workspace]:
    def make(count: int) -> Workspace:
        ws = Workspace.create(tmp_path / "workspace")
        for number in range(count):
            tone = 0.2 * np.sin(np.arange(8000) * (0.1 + number / 50)).astype(np.float32)
            file = ws.root / "media" / f"{number}.wav"
            encode(file, tone[None], 8000)
            media = describe_audio(file)
            ws.catalogue.add_item(kind="song", domain="audio", title=TITLE, media=media)
        return ws

    return make


@pytest.fixture
def ws(make_ws: Callable[[int], Workspace]) -> Workspace:
    return make_ws(8)


def send(widget: TripletRater, command: str, /, **message: Any) -> Message:
    """Send what the page would send, through JSON as the real way does."""
    reply, _ = getattr(widget, command)(json.loads(json.dumps(message)), [])
    return json.loads(json.dumps(reply))


def reply_to(trial: Message, choice: str = "left", **more: Any) -> Message:
    return {"id": str(uuid.uuid4()), "trial": trial["id"], "choice": choice, **more}


def rows(ws: Workspace, table: type) -> int:
    with ws.database.read() as transaction:
        return transaction.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_showing_it_claims_nothing_and_opens_no_session(ws: Workspace) -> None:
    rater = TripletRater(ws, rater="Ada")
    assert rater.setup["dimensions"] == [
        "genre", "mood", "instrument", "era", "tempo", "key", "overall",
    ]  # fmt: skip
    assert rows(ws, Session) == rows(ws, Claim) == 0
    send(rater, "_start", rater="Ada")
    assert rows(ws, Session) == rows(ws, Claim) == 1


def test_an_answer_is_on_disk_when_the_next_triplet_is_known(ws: Workspace) -> None:
    rater = TripletRater(ws, dimension="tempo", min_heard_s=0)
    first = send(rater, "_start", rater="Ada", dimension="tempo")["trial"]
    given = reply_to(first, "right", response_ms=1200, trace=[{"heard_ms": ms} for ms in (1, 2, 3)])
    reply = send(rater, "_answer", **given)
    [row] = Workspace(ws.root).judgements.table().to_dict("records")
    assert (row["id"], row["rater"], row["response_ms"]) == (given["id"], "Ada", 1200)
    chosen = row["a_id"] if row["choice"] == "a" else row["b_id"]
    assert chosen == first["clips"][2]["item"]
    assert row["clips"]["b" if row["a_is_left"] else "a"]["heard_ms"] == 3
    assert reply["settled"] == [given["id"]]
    assert reply["trial"]["id"] != first["id"]
    assert reply["progress"]["session"] == 1


def test_an_answer_sent_again_is_acknowledged_and_stored_once(ws: Workspace) -> None:
    rater = TripletRater(ws)
    given = reply_to(send(rater, "_start", rater="Ada")["trial"])
    first, second = send(rater, "_answer", **given), send(rater, "_answer", **given)
    assert first["settled"] == second["settled"] == [given["id"]]
    assert first["trial"] == second["trial"]
    assert ws.judgements.count() == 1


def test_an_answer_the_dead_kernel_never_saw_is_stored_by_the_next(ws: Workspace) -> None:
    trial = send(TripletRater(ws), "_start", rater="Ada")["trial"]
    given = reply_to(trial, "cannot_tell")
    reply = send(TripletRater(Workspace(ws.root)), "_start", rater="Ada", unsaved=[given])
    assert reply["settled"] == [given["id"]]
    assert reply["trial"]["id"] != trial["id"]
    assert ws.judgements.table()["choice"].tolist() == ["cannot_tell"]


def test_a_kernel_started_again_shows_the_same_triplet(ws: Workspace) -> None:
    before = send(TripletRater(ws), "_start", rater="Ada")["trial"]
    after = send(TripletRater(Workspace(ws.root)), "_start", rater="Ada")["trial"]
    assert after == before


def test_an_answer_past_storing_is_given_up_with_a_sentence(
    ws: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    rater = TripletRater(ws)
    lost = reply_to({"id": "tempo:1:2:3"})
    reply = send(rater, "_start", rater="Ada", unsaved=[lost])
    assert reply["settled"] == [lost["id"]]
    assert "another rater" in reply["refused"]
    assert reply["trial"]
    (record,) = (r for r in caplog.records if r.name == "workbench.widgets.rater")
    assert vars(record)["id"] == lost["id"]
    assert "choice" not in str(vars(record))  # what people answered is in no log


def test_undo_shows_the_triplet_again(ws: Workspace) -> None:
    rater = TripletRater(ws)
    first = send(rater, "_start", rater="Ada")["trial"]
    send(rater, "_answer", **reply_to(first))
    reply = send(rater, "_undo", id="u1")
    assert reply["undone"]
    assert reply["trial"] == first
    assert reply["progress"]["session"] == 0
    assert not send(rater, "_undo", id="u2")["undone"]


def test_redo_gives_the_answer_back(ws: Workspace) -> None:
    rater = TripletRater(ws)
    first = send(rater, "_start", rater="Ada")["trial"]
    second = send(rater, "_answer", **reply_to(first))["trial"]
    send(rater, "_undo", id="u1")
    reply = send(rater, "_redo", id="r1")
    assert reply["redone"]
    assert reply["trial"] == second
    assert reply["progress"]["session"] == 1
    assert not send(rater, "_redo", id="r2")["redone"]


def test_the_page_learns_the_conditions_of_a_stored_task(ws: Workspace) -> None:
    task = RatingTask(name="week 1", dimensions=("tempo",), min_heard_s=3, ask_confidence=True)
    RatingTasks(ws).save(task)
    free = TripletRater(ws)
    assert free.setup["tasks"] == ["week 1"]
    reply = send(free, "_start", rater="Ada", task="week 1")
    assert reply["trial"]["dimension"] == "tempo"
    assert reply["conditions"]["min_heard_ms"] == 3000
    assert reply["conditions"]["ask_confidence"]
    fixed = TripletRater(ws, task="week 1")
    assert (fixed.setup["task"], fixed.setup["dimension"]) == ("week 1", "tempo")
    assert not fixed.setup["is_open"]
    assert ws.judgements.history().empty
    with pytest.raises(UnknownNameError, match="week 2"):
        TripletRater(ws, task="week 2")


def test_the_odd_one_out_is_stored_as_two_linked_triplets(ws: Workspace) -> None:
    rater = TripletRater(ws, dimension="key", mode="odd_one_out")
    trial = send(rater, "_start", rater="Ada", device="speakers")["trial"]
    assert trial["odd_one_out"]
    given = reply_to(trial, "second", confidence=1)
    assert send(rater, "_answer", **given)["progress"]["session"] == 1
    table = ws.judgements.table()
    assert table["answer_id"].tolist() == [given["id"]] * 2
    assert table["device"].tolist() == ["speakers"] * 2
    assert send(rater, "_undo", id="u")["trial"] == trial
    assert ws.judgements.table().empty


def test_a_file_deleted_in_the_meantime_brings_another_triplet(ws: Workspace) -> None:
    rater = TripletRater(ws)
    trial = send(rater, "_start", rater="Ada")["trial"]
    assert send(rater, "_not_found", trial=trial["id"]) == {"there": True}
    lost = trial["clips"][2]["item"]
    ws.catalogue.media_path(lost).unlink()
    reply = send(rater, "_not_found", trial=trial["id"])
    assert lost not in {clip["item"] for clip in reply["trial"]["clips"]}
    assert f"item {lost} is gone" in reply["note"]


def test_an_answer_from_a_second_window_is_told_apart(ws: Workspace) -> None:
    one, two = TripletRater(ws), TripletRater(Workspace(ws.root))
    trial = send(one, "_start", rater="Ada")["trial"]
    assert send(two, "_start", rater="Ada")["trial"] == trial
    assert send(one, "_answer", **reply_to(trial, "left"))["refused"] == ""
    assert "another window" in send(two, "_answer", **reply_to(trial, "right"))["refused"]
    assert ws.judgements.count() == 1


@pytest.mark.parametrize("kept", [{"id": 1}, {"id": "x", "trial": [], "choice": {}}, "x", None, 5])
def test_damaged_answers_of_a_page_do_not_lock_the_rater_out(ws: Workspace, kept: object) -> None:
    reply = send(TripletRater(ws), "_start", rater="Ada", unsaved=[kept])
    assert reply["trial"]
    assert ws.judgements.count() == 0


def test_samplers_go_by_their_names(ws: Workspace) -> None:
    reply = send(TripletRater(ws, sampler="random"), "_start", rater="Ada")
    assert reply["trial"]
    with pytest.raises(UnknownNameError, match="no sampler 'dice'"):
        TripletRater(ws, sampler="dice")


def test_an_unknown_setting_is_refused(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="loudness"):
        TripletRater(ws, loudness=3)


def test_the_triplet_ahead_is_the_one_that_comes(ws: Workspace) -> None:
    rater = TripletRater(ws)
    first = send(rater, "_start", rater="Ada")["trial"]
    ahead = send(rater, "_ahead")["trial"]
    assert send(rater, "_next")["trial"] == first
    assert send(rater, "_answer", **reply_to(first))["trial"] == ahead


def test_the_page_is_told_no_titles(ws: Workspace) -> None:
    rater = TripletRater(ws)
    reply = send(rater, "_start", rater="Ada")
    assert TITLE not in json.dumps([reply, send(rater, "_ahead"), rater.setup])
    clip = reply["trial"]["clips"][1]
    assert clip["url"] == f"workbench/audio/{ws.id}/{clip['item']}"
    assert len(clip["peaks"]) == 800


def test_a_sound_that_cannot_be_played_is_passed_over_with_a_note(ws: Workspace) -> None:
    rater = TripletRater(ws)
    trial = send(rater, "_start", rater="Ada")["trial"]
    item = trial["clips"][0]["item"]
    reply = send(rater, "_cannot_play", trial=trial["id"], item=item)
    assert item not in {clip["item"] for clip in reply["trial"]["clips"]}
    assert f"item {item} cannot be played" in reply["note"]


def test_too_few_songs_are_said_in_place(make_ws: Callable[[int], Workspace]) -> None:
    reply = send(TripletRater(make_ws(2)), "_start", rater="Ada")
    assert "workbench import" in reply["empty"]
    assert "trial" not in reply


def test_when_nothing_is_left_it_says_so_and_undo_still_works(
    make_ws: Callable[[int], Workspace],
) -> None:
    rater = TripletRater(make_ws(3), dimension="key")
    reply = send(rater, "_start", rater="Ada", dimension="key")
    for _ in range(3):
        last = reply["trial"]
        reply = send(rater, "_answer", **reply_to(last))
    assert "Nothing is left to ask about key" in reply["empty"]
    assert reply["progress"]["session"] == 3
    assert send(rater, "_undo", id="u")["trial"] == last


def test_a_rater_without_a_name_is_asked_for_one(ws: Workspace) -> None:
    assert "name" in send(TripletRater(ws), "_start", rater="  ")["error"]
    assert rows(ws, Session) == 0


def test_every_command_answers_even_when_something_breaks(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rater = TripletRater(ws)
    assert "Start" in send(rater, "_answer", id="1", trial="tempo:1:2:3", choice="left")["error"]
    trial = send(rater, "_start", rater="Ada")["trial"]
    assert "damaged" in send(rater, "_answer")["refused"]  # no id, no trial

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(ws.judgements, "append_all", fail)
    reply = send(rater, "_answer", **reply_to(trial))
    assert "secret" not in reply["error"]


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_a_locked_database_leaves_the_answer_unsettled(ws: Workspace) -> None:
    import sqlite3

    from workbench.catalogue.database import Database

    rater = TripletRater(ws)
    given = reply_to(send(rater, "_start", rater="Ada")["trial"])
    impatient = Database(str(ws.database.url), busy_timeout_s=0.05)
    rater._session._log._database = impatient  # type: ignore[union-attr]
    with sqlite3.connect(ws.root / "workbench.sqlite") as other:
        other.execute("BEGIN IMMEDIATE")
        reply = send(rater, "_answer", **given)
    assert "locked" in reply["error"]
    assert "settled" not in reply
    assert send(rater, "_answer", **given)["settled"] == [given["id"]]


def test_commands_may_come_from_several_threads(ws: Workspace) -> None:
    rater = TripletRater(ws)
    given = reply_to(send(rater, "_start", rater="Ada")["trial"])
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: send(rater, "_answer", **given), range(12)))
    assert all(reply["settled"] == [given["id"]] for reply in replies)
    assert ws.judgements.count() == 1


def test_an_unknown_dimension_is_refused_at_once(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="colour"):
        TripletRater(ws, dimension="colour")


def test_the_page_loads_nothing_from_elsewhere() -> None:
    source = str(TripletRater._esm) + str(TripletRater._css)
    assert not re.search(r"^\s*import\b|\bimport\(|@import", source, re.MULTILINE)
    assert re.findall(r"https?://[^\"' ]+", source) == ["http://www.w3.org/2000/svg"] * 2
