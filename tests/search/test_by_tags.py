"""More with these tags: scores against a loop over items and tags, and who says what."""

from __future__ import annotations

import numpy as np
import pytest
from heard import store_heard

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.by_tags import DERIVED, MACHINE, PERSON, more_with_tags, tags_of_item
from workbench.search.filters import Filters

NAMES = (("mood", "calm"), ("mood", "dreamy"), ("genre", "Jazz"))


@pytest.fixture
def songs(ws: Workspace) -> Workspace:
    """Thirty songs that people, derivation and a machine tagged at random."""
    rng = np.random.default_rng(0)
    for number in range(30):
        tags = [
            TagValue(*name, "test", weak=bool(rng.random() < 0.3))
            for name in NAMES
            if rng.random() < 0.4
        ]
        tags.append(TagValue("tempo", "90", "test", number=90))
        kind = "song" if number % 3 else "track"
        ws.catalogue.add_item(kind=kind, domain="audio", title=f"S{number}", tags=tags)
    store_heard(ws, {name: rng.random(30) for name in (*NAMES[:2], ("mood", "loud"))})
    return ws


def naive(ws: Workspace, chosen, *, machine: bool, threshold: float = 0.5) -> dict[int, float]:
    from workbench.tagging.machine_tags import newest

    tags, stored = ws.catalogue.tags(), newest(ws)
    found = {}
    for item in ws.catalogue.items().index:
        counts = []
        for dimension, value in chosen:
            mine = tags[(tags["item_id"] == item) & (tags["dimension"] == dimension)]
            mine = mine[mine["value"].str.lower() == value.lower()]
            count = 0.0
            if machine and (dimension, value) in stored.tags:
                score = stored.of(dimension, value)[item]
                count = float(score) if score >= threshold else 0.0
            if len(mine):
                count = 0.5 if mine["weak"].all() else 1.0
            counts.append(count)
        found[int(item)] = sum(counts) / len(counts)
    return {item: score for item, score in found.items() if score > 0}


@pytest.mark.parametrize("machine", [False, True])
@pytest.mark.parametrize("chosen", [NAMES, NAMES[:1], (("genre", "jazz"), ("mood", "calm"))])
def test_scores_are_means_over_the_chosen_tags(songs: Workspace, chosen, machine: bool) -> None:
    found = more_with_tags(songs, chosen, machine=machine, count=99)
    expected = naive(songs, chosen, machine=machine)
    assert found["score"].to_dict() == pytest.approx(expected)
    assert found["score"].is_monotonic_decreasing


def test_people_come_before_machines_and_thresholds_count(songs: Workspace) -> None:
    found = more_with_tags(songs, NAMES, machine=True, threshold=0.9, count=99)
    assert found["score"].to_dict() == pytest.approx(
        naive(songs, NAMES, machine=True, threshold=0.9)
    )
    tags = songs.catalogue.tags()
    for item, said in found["said"].items():
        for tag in said:
            mine = tags[(tags["item_id"] == item) & (tags["value"] == tag.value)]
            by = MACHINE if mine.empty else DERIVED if mine["weak"].all() else PERSON
            assert tag.by == by


def test_the_item_and_its_family_are_left_out_and_filters_hold(songs: Workspace) -> None:
    part = songs.catalogue.add_item(
        kind="track", domain="audio", title="part", parent_id=2,
        tags=[TagValue("mood", "calm", "test")],
    )  # fmt: skip
    every = more_with_tags(songs, NAMES, count=99)
    assert {2, part} & set(every.index)
    others = more_with_tags(songs, NAMES, item=2, count=99)
    assert set(others.index) == set(every.index) - {2, part}
    songs_only = more_with_tags(songs, NAMES, filters=Filters(kinds=("song",)), count=3)
    assert set(songs_only["kind"]) == {"song"}
    assert len(songs_only) == 3


def test_the_tags_of_an_item_say_who_gave_them(ws: Workspace) -> None:
    item = ws.catalogue.add_item(
        kind="song", domain="audio", title="A",
        tags=[
            TagValue("mood", "Calm", "person"),
            TagValue("genre", "jazz", "guessed", weak=True),
            TagValue("tempo", "90", "person", number=90),
        ],
    )  # fmt: skip
    store_heard(ws, {("mood", "calm"): [0.9], ("mood", "dreamy"): [0.7], ("mood", "loud"): [0.1]})
    people = [(t.value, t.by, t.score) for t in tags_of_item(ws, item)]
    assert people == [("Calm", PERSON, 1.0), ("jazz", DERIVED, 0.5)]
    heard = tags_of_item(ws, item, machine=True)
    assert [(t.value, t.by) for t in heard] == [
        ("Calm", PERSON),
        ("jazz", DERIVED),
        ("dreamy", MACHINE),
    ]
    assert heard[2].score == pytest.approx(0.7)
    assert "loud" in [t.value for t in tags_of_item(ws, item, machine=True, threshold=0.05)]


def test_nothing_chosen_and_nobody_are_sentences(songs: Workspace) -> None:
    with pytest.raises(WorkbenchError, match="switch on at least one"):
        more_with_tags(songs, [])
    with pytest.raises(UnknownNameError, match="no item 999"):
        tags_of_item(songs, 999)
    assert more_with_tags(songs, [("mood", "unheard of")], machine=True).empty
