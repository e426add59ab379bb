from __future__ import annotations

from collections.abc import Callable

from workbench import Workspace
from workbench.judgements.claims import Claims
from workbench.judgements.log import Answer

Make = Callable[..., Answer]


def standing(ws: Workspace) -> list[tuple[int, str]]:
    table = ws.judgements.table()
    return list(zip(table["b_id"].tolist(), table["choice"].tolist(), strict=True))


def test_redo_walks_forward_through_what_was_undone(ws: Workspace, answer: Make) -> None:
    answers = [answer(b_id=item, choice=c) for item, c in zip((3, 4, 5), "aba", strict=True)]
    ws.judgements.append_all(answers)
    session_id = answers[0].session_id
    for _ in range(3):
        ws.judgements.undo(session_id)
    seen = []
    while ws.judgements.redo(session_id):
        seen.append(standing(ws))
    assert seen == [[(3, "a")], [(3, "a"), (4, "b")], [(3, "a"), (4, "b"), (5, "a")]]
    assert len(ws.judgements.history()) == 9  # nothing is ever taken out


def test_undo_and_redo_go_back_and_forth(ws: Workspace, answer: Make) -> None:
    first, second = answer(b_id=3), answer(b_id=4)
    ws.judgements.append_all([first, second])
    session_id = first.session_id
    for _ in range(3):
        assert ws.judgements.undo(session_id)
        assert standing(ws) == [(3, "a")]
        assert ws.judgements.redo(session_id)
        assert standing(ws) == [(3, "a"), (4, "a")]
    assert ws.judgements.redo(session_id) is None


def test_a_fresh_answer_ends_what_can_be_redone(ws: Workspace, answer: Make) -> None:
    first, fresh = answer(b_id=3), answer(b_id=4)
    ws.judgements.append(first)
    ws.judgements.undo(first.session_id)
    ws.judgements.append(fresh)
    assert ws.judgements.redo(first.session_id) is None
    assert standing(ws) == [(4, "a")]


def test_a_redo_sent_twice_redoes_once(ws: Workspace, answer: Make) -> None:
    first, second = answer(b_id=3), answer(b_id=4)
    ws.judgements.append_all([first, second])
    for _ in range(2):
        ws.judgements.undo(first.session_id)
    assert ws.judgements.redo(first.session_id, id="r") == ws.judgements.redo(
        first.session_id, id="r"
    )
    assert standing(ws) == [(3, "a")]


def test_redo_lets_go_of_the_triplet_that_undo_opened(ws: Workspace, answer: Make) -> None:
    given = answer()
    ws.judgements.append(given)
    claims = Claims(ws.database)
    ws.judgements.undo(given.session_id)
    assert [each.triplet for each in claims.open("Ada", ["tempo"])] == [given.triplet]
    ws.judgements.redo(given.session_id)
    assert claims.open("Ada", ["tempo"]) == []


def test_other_sittings_have_nothing_to_redo(ws: Workspace, answer: Make) -> None:
    given = answer()
    ws.judgements.append(given)
    ws.judgements.undo(given.session_id)
    other = ws.judgements.open_session("Ada")
    assert ws.judgements.redo(other) is None
    assert standing(ws) == []
