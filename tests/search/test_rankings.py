"""Rankings: newest stars, uses, and PageRank against a dense iteration written out."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.catalogue.tables import Assembly, Use
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.rankings import item_weights, ranking, rate, sociometric_scores

SONGS = {"a": [1, 2, 3], "b": [2, 3], "c": [3, 4], "d": [5], "e": [6, 7], "f": [2, 3]}


def dense_page_rank(songs: dict[str, list[int]], damping: float = 0.85) -> dict[int, float]:
    """Return PageRank by a plain power iteration over all pairs."""
    items = sorted({item for parts in songs.values() for item in parts})
    weight = {
        (i, j): sum(i in parts and j in parts for parts in songs.values()) if i != j else 0
        for i in items
        for j in items
    }
    rank = {i: 1 / len(items) for i in items}
    for _ in range(500):
        new = dict.fromkeys(items, (1 - damping) / len(items))
        for i in items:
            out = sum(weight[i, j] for j in items)
            for j in items:
                new[j] += damping * rank[i] * (weight[i, j] / out if out else 1 / len(items))
        rank = new
    return rank


@pytest.fixture
def built(ws: Workspace) -> Workspace:
    """Eight items and songs that were built of seven of them, one exported twice."""
    for number in range(8):
        ws.catalogue.add_item(kind="track", domain="audio", title=str(number))
    with ws.database.write() as session:
        session.add_all([Assembly(id=name, title=name, parts={}) for name in SONGS])
        session.flush()
        uses = [(name, item) for name, parts in SONGS.items() for item in parts]
        session.add_all(
            [Use(assembly_id=name, item_id=item) for name, item in [*uses, ("a", 1), ("a", 2)]]
        )
    return ws


def test_sociometric_scores_are_page_rank(built: Workspace) -> None:
    expected = dense_page_rank(SONGS)
    found = ranking(built)["sociometric"]
    assert found.sum() == pytest.approx(1)
    for item, rank in expected.items():
        assert found[item] == pytest.approx(rank, abs=1e-9)
    assert found.idxmax() == 3


def test_they_agree_with_networkx() -> None:
    networkx = pytest.importorskip("networkx")
    rng = np.random.default_rng(1)
    songs, items = rng.integers(0, 30, 150), rng.integers(0, 40, 150)
    songs, items = (np.unique(x, return_inverse=True)[1] for x in (songs, items))
    graph = networkx.Graph()
    graph.add_nodes_from(range(items.max() + 1))
    for song in range(songs.max() + 1):
        parts = sorted(set(items[songs == song].tolist()))
        for place, i in enumerate(parts):
            for j in parts[place + 1 :]:
                weight = graph.get_edge_data(i, j, {"weight": 0})["weight"]
                graph.add_edge(i, j, weight=weight + 1)
    expected = networkx.pagerank(graph, alpha=0.85, tol=1e-12, max_iter=1000)
    found = sociometric_scores(songs, items)
    np.testing.assert_allclose(found, [expected[i] for i in range(len(found))], atol=1e-8)


def test_uses_count_songs_not_exports(built: Workspace) -> None:
    uses = ranking(built)["uses"]
    assert uses[[1, 2, 3, 5]].tolist() == [1, 3, 4, 1]
    assert 8 not in uses.index


def test_the_newest_rating_of_each_rater_counts(built: Workspace) -> None:
    rate(built, 8, 1, rater="Ada")
    rate(built, 8, 5, rater="Ada")
    rate(built, 8, 2, rater="Ben")
    rate(built, 8, 2, rater="Ada", assembly_id="a")
    assert ranking(built)["stars"][8] == pytest.approx((5 + 2 + 2) / 3)


def test_stars_and_uses_make_one_order(built: Workspace) -> None:
    rate(built, 8, 5)
    rate(built, 3, 5)
    rate(built, 1, 1)
    order = ranking(built).index.tolist()
    assert order[:2] == [3, 8]
    assert order[-1] == 1


def test_weights_for_training_have_mean_one(built: Workspace) -> None:
    np.testing.assert_allclose(item_weights(built, [8]), [1])
    rate(built, 3, 5)
    rate(built, 1, 1)
    weights = item_weights(built, [1, 3, 8])
    assert weights.mean() == pytest.approx(1)
    assert weights[0] < weights[2] < weights[1]
    assert len(item_weights(built, [])) == 0


def test_a_workspace_without_songs_ranks_nothing(ws: Workspace) -> None:
    assert ranking(ws).empty
    assert len(sociometric_scores(np.zeros(0, int), np.zeros(0, int))) == 0


def test_stars_out_of_range_and_unknown_items_are_refused(built: Workspace) -> None:
    with pytest.raises(WorkbenchError, match="1 to 5 stars"):
        rate(built, 1, 6)
    with pytest.raises(UnknownNameError, match="no item 99"):
        rate(built, 99, 5)
