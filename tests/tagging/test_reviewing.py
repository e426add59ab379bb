from __future__ import annotations

import math

import numpy as np
import pytest
from tone_tagger import KEY, TAGS

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import NotReadyError, UnknownNameError
from workbench.tagging.machine_tags import MachineTags
from workbench.tagging.reviewing import (
    confirmed,
    known_values,
    review_dimensions,
    review_queue,
    suggestions,
)
from workbench.tagging.reviews import ReviewLog, Verdict


@pytest.fixture
def said(tagged: Workspace) -> Workspace:
    """The workspace of tones with scores of all kinds."""
    store = MachineTags(tagged, KEY).store
    scores = np.random.default_rng(0).random(store.vectors.shape).astype(np.float32)
    store.write(store.ids, scores)
    return tagged


def judge(ws: Workspace, item_id: int, tag: tuple[str, str], verdict: str = "accepted") -> None:
    given = Verdict(
        item_id=item_id, dimension=tag[0], value=tag[1], verdict=verdict, reviewer="Ada"
    )
    ReviewLog(ws.database).append(given)


def naive_queue(ws: Workspace, closed: set, dimension: str | None = None) -> list[int]:
    """Every item, every tag, one after the other."""
    tags, entropies = MachineTags(ws, KEY), {}
    for item_id in tags.ids.tolist():
        bits = []
        for tag, score in zip(TAGS, tags.scores([item_id])[0].tolist(), strict=True):
            asked = dimension is None or tag.dimension == dimension
            if asked and score >= 0.25 and (item_id, *tag) not in closed:
                bits.append(-score * math.log2(score) - (1 - score) * math.log2(1 - score))
        if bits:
            entropies[item_id] = sum(bits) / len(bits)
    return sorted(entropies, key=lambda item_id: -entropies[item_id])


@pytest.mark.parametrize("dimension", [None, "mood"])
def test_the_most_uncertain_item_comes_first_and_settled_ones_not_at_all(
    said: Workspace, dimension: str | None
) -> None:
    asked = {"tagger": KEY, "dimension": dimension}
    assert review_queue(said, **asked).index.tolist() == naive_queue(said, set(), dimension)
    closed = set()
    for item_id in (2, 7):
        for tag in TAGS:
            judge(said, item_id, tag, "accepted" if item_id == 2 else "rejected")
            closed.add((item_id, *tag))
    said.catalogue.annotate(5, tags=[TagValue("mood", "Calm", "manifest")])
    said.catalogue.annotate(6, tags=[TagValue("mood", "calm", "guess", weak=True)])
    closed.add((5, "mood", "calm"))  # a person said so; what was derived is no person's word
    found = review_queue(said, **asked)
    assert found.index.tolist() == naive_queue(said, closed, dimension)
    assert not {2, 7} & set(found.index)
    assert review_queue(said, **asked, count=3).index.tolist() == found.index.tolist()[:3]
    certain = review_queue(said, **asked, order="certain").index.tolist()
    assert certain == found.index.tolist()[::-1]
    assert review_queue(said, **asked, order="catalogue").index.is_monotonic_increasing


def test_a_verdict_taken_back_opens_the_suggestion_again(said: Workspace) -> None:
    before = review_queue(said, tagger=KEY)["open"]
    item = int(before.index[0])
    best = suggestions(said, item, tagger=KEY)[0]
    judge(said, item, (best.dimension, best.value))
    assert review_queue(said, tagger=KEY)["open"].get(item, 0) == before[item] - 1
    ReviewLog(said.database).undo("Ada")
    assert review_queue(said, tagger=KEY)["open"][item] == before[item]


def test_suggestions_come_by_score_and_say_what_is_known_of_them(said: Workspace) -> None:
    store = MachineTags(said, KEY).store
    scores = np.array(store.vectors)
    scores[0] = [0.9, 0.2, 0.6, 0.3, 0.7]
    store.write(store.ids, scores)
    said.catalogue.annotate(1, tags=[TagValue("instrument", "Whistle", "manifest")])
    judge(said, 1, ("mood", "bright"), "rejected")
    found = suggestions(said, 1, tagger=KEY)
    assert [(s.value, round(s.score, 1), s.verdict, s.known) for s in found] == [
        ("folk", 0.9, None, False),
        ("whistle", 0.7, None, True),
        ("bright", 0.6, "rejected", False),
        ("calm", 0.3, None, False),
    ]
    assert [s.value for s in found if s.is_open] == ["folk", "calm"]
    assert [s.value for s in suggestions(said, 1, tagger=KEY, dimension="mood")] == [
        "bright",
        "calm",
    ]


def test_songs_are_asked_about_before_their_tracks(said: Workspace) -> None:
    said.catalogue.join_song([1, 2], title="Both")
    assert not {1, 2} & set(review_queue(said, tagger=KEY).index)
    assert {1, 2} <= set(review_queue(said, tagger=KEY, kind=None).index)
    assert set(review_queue(said, tagger=KEY, kind="track").index) <= {1, 2}


def test_what_people_said_is_shown_and_their_words_are_offered(said: Workspace) -> None:
    said.catalogue.annotate(
        1,
        tags=[
            TagValue("genre", "Jazz", "manifest"),
            TagValue("mood", "dark", "guess", weak=True),
            TagValue("licence", "CC0", "manifest"),
        ],
    )
    judge(said, 1, ("mood", "calm"))
    assert confirmed(said, 1).to_numpy().tolist() == [
        ["genre", "Jazz", "manifest"],
        ["mood", "calm", "review"],
    ]
    assert known_values(said, "genre", tagger=KEY) == ["folk", "Jazz"]
    assert review_dimensions(said, KEY) == ["genre", "mood", "instrument", "era", "tempo", "key"]


def test_what_cannot_be_asked_is_one_sentence(said: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="knows nothing of 'tempo'; choose one of genre"):
        review_queue(said, tagger=KEY, dimension="tempo")
    with pytest.raises(UnknownNameError, match="no order 'random'"):
        review_queue(said, tagger=KEY, order="random")
    with pytest.raises(NotReadyError, match="workbench tag --tagger nobody-1"):
        review_queue(said, tagger="nobody-1")
