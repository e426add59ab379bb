from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.search.similar import find_similar, pair_relevance
from workbench.search.subspaces import read_subspaces


def naive_ranking(ws: Workspace, query: int, weights: dict[str, float]) -> list[tuple[float, int]]:
    store, blocks = read_subspaces(ws)
    total = sum(weights.values())
    ranking = []
    for item in store.ids.tolist():
        if item != query:
            x, y = store.rows([query, item]).astype(float)
            cosine = sum(w / total * (x[blocks[n]] @ y[blocks[n]]) for n, w in weights.items())
            ranking.append((-cosine, item))
    return sorted(ranking)


@pytest.mark.parametrize("weights", [{"genre": 1.0}, {"tempo": 3.0, "key": 1.0, "mood": 0.0}])
def test_the_nearest_are_those_of_a_loop_over_weighted_cosines(
    fitted_once: Workspace, weights: dict[str, float]
) -> None:
    for query in (1, 8, 15):
        found = find_similar(fitted_once, query, weights=weights, count=7)
        expected = naive_ranking(fitted_once, query, weights)[:7]
        assert found.index.tolist() == [item for _, item in expected]
        relevance = [1 - np.sqrt(2 + 2 * minus_cosine) / 2 for minus_cosine, _ in expected]
        np.testing.assert_allclose(found["relevance"], relevance, atol=1e-3)


def test_by_default_all_dimensions_count_the_same(fitted_once: Workspace) -> None:
    names = fitted_once.models.card().dimensions
    by_default, by_name = (
        find_similar(fitted_once, 3, weights=w, count=20) for w in (None, dict.fromkeys(names, 2.0))
    )
    assert by_default.index.tolist() == by_name.index.tolist()
    assert list(by_default.columns) == ["title", "artist", "kind", "relevance", *names]


def test_all_items_but_the_query_can_be_asked_for(fitted_once: Workspace) -> None:
    found = find_similar(fitted_once, 3, count=1000)
    assert sorted([*found.index, 3]) == fitted_once.catalogue.items().index.tolist()
    assert found["relevance"].is_monotonic_decreasing
    assert found["relevance"].between(0, 1).all()
    for count in (0, -5):
        assert len(find_similar(fitted_once, 3, count=count)) == 0


def test_only_items_of_a_kind_can_be_asked_for(fitted_once: Workspace) -> None:
    found = find_similar(fitted_once, 1, kind="track", count=100)
    assert set(found["kind"]) == {"track"}
    assert len(found) == 40


def test_relevance_of_a_pair_is_one_minus_half_the_distance(fitted_once: Workspace) -> None:
    store, blocks = read_subspaces(fitted_once)
    x, y = store.rows([2, 9])
    found = pair_relevance(fitted_once, 2, 9)
    for name, block in blocks.items():
        expected = 1 - np.linalg.norm(x[block] - y[block]) / 2
        assert found[name] == pytest.approx(expected, abs=1e-3)
    assert all(v == pytest.approx(1, abs=1e-3) for v in pair_relevance(fitted_once, 2, 2).values())


def test_of_equals_the_older_item_comes_first(fitted: Workspace) -> None:
    source = fitted.vectors("descriptors-1")
    vectors = np.array(source.vectors)
    vectors[:] = vectors[0]
    fitted.vectors("descriptors-1").write(source.ids, vectors)
    from workbench.search.subspaces import write_subspaces

    write_subspaces(fitted, fitted.models.load())
    assert find_similar(fitted, 4, count=100).index.tolist() == [
        i for i in source.ids.tolist() if i != 4
    ]


@pytest.mark.parametrize(
    ("weights", "error", "reason"),
    [
        ({"loudness": 1.0}, UnknownNameError, "'loudness'"),
        ({}, WorkbenchError, "above zero"),
        ({"genre": 0.0}, WorkbenchError, "above zero"),
        ({"genre": 2.0, "key": -1.0}, WorkbenchError, "negative"),
        ({"genre": float("nan")}, WorkbenchError, "above zero"),
        ({"genre": float("inf")}, WorkbenchError, "above zero"),
    ],
)
def test_weights_that_mean_nothing_are_refused(
    fitted_once: Workspace, weights: dict[str, float], error: type[WorkbenchError], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        find_similar(fitted_once, 1, weights=weights)


def test_an_item_that_is_not_there_or_not_embedded_is_told(fitted: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="no item 999"):
        find_similar(fitted, 999)
    silent = fitted.catalogue.add_item(kind="song", domain="audio", title="Later")
    with pytest.raises(NotReadyError, match="workbench embed"):
        find_similar(fitted, silent)
