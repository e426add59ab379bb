from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
from synthetic import add_songs, judge

from workbench import Workspace
from workbench.errors import UnknownNameError
from workbench.subspaces.store import ModelCard
from workbench.training.judged import judged_triplets


@pytest.fixture
def songs(ws: Workspace) -> np.ndarray:
    return add_songs(ws, 8)


def card(**changes: object) -> ModelCard:
    columns = {"version": "v0001", "encoder": "descriptors-1", "head": "linear", "subspace_dim": 4}
    return ModelCard(**(columns | {"dimensions": ["genre", "tempo"]} | changes))  # type: ignore[arg-type]


def test_votes_on_one_triplet_are_joined_whichever_way_round_it_was_asked(
    ws: Workspace, songs: np.ndarray
) -> None:
    anchor, a, b = songs[:3]
    judge(ws, [("genre", anchor, a, b, "a")], rater="Ada")
    judge(ws, [("genre", anchor, b, a, "b")], rater="Ben")  # also for a
    judge(ws, [("genre", anchor, a, b, "b")], rater="Cid")
    judge(ws, [("genre", anchor, b, a, "cannot_tell")], rater="Dee")
    found = judged_triplets(ws, card())
    triplets = found.triplets["genre"]
    assert found.ids[triplets.rows].tolist() == [[anchor, a, b]]
    assert triplets.share.tolist() == [pytest.approx((1 + 1 + 0 + 0.5) / 4)]
    assert found.votes["genre"].tolist() == [4]
    assert found.answers == 3
    ceiling = found.ceiling["genre"]
    assert (ceiling.k, ceiling.n) == (1, 3)  # of Ada-Ben, Ada-Cid, Ben-Cid


def test_shares_votes_and_agreement_are_those_of_a_loop(ws: Workspace, songs: np.ndarray) -> None:
    """Of eight triplets, too few to learn who is right; some raters are asked twice."""
    rng = np.random.default_rng(0)
    said: dict[tuple[int, int, int], list[str]] = defaultdict(list)
    asked = list(itertools.islice(itertools.permutations(songs[:5], 3), 14))
    assert len({(x, *sorted((a, b))) for x, a, b in asked}) == 8
    for rater in ("Ada", "Ben", "Cid", "Dee"):
        answers, first = [], set()
        for anchor, a, b in asked:
            choice = rng.choice(["a", "b", "cannot_tell", "skip"])
            answers.append(("tempo", anchor, a, b, choice))
            key = (anchor, min(a, b), max(a, b))
            if choice == "skip" or key in first:
                continue
            first.add(key)
            nearer = {"a": a, "b": b}.get(choice, "?")
            said[key].append(str(nearer))
        judge(ws, answers, rater=rater)
    found = judged_triplets(ws, card())
    triplets = found.triplets["tempo"]
    keys = [tuple(found.ids[row]) for row in triplets.rows]
    assert sorted(keys) == sorted(said)
    agree = pairs = 0
    for key, share, votes in zip(keys, triplets.share, found.votes["tempo"], strict=True):
        count = Counter(said[key])
        assert votes == count.total()
        assert share == pytest.approx((count[str(key[1])] + count["?"] / 2) / count.total())
        decided = [choice for choice in said[key] if choice != "?"]
        for one, other in itertools.combinations(decided, 2):
            pairs += 1
            agree += one == other
    assert (found.ceiling["tempo"].k, found.ceiling["tempo"].n) == (agree, pairs)
    assert pairs > 0
    assert found.ceiling["overall"] == found.ceiling["tempo"]


def test_what_was_undone_or_skipped_is_not_learned_from(ws: Workspace, songs: np.ndarray) -> None:
    anchor, a, b, c = songs[:4]
    kept, undone = judge(
        ws, [("genre", anchor, a, b, "a"), ("genre", anchor, a, c, "a")], rater="Ada"
    )
    judge(ws, [("genre", anchor, b, c, "skip")], rater="Ben")
    session = ws.judgements.table().set_index("id").loc[undone, "session_id"]
    assert ws.judgements.undo(session) == undone
    found = judged_triplets(ws, card())
    assert found.ids[found.triplets["genre"].rows].tolist() == [[anchor, a, b]]
    assert found.answers == 1
    assert found.watermark == kept


def test_other_dimensions_and_items_without_vectors_take_no_part(
    ws: Workspace, songs: np.ndarray
) -> None:
    silent = ws.catalogue.add_item(kind="song", domain="audio", title="Not embedded")
    judge(
        ws,
        [
            ("groove", songs[0], songs[1], songs[2], "a"),
            ("genre", songs[0], songs[1], silent, "a"),
            ("genre", songs[3], songs[4], songs[5], "b"),
        ],
    )
    found = judged_triplets(ws, card())
    assert list(found.triplets) == ["genre"]
    assert found.answers == 1
    assert found.ids.tolist() == songs[3:6].tolist()


def test_what_a_model_learned_from_already_is_told_apart(ws: Workspace, songs: np.ndarray) -> None:
    anchor, a, b, c = songs[:4]
    old = judge(ws, [("genre", anchor, a, b, "a"), ("tempo", anchor, a, b, "b")])
    judge(ws, [("genre", anchor, a, b, "a"), ("genre", anchor, a, c, "b")], rater="Ben")
    found = judged_triplets(ws, card(watermark=old[-1]))
    assert found.votes["genre"].tolist() == [2, 1]
    assert found.known_votes["genre"].tolist() == [1, 0]
    assert found.known_votes["tempo"].tolist() == [1]
    untaught = judged_triplets(ws, card())
    assert not any(votes.any() for votes in untaught.known_votes.values())


def test_an_empty_log_teaches_nothing(ws: Workspace, songs: np.ndarray) -> None:
    found = judged_triplets(ws, card())
    assert found.answers == 0
    assert found.triplets == {}
    assert found.watermark is None
    assert found.ceiling["overall"].n == 0


def test_a_repeat_is_no_second_rater(ws: Workspace, songs: np.ndarray) -> None:
    anchor, a, b = songs[:3]
    judge(ws, [("genre", anchor, a, b, "a"), ("genre", anchor, b, a, "a")], rater="Ada")
    judge(ws, [("genre", anchor, a, b, "a")], rater="Ben")
    found = judged_triplets(ws, card())
    assert found.votes["genre"].tolist() == [2]
    assert found.triplets["genre"].share.tolist() == [1.0]
    assert (found.ceiling["genre"].k, found.ceiling["genre"].n) == (1, 1)


def test_where_raters_overlap_the_better_ones_count_for_more(
    ws: Workspace, songs: np.ndarray
) -> None:
    rng = np.random.default_rng(1)
    asked = list(itertools.combinations(songs.tolist(), 3))
    for rater, accuracy in {"Ada": 0.95, "Ben": 0.95, "Cid": 0.5}.items():
        right = rng.random(len(asked)) < accuracy
        judge(
            ws,
            [("genre", *t, "a" if r else "b") for t, r in zip(asked, right, strict=True)],
            rater=rater,
        )
    share = judged_triplets(ws, card()).triplets["genre"].share
    one_against = np.sort(np.unique(share.round(3)))
    assert len(one_against) > 4  # more than the four shares that three votes can make
    assert np.abs(1 - share).mean() < 0.2


def test_excluded_sittings_take_no_part_and_are_named(ws: Workspace, songs: np.ndarray) -> None:
    anchor, a, b, c = songs[:4]
    judge(ws, [("genre", anchor, a, b, "a")], rater="Ada")
    judge(ws, [("genre", anchor, a, b, "b"), ("genre", anchor, a, c, "a")], rater="Ben")
    bens = ws.judgements.table().query("rater == 'Ben'")["session_id"].iloc[0]
    found = judged_triplets(ws, card(), excluding=[bens])
    assert found.answers == 1
    assert found.triplets["genre"].share.tolist() == [1.0]
    assert found.excluded == (bens,)
    with pytest.raises(UnknownNameError, match="There is no sitting 'nobody'"):
        judged_triplets(ws, card(), excluding=["nobody"])
