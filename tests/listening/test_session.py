from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from workbench import Workspace
from workbench.audio.decode import encode
from workbench.catalogue.media import describe_audio
from workbench.catalogue.tables import Claim, Session, now
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.judgements.rows import Triplet
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask


def looks(trial: object) -> tuple[object, ...]:
    return tuple(getattr(trial, name) for name in ("id", "clips"))


def sitting(
    ws: Workspace, rater: str, *, seed: int | None = None, **settings: Any
) -> RatingSession:
    """A sitting that asks nothing twice, unless it is told to."""
    task = RatingTask(**({"repeats": 0.0, "gold": 0.0} | settings))
    return RatingSession(ws, rater=rater, task=task, seed=seed)


def let_claims_expire(ws: Workspace) -> None:
    with ws.database.write() as transaction:
        transaction.execute(sa.update(Claim).values(expires_at=now() - timedelta(seconds=1)))


def test_a_trial_stays_until_it_is_answered(ws: Workspace) -> None:
    session = sitting(ws, "Ada", seed=1)
    first = session.next()
    assert looks(session.next()) == looks(first)
    session.answer(first, "a")
    assert session.next().id != first.id


def test_sides_are_drawn_by_lot_and_stored(ws: Workspace) -> None:
    session = sitting(ws, "Ada", seed=1)
    sides = Counter()
    for _ in range(40):
        trial = session.next()
        a, b = Triplet.parse(trial.id).items[1:]
        shown = (a, b) if trial.open.a_is_left else (b, a)
        assert (trial.left.item_id, trial.right.item_id) == shown
        session.answer(trial, "left")
        sides[trial.open.a_is_left] += 1
    table = ws.judgements.table()
    assert min(sides.values()) > 10
    assert (table["choice"] == table["a_is_left"].map({True: "a", False: "b"})).all()


@pytest.mark.parametrize("a_is_left", [True, False])
def test_what_was_heard_is_stored_by_candidate(ws: Workspace, a_is_left: bool) -> None:
    session = sitting(ws, "Ada", seed=1, min_heard_s=0.0)
    while (trial := session.next()).open.a_is_left != a_is_left:
        session.answer(trial, "skip")
    trace = [{"heard_ms": ms, "plays": 1, "switches": ms - 1} for ms in (1, 2, 3)]
    session.answer(trial, "cannot_tell", confidence=2, response_ms=900, trace=trace)
    row = ws.judgements.table().iloc[-1]
    a, b = (1, 2) if a_is_left else (2, 1)
    expected = {
        role: {
            "place": place,
            "start_s": trial.clips[place].start_s,
            "length_s": trial.clips[place].length_s,
            "gain_db": trial.clips[place].gain_db,
            "needed_ms": 0,
            "heard_ms": place + 1,
            "plays": 1,
            "switches": place,
        }
        for role, place in {"anchor": 0, "a": a, "b": b}.items()
    }
    assert row["clips"] == expected
    assert (row["response_ms"], row["choice"], row["confidence"]) == (900, "cannot_tell", 2)
    assert row["clip_length_s"] == 10.0


def test_what_was_not_heard_is_not_judged(ws: Workspace) -> None:
    session = sitting(ws, "Ada", min_heard_s=1.0)
    trial = session.next()
    trace = [{"heard_ms": ms} for ms in (1000, 1000, 500)]
    with pytest.raises(NotReadyError, match="Hear all three"):
        session.answer(trial, "left", trace=trace)
    assert ws.judgements.count() == 0
    assert session.answer(trial, "skip", trace=trace)
    trial = session.next()
    assert session.answer(trial, "left", trace=[{"heard_ms": 1000}] * 3)
    assert ws.judgements.table()["clips"].iloc[-1]["a"]["needed_ms"] == 1000


@pytest.mark.parametrize("ms", ["x", 1e30, -5, float("nan"), None])
def test_a_response_time_that_is_none_does_no_harm(ws: Workspace, ms: object) -> None:
    session = sitting(ws, "Ada")
    session.answer(session.next(), "a", response_ms=ms)  # type: ignore[arg-type]
    stored = ws.judgements.table()["response_ms"].iloc[0]
    assert stored is None or np.isnan(stored) or 0 <= stored <= 10**8


def test_a_silent_song_is_not_asked_about(ws: Workspace) -> None:
    file = ws.root / "media" / "silence.wav"
    encode(file, np.zeros((1, 16000), np.float32), 8000)
    silent = ws.catalogue.add_item(
        kind="song", domain="audio", title="Silence", media=describe_audio(file)
    )
    session = sitting(ws, "Ada", dimensions=("genre",), sampler="random")
    for _ in range(30):
        trial = session.next()
        assert silent not in Triplet.parse(trial.id).items
        session.answer(trial, "a")


def test_the_same_answer_sent_twice_is_stored_once(ws: Workspace) -> None:
    session = sitting(ws, "Ada")
    trial = session.next()
    assert session.answer(trial, "a", judgement_id="once")
    assert not session.answer(trial.id, "a", judgement_id="once")
    assert ws.judgements.count() == 1


def test_nothing_is_asked_twice(ws: Workspace) -> None:
    asked = []
    for rater in ("Ada", "Bob", "Ada"):
        session = sitting(ws, rater, dimensions=("genre",))
        for _ in range(30):
            trial = session.next()
            asked.append(trial.id)
            session.answer(trial, "a")
    assert max(Counter(asked).values()) == 1


def test_everything_is_asked_and_then_said_to_be_done(make_ws: Callable[..., Workspace]) -> None:
    ws = make_ws(4)
    session = sitting(
        ws,
        "Ada",
        dimensions=(
            "genre",
            "tempo",
        ),
    )
    asked = set()
    for _ in range(2 * 4 * 3):  # dimensions x anchors x pairs of the other three
        trial = session.next()
        asked.add(trial.id)
        session.answer(trial, "b")
    assert len(asked) == 24
    with pytest.raises(NotReadyError, match="Nothing is left to ask about genre and tempo"):
        session.next()
    with pytest.raises(NotReadyError):
        sitting(ws, "Bob", dimensions=("genre",)).next()
    overlapping = sitting(ws, "Bob", dimensions=("genre",), raters=2)
    assert overlapping.next().id in asked


def test_raters_at_the_same_time_get_different_triplets(make_ws: Callable[..., Workspace]) -> None:
    ws = make_ws(6)

    def rate(rater: str) -> list[str]:
        session, asked = sitting(ws, rater, dimensions=("tempo",)), []
        try:
            while True:
                trial = session.next()
                session.ahead()
                session.answer(trial, "a")
                asked.append(trial.id)
        except NotReadyError:
            return asked

    with ThreadPoolExecutor(3) as pool:
        asked = list(chain.from_iterable(pool.map(rate, ["Ada", "Bob", "Cleo"])))
    assert len(asked) == len(set(asked)) == ws.judgements.count() == 6 * 10


def test_dimensions_take_turns(ws: Workspace) -> None:
    session = sitting(
        ws,
        "Ada",
        dimensions=(
            "genre",
            "tempo",
            "key",
        ),
        turn=2,
    )
    asked = []
    for _ in range(8):
        trial = session.next()
        asked.append(trial.dimension)
        session.answer(trial, "a")
    assert asked == ["genre", "genre", "tempo", "tempo", "key", "key", "genre", "genre"]
    assert session.progress.by_dimension == {"genre": 4, "tempo": 2, "key": 2}


def test_all_dimensions_of_the_workspace_are_asked_about_by_default(ws: Workspace) -> None:
    session = sitting(ws, "Ada")
    assert session.dimensions == ["genre", "mood", "instrument", "era", "tempo", "key"]
    assert "kind of music" in session.next().question


def test_the_trial_ahead_is_the_next_one(ws: Workspace) -> None:
    session = sitting(ws, "Ada")
    first, ahead = session.next(), session.ahead()
    assert ahead is not None
    assert ahead.id != first.id
    assert looks(session.ahead()) == looks(ahead)
    assert looks(session.next()) == looks(first)
    session.answer(first, "a")
    assert looks(session.next()) == looks(ahead)


def test_undo_shows_the_trial_again_on_the_same_sides(ws: Workspace) -> None:
    session = sitting(ws, "Ada")
    trials = []
    for _ in range(4):
        trials.append(session.next())
        session.ahead()
        session.answer(trials[-1], "a")
    waiting = session.next()
    for trial in reversed(trials):
        assert session.undo()
        assert looks(session.next()) == looks(trial)
    assert not session.undo()
    assert ws.judgements.count() == 0
    for trial in trials:  # and forward again, in the old order
        assert session.next().id == trial.id
        session.answer(trial, "b")
    assert session.next().id == waiting.id
    assert ws.judgements.table()["choice"].tolist() == ["b"] * 4


def test_opening_again_resumes_the_trial_and_the_sitting(ws: Workspace) -> None:
    session = sitting(ws, "Ada")
    session.answer(session.next(), "a")
    session.answer(session.next(), "skip")
    open_trial = session.next()
    again = sitting(Workspace(ws.root), " Ada ")
    assert looks(again.next()) == looks(open_trial)
    assert again.id == session.id
    assert (again.progress.session, again.progress.skipped, again.progress.today) == (1, 1, 1)
    assert again.undo()


def test_another_rater_resumes_nothing(ws: Workspace) -> None:
    adas = sitting(ws, "Ada")
    bobs = sitting(ws, "Bob")
    assert adas.next().id != bobs.next().id
    assert adas.id != bobs.id
    adas.answer(adas.next(), "a")
    assert bobs.progress.session == bobs.progress.today == 0


def test_a_new_sitting_begins_when_the_last_one_is_over(ws: Workspace) -> None:
    first = sitting(ws, "Ada")
    first.answer(first.next(), "a")
    first.next()
    let_claims_expire(ws)
    second = sitting(ws, "Ada")
    assert second.id != first.id
    assert (second.progress.session, second.progress.today) == (0, 1)


def test_an_expired_triplet_goes_to_another_rater_but_a_late_answer_is_kept(
    make_ws: Callable[..., Workspace],
) -> None:
    ws = make_ws(3)
    adas = sitting(ws, "Ada", dimensions=("tempo",))
    bobs = sitting(ws, "Bob", dimensions=("tempo",))
    left_open = adas.next()
    let_claims_expire(ws)
    got = set()
    for _ in range(3):
        trial = bobs.next()
        got.add(trial.id)
        bobs.answer(trial, "a")
    assert left_open.id in got
    assert adas.answer(left_open, "b")
    assert ws.judgements.count() == 4


def test_an_answer_for_a_triplet_that_went_away_is_explained(
    make_ws: Callable[..., Workspace],
) -> None:
    ws = make_ws(3)
    left_open = sitting(ws, "Ada", dimensions=("tempo",)).next()
    let_claims_expire(ws)
    bobs = sitting(ws, "Bob", dimensions=("tempo",))
    for _ in range(3):
        bobs.answer(bobs.next(), "a")
    restarted = sitting(ws, "Ada", dimensions=("tempo",))
    with pytest.raises(NotReadyError, match="another rater"):
        restarted.answer(left_open.id, "a")


def test_a_second_window_of_the_same_rater_does_not_judge_twice(ws: Workspace) -> None:
    one, two = sitting(ws, "Ada"), sitting(ws, "Ada")
    trial = one.next()
    assert two.next().id == trial.id
    assert one.answer(trial, "a")
    assert not two.answer(trial, "b")
    assert ws.judgements.table()["choice"].tolist() == ["a"]


def test_a_deleted_sound_is_passed_over_with_a_note(make_ws: Callable[..., Workspace]) -> None:
    ws = make_ws(4)
    session = sitting(ws, "Ada", dimensions=("genre",))
    lost = session.next().anchor.item_id
    ws.catalogue.media_path(lost).unlink()
    trial = session.next()
    assert lost not in Triplet.parse(trial.id).items
    assert f"item {lost} is gone" in session.take_notes()
    assert session.take_notes() == ""


def test_a_sound_the_page_cannot_play_is_passed_over(make_ws: Callable[..., Workspace]) -> None:
    ws = make_ws(4)
    session = sitting(ws, "Ada", dimensions=("genre",))
    trial = session.next()
    session.cannot_play(trial.id, trial.left.item_id)
    seen = set()
    for _ in range(3):
        trial_now = session.next()
        seen.update(Triplet.parse(trial_now.id).items)
        session.answer(trial_now, "a")
    assert trial.left.item_id not in seen
    assert "cannot be played" in session.take_notes()
    with pytest.raises(NotReadyError):
        session.next()


def test_too_few_songs_are_explained(make_ws: Callable[..., Workspace]) -> None:
    session = sitting(make_ws(2), "Ada")
    with pytest.raises(NotReadyError, match="there are 2"):
        session.next()


def test_bad_settings_are_refused(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="colour"):
        sitting(ws, "Ada", dimensions=("colour",))
    for settings in ({"rater": "  "}, {"rater": "x" * 81}, {"rater": "Ada", "device": "radio"}):
        with pytest.raises(WorkbenchError):
            RatingSession(ws, **settings)
    with ws.database.read() as transaction:
        assert transaction.scalar(sa.select(sa.func.count()).select_from(Session)) == 0


def test_a_misspelt_answer_is_refused_and_the_trial_stays(ws: Workspace) -> None:
    session = sitting(ws, "Ada")
    trial = session.next()
    with pytest.raises(UnknownNameError):
        session.answer(trial, "c")
    assert session.next().id == trial.id


_RATE_FOREVER = """
import sys
from workbench import Workspace
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask
task = RatingTask(dimensions=("genre",), repeats=0, gold=0)
session = RatingSession(Workspace(sys.argv[1]), rater="Ada", task=task)
while True:
    trial = session.next()
    print("shown", trial.id, trial.open.a_is_left, flush=True)
    session.ahead()
    session.answer(trial, "a")
    print("stored", trial.id, flush=True)
"""


@pytest.mark.parametrize("lines", [7, 12, 18])
def test_a_killed_process_loses_no_acknowledged_answer_and_its_trial_resumes(
    ws: Workspace, lines: int
) -> None:
    command = [sys.executable, "-c", _RATE_FOREVER, str(ws.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split() for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        said += [line.split() for line in process.stdout.read().splitlines()]
    table = ws.judgements.table()
    stored = [Triplet(*row).id for row in table[["dimension", "anchor_id", "a_id", "b_id"]].values]
    acknowledged = [line[1] for line in said if line[0] == "stored"]
    assert stored[: len(acknowledged)] == acknowledged
    assert len(stored) <= len(acknowledged) + 1  # one may be on disk that was not yet said to be
    last = [line for line in said if line[0] == "shown"][-1]
    resumed = sitting(ws, "Ada", dimensions=("genre",))
    assert resumed.progress.session == len(stored)
    if last[1] not in stored:
        trial = resumed.next()
        assert [trial.id, str(trial.open.a_is_left)] == last[1:]
