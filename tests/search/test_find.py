"""What is found, against a plain loop over all items with explicit distances and filters."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.catalogue.tables import Assembly, SubmixPart, Use
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.search.filters import Filters
from workbench.search.find import explain, find
from workbench.search.rankings import rate
from workbench.search.subspaces import read_subspaces, subspace_blocks, write_subspaces
from workbench.vectors.indexed import build_indexes


def distances(ws: Workspace, query: int) -> dict[int, dict[str, float]]:
    """Return the distance of every item to one in each subspace."""
    store, blocks = read_subspaces(ws)
    x = store.rows([query])[0].astype(float)
    return {
        int(item): {
            name: float(np.linalg.norm(x[block] - np.array(y[block], dtype=float)))
            for name, block in blocks.items()
        }
        for item, y in zip(store.ids, np.array(store.vectors), strict=True)
    }


def naive(
    ws: Workspace,
    query: int,
    weights: dict[str, float],
    allowed: Callable[[int], bool] = lambda item: True,
) -> list[tuple[float, int]]:
    """Return (relevance, item) of all others, best first; unlike is close to the opposite."""
    items = ws.catalogue.items()
    size = sum(map(abs, weights.values()))
    far = distances(ws, query)
    found = []
    for item in items.index.tolist():
        related = {item, items.parent_id[item]} & {query} or items.parent_id[query] == item
        if related or not allowed(item):
            continue
        squared = 0.0
        for name, d in far[item].items():
            weight = weights.get(name, 0.0)
            squared += abs(weight) / size * (d**2 if weight > 0 else 4 - d**2)
        found.append((1 - squared**0.5 / 2, item))
    return sorted(found, key=lambda pair: (-pair[0], pair[1]))


@pytest.mark.parametrize(
    "weights",
    [{"genre": 1.0}, {"tempo": 3.0, "key": 1.0, "mood": 0.0}, {"genre": 1, "key": -1}, {"era": -2}],
)
def test_the_nearest_are_those_of_a_plain_loop(
    fitted_once: Workspace, weights: dict[str, float]
) -> None:
    for query in (1, 8, 15):
        found = find(fitted_once, query, weights=weights, count=7)
        expected = naive(fitted_once, query, weights)[:7]
        assert found.index.tolist() == [item for _, item in expected]
        np.testing.assert_allclose(found["relevance"], [r for r, _ in expected], atol=1e-3)


def test_each_dimension_has_its_relevance_whatever_its_weight(fitted_once: Workspace) -> None:
    found = find(fitted_once, 8, weights={"genre": 1, "key": -1}, count=5)
    far = distances(fitted_once, 8)
    for item, row in found.iterrows():
        for name, distance in far[item].items():
            assert row[name] == pytest.approx(1 - distance / 2, abs=1e-3)


def test_by_default_all_dimensions_count_the_same(fitted_once: Workspace) -> None:
    names = fitted_once.models.card().dimensions
    by_default, by_name = (
        find(fitted_once, 3, weights=w, count=20) for w in (None, dict.fromkeys(names, 2.0))
    )
    assert by_default.index.tolist() == by_name.index.tolist()
    assert list(by_default.columns) == [
        *("title", "artist", "kind", "domain", "relevance", "percentile"),
        *names,
        *(f"{name} percentile" for name in names),
    ]


@pytest.mark.parametrize("count", [5, 60])  # few are compared one by one, many are sorted in
def test_percentile_is_the_share_of_those_allowed_that_is_further_away(
    fitted_once: Workspace, count: int
) -> None:
    weights = {"genre": 2.0, "mood": -1.0}
    tracks = fitted_once.catalogue.items().kind.eq("track")
    found = find(fitted_once, 8, weights=weights, filters=Filters(kinds=("track",)), count=count)
    everyone = {i: r for r, i in naive(fitted_once, 8, weights, tracks.__getitem__)}
    far = distances(fitted_once, 8)
    assert len(found) == min(count, len(everyone))
    for item, row in found.iterrows():
        further = [other for other in everyone.values() if other < everyone[item] - 1e-9]
        assert row["percentile"] == pytest.approx(len(further) / len(everyone), abs=0.02)
        further_by_era = [i for i in everyone if far[i]["era"] > far[item]["era"] + 1e-6]
        assert row["era percentile"] == pytest.approx(len(further_by_era) / len(everyone), abs=0.02)


def test_filters_choose_before_anything_is_ranked(fitted_once: Workspace) -> None:
    tags = fitted_once.catalogue.tags()
    jazz = set(tags[(tags.dimension == "genre") & (tags.value == "jazz")].item_id)
    slow = set(tags[(tags.dimension == "tempo") & (tags.number < 80)].item_id)
    tracks = fitted_once.catalogue.items().kind.eq("track")
    filters = Filters(kinds=("track",), tags={"genre": ("Jazz",)}, tempo_bpm=(50, 80))
    for query in (1, 8):
        found = find(fitted_once, query, filters=filters, count=99)
        names = fitted_once.models.card().dimensions
        expected = naive(
            fitted_once,
            query,
            dict.fromkeys(names, 1.0),
            lambda item: tracks[item] and item in jazz & slow,
        )
        assert found.index.tolist() == [item for _, item in expected]
        assert len(found) > 1


def test_the_query_its_parts_and_its_song_are_left_out_unless_asked_for(
    fitted_once: Workspace,
) -> None:
    part = int(fitted_once.catalogue.items(kind="track").index[3])
    song = int(fitted_once.catalogue.items().parent_id[part])
    for query in (song, part):
        assert not {song, part} & set(find(fitted_once, query, count=1000).index)
        with_own = find(fitted_once, query, count=1000, own=True)
        assert with_own.index[0] == query
        assert with_own["relevance"].iloc[0] == pytest.approx(1, abs=1e-3)
        assert len(with_own) == len(fitted_once.catalogue.items())


def test_members_of_a_submix_and_the_submix_leave_each_other_out(fitted: Workspace) -> None:
    submix = fitted.catalogue.add_item(kind="submix", domain="audio", title="Two of them")
    with fitted.database.write() as session:
        session.add_all([SubmixPart(submix_id=submix, item_id=i) for i in (2, 4)])
    source = fitted.vectors("descriptors-1")
    vectors = np.vstack([source.vectors, source.rows([2])])
    fitted.vectors("descriptors-1").write(np.append(source.ids, submix), vectors)
    assert not {2, 4} & set(find(fitted, submix, count=1000).index)
    assert submix not in find(fitted, 2, count=1000).index
    assert submix in find(fitted, 6, count=1000).index


def test_as_many_as_there_are_can_be_asked_for(fitted_once: Workspace) -> None:
    found = find(fitted_once, 3, count=1000)
    assert found["relevance"].is_monotonic_decreasing
    assert found["relevance"].between(0, 1).all()
    for count in (0, -5):
        assert len(find(fitted_once, 3, count=count)) == 0


@pytest.fixture
def equals(fitted: Workspace) -> Workspace:
    """A workspace in which all items have the same vector."""
    source = fitted.vectors("descriptors-1")
    vectors = np.array(source.vectors)
    vectors[:] = vectors[0]
    fitted.vectors("descriptors-1").write(source.ids, vectors)
    write_subspaces(fitted, fitted.models.load())
    return fitted


def test_of_equals_the_older_item_comes_first(equals: Workspace) -> None:
    others = [i for i in equals.catalogue.items().index.tolist() if i not in (3, 4)]
    assert find(equals, 4, count=100).index.tolist() == others
    assert find(equals, 4, count=5).index.tolist() == others[:5]


def test_of_equals_what_people_rank_higher_comes_first(equals: Workspace) -> None:
    find(equals, 4)  # reads the ranks as they are
    rate(equals, 50, 5)
    rate(equals, 30, 4)
    rate(equals, 1, 2)
    found = find(equals, 4, count=100).index.tolist()
    assert found[:3] == [50, 30, 2]
    assert found[-1] == 1


def test_what_was_used_is_known_to_the_next_search(fitted: Workspace) -> None:
    assert len(find(fitted, 1, filters=Filters(used=True))) == 0
    with fitted.database.write() as session:
        session.add(Assembly(id="a", title="A song", parts={}))
        session.flush()
        session.add(Use(assembly_id="a", item_id=7))
    assert find(fitted, 1, filters=Filters(used=True)).index.tolist() == [7]
    assert 7 not in find(fitted, 1, filters=Filters(used=False), count=99).index


def test_changes_of_the_catalogue_reach_the_next_search(fitted: Workspace) -> None:
    other = Workspace(fitted.root)  # as another program would
    filters = Filters(tags={"genre": ("polka",)})
    with pytest.raises(UnknownNameError, match="polka"):
        find(fitted, 1, filters=filters)
    other.catalogue.set_tags({9: [TagValue("genre", "Polka", "later")]})
    other.catalogue.annotate(9, title="Now a polka")
    assert find(fitted, 1, filters=filters)["title"].to_dict() == {9: "Now a polka"}


def test_an_unchanged_catalogue_is_read_once(
    fitted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(fitted, 1)
    monkeypatch.setattr("workbench.search.index._read", lambda session: pytest.fail("read again"))
    find(fitted, 2)
    with fitted.database.write() as session:  # of no interest to a search
        session.execute(sa.text("UPDATE items SET start_s = 0.0 WHERE id = 1"))
    find(fitted, 3)


def test_an_explanation_is_the_pair_in_every_dimension(fitted_once: Workspace) -> None:
    told = explain(fitted_once, 2, 9)
    assert told.index.tolist() == fitted_once.models.card().dimensions
    for name, distance in distances(fitted_once, 2)[9].items():
        assert told.relevance[name] == pytest.approx(1 - distance / 2, abs=1e-3)
    found = find(fitted_once, 2, count=1000).loc[9]
    for name in told.index:
        assert told.percentile[name] == pytest.approx(found[f"{name} percentile"])


@pytest.mark.parametrize(
    ("weights", "error", "reason"),
    [
        ({"loudness": 1.0}, UnknownNameError, "'loudness'; it knows genre, mood"),
        ({}, WorkbenchError, "above or below zero"),
        ({"genre": 0.0}, WorkbenchError, "above or below zero"),
        ({"genre": float("nan")}, WorkbenchError, "must be a number"),
        ({"genre": float("inf")}, WorkbenchError, "must be a number"),
    ],
)
def test_weights_that_mean_nothing_are_refused(
    fitted_once: Workspace, weights: dict[str, float], error: type[WorkbenchError], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        find(fitted_once, 1, weights=weights)


def test_an_item_that_is_not_there_or_not_embedded_is_told(fitted: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="no item 999"):
        find(fitted, 999)
    with pytest.raises(UnknownNameError, match="no item 999"):
        explain(fitted, 1, 999)
    silent = fitted.catalogue.add_item(kind="song", domain="audio", title="Later")
    with pytest.raises(NotReadyError, match="workbench embed"):
        find(fitted, silent)


def test_a_workspace_without_a_model_says_what_to_run(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench train heads"):
        find(ws, 1)


# -- asked of a team's database -----------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, {"tempo": 1.0}, {"genre": 0.7, "key": -0.3}])
@pytest.mark.parametrize("filters", [None, Filters(kinds=("song",))])
def test_a_machine_without_the_vectors_finds_the_same(
    fitted: Workspace, weights: dict[str, float] | None, filters: Filters | None
) -> None:
    item = int(fitted.catalogue.items().index[0])
    if fitted.database.is_sqlite:
        with pytest.raises(WorkbenchError, match="Only a team's PostgreSQL database"):
            find(fitted, item, approximate=True)
        return
    expected = find(fitted, item, weights=weights, filters=filters)
    shutil.rmtree(fitted.cache_folder)
    found = find(fitted, item, weights=weights, filters=filters, approximate=True)
    columns = [name for name in expected if "percentile" not in name]
    pd.testing.assert_frame_equal(found, expected[columns])
    store = fitted.vectors(f"model-{fitted.models.current()}")
    assert not store.is_fetched
    blocks = subspace_blocks(fitted.models.card())
    build_indexes(store, blocks)
    again = find(fitted, item, weights=weights, filters=filters, approximate=True)
    pd.testing.assert_frame_equal(again, found)
