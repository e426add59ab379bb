from __future__ import annotations

import numpy as np
import pytest
from tone_tagger import KEY

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.tagging.machine_tags import MachineTags
from workbench.tagging.review_session import ReviewSession
from workbench.tagging.reviewing import review_queue
from workbench.tagging.reviews import ReviewLog


@pytest.fixture
def three(tagged: Workspace) -> Workspace:
    """Three songs with two suggestions each, the second one the least decided, then the third."""
    store = MachineTags(tagged, KEY).store
    rows = [[0.9, 0, 0, 0.9, 0], [0.5, 0, 0, 0.5, 0], [0.7, 0, 0, 0.7, 0]]
    store.write(np.array([1, 2, 3]), np.array(rows, np.float32))
    return tagged


@pytest.fixture
def session(three: Workspace) -> ReviewSession:
    return ReviewSession(three, reviewer="Ada")


def settle(session: ReviewSession) -> None:
    item = session.show()
    for suggestion in item.suggestions:
        session.judge(item.item_id, suggestion.dimension, suggestion.value, "accepted")


def test_an_item_stays_until_the_reviewer_goes_on(session: ReviewSession) -> None:
    assert session.show().item_id == session.show().item_id == 2
    settle(session)
    assert session.show().item_id == 2
    assert (session.progress.session, session.progress.left) == (2, 2)
    assert session.go_on().item_id == 3
    assert session.go_on().item_id == 1
    assert session.progress.left == 1


def test_what_was_passed_over_comes_again_when_asked_for(session: ReviewSession) -> None:
    session.show()
    session.go_on()
    session.go_on()
    with pytest.raises(NotReadyError, match="Only what you passed over is left"):
        session.go_on()
    assert session.look_again().item_id == 2


def test_when_all_is_judged_the_sentence_says_so(session: ReviewSession) -> None:
    for _ in range(2):
        settle(session)
        session.go_on()
    settle(session)
    with pytest.raises(NotReadyError, match=r"Nothing is left .* `workbench tag`"):
        session.go_on()


def test_a_verdict_says_what_the_machine_thought_and_an_own_idea_does_not(
    three: Workspace, session: ReviewSession
) -> None:
    session.judge(2, "genre", "FOLK", "accepted", id="one")
    session.judge(2, "genre", "FOLK", "accepted", id="one")
    item = session.judge(2, "era", "1950s", "accepted")
    table = ReviewLog(three.database).table()
    assert table["value"].tolist() == ["folk", "1950s"]
    assert table[["tagger", "score"]].to_numpy()[0].tolist() == [KEY, 0.5]
    assert table[["tagger", "score"]].loc[1].isna().all()
    assert item.confirmed == [("genre", "folk", "review"), ("era", "1950s", "review")]
    assert [s.verdict for s in item.suggestions] == ["accepted", None]


def test_undo_comes_back_to_the_item_and_then_goes_on_where_it_was(
    session: ReviewSession,
) -> None:
    session.judge(2, "genre", "folk", "rejected")
    assert session.go_on().item_id == 3
    item, undone = session.undo() or pytest.fail("nothing was undone")
    assert (item.item_id, undone.value, undone.verdict) == (2, "folk", "rejected")
    assert all(suggestion.is_open for suggestion in item.suggestions)
    assert session.undo() is None
    assert session.go_on().item_id == 3


def test_what_another_reviewer_has_settled_meanwhile_is_not_shown(
    three: Workspace, session: ReviewSession
) -> None:
    settle(ReviewSession(three, reviewer="Ben"))
    assert session.show().item_id == 3


def test_only_the_dimension_asked_about_is_shown(three: Workspace) -> None:
    session = ReviewSession(three, reviewer="Ada", dimension="mood")
    assert [s.value for s in session.show().suggestions] == ["calm"]
    with pytest.raises(UnknownNameError, match="knows nothing of 'tempo'"):
        ReviewSession(three, reviewer="Ada", dimension="tempo")


def test_what_cannot_be_is_one_sentence(
    ws: Workspace, session: ReviewSession, three: Workspace
) -> None:
    with pytest.raises(NotReadyError, match="run `workbench tag` first"):
        ReviewSession(Workspace.create(three.root / "other"), reviewer="Ada")
    with pytest.raises(WorkbenchError, match="give your name"):
        ReviewSession(three, reviewer=" ")
    with pytest.raises(UnknownNameError, match="'licence' is no dimension"):
        session.judge(2, "licence", "CC0", "accepted")
    assert review_queue(three, tagger=KEY)["open"].tolist() == [2, 2, 2]
