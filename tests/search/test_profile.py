"""Profiles of sets and of results, against plain loops over pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.search.find import find
from workbench.search.profile import profile, results_profile
from workbench.search.subspaces import read_subspaces


def naive_relevance(ws: Workspace, dimension: str, ids: list[int]) -> list[float]:
    """Return 1 - D / 2 of every pair of items."""
    store, blocks = read_subspaces(ws)
    vectors = np.asarray(store.rows(ids))[:, blocks[dimension]].astype(float)
    return [1 - float(np.linalg.norm(x - y)) / 2 for x, y in combinations(vectors, 2)]


def songs(ws: Workspace) -> list[int]:
    return [int(item) for item in ws.catalogue.items(kind="song", domain="audio").index]


def test_set_is_as_alike_as_the_mean_of_its_pairs(fitted_once: Workspace) -> None:
    ids = songs(fitted_once)[:7]
    table = profile(fitted_once, ids)
    assert list(table.index) == fitted_once.models.card().dimensions
    for dimension, row in table.iterrows():
        mean = np.mean(naive_relevance(fitted_once, str(dimension), ids))
        assert row["relevance"] == pytest.approx(mean, abs=1e-5)
        assert row["low"] < row["high"]


def test_catalogue_is_the_mean_of_pairs_of_the_same_kinds(fitted_once: Workspace) -> None:
    everything = songs(fitted_once)
    table = profile(fitted_once, everything[:4])
    for dimension, row in table.iterrows():
        pairs = naive_relevance(fitted_once, str(dimension), everything)
        error = np.std(pairs) / np.sqrt(20_000)
        assert row["catalogue"] == pytest.approx(np.mean(pairs), abs=5 * error)


def test_interval_is_that_of_a_bootstrap_over_items(fitted_once: Workspace) -> None:
    ids = songs(fitted_once)[:9]
    table = profile(fitted_once, ids)
    store, blocks = read_subspaces(fitted_once)
    rng = np.random.default_rng(11)
    name = table.index[0]
    vectors = np.asarray(store.rows(ids))[:, blocks[name]].astype(float)
    means = []
    for _ in range(2000):
        drawn = rng.integers(0, len(ids), len(ids))
        pairs = [1 - np.linalg.norm(vectors[i] - vectors[j]) / 2
                 for i, j in combinations(drawn, 2) if i != j]  # fmt: skip
        means.append(np.mean(pairs))
    low, high = np.percentile(means, [2.5, 97.5])
    spread = high - low
    assert table.loc[name, "low"] == pytest.approx(low, abs=0.15 * spread)
    assert table.loc[name, "high"] == pytest.approx(high, abs=0.15 * spread)


def test_seed_makes_it_reproducible_and_order_and_repeats_change_nothing(
    fitted_once: Workspace,
) -> None:
    ids = songs(fitted_once)[:6]
    first = profile(fitted_once, ids)
    assert first.equals(profile(fitted_once, [*reversed(ids), ids[0]]))
    assert (profile(fitted_once, ids, seed=1)["low"] != first["low"]).any()


def test_pieces_with_the_same_tag_are_more_alike_there(fitted_once: Workspace) -> None:
    tags = fitted_once.catalogue.tags("genre").set_index("item_id")["value"]
    wanted = [item for item in songs(fitted_once) if tags.get(item) == tags.iloc[0]]
    row = profile(fitted_once, wanted).loc["genre"]
    assert row["low"] > row["catalogue"]


def test_large_sets_are_drawn_from(fitted_once: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.search import profile as module

    ids = songs(fitted_once)
    exact = profile(fitted_once, ids)
    monkeypatch.setattr(module, "_MEMBERS", 12)
    drawn = profile(fitted_once, ids)
    assert (drawn["items"] == 12).all()
    assert (exact["items"] == len(ids)).all()
    assert (
        (drawn["low"] - 0.05 < exact["relevance"]) & (exact["relevance"] < drawn["high"] + 0.05)
    ).all()


def test_fewer_than_two_items_is_one_sentence(fitted_once: Workspace) -> None:
    for ids in ([], songs(fitted_once)[:1], [999_999, songs(fitted_once)[0]]):
        with pytest.raises(NotReadyError, match="at least two"):
            profile(fitted_once, ids)


def test_results_are_the_mean_and_range_of_what_is_found(fitted_once: Workspace) -> None:
    query = songs(fitted_once)[0]
    table, results = results_profile(fitted_once, query, count=5)
    found = find(fitted_once, query, count=5)
    assert list(results.index) == list(found.index)
    store, blocks = read_subspaces(fitted_once)
    items = fitted_once.catalogue.items()
    own_parts = {query, *items.index[items["parent_id"] == query]}
    everything = [int(item) for item in store.ids if item not in own_parts]
    for name, block in blocks.items():
        assert table.loc[name, "relevance"] == pytest.approx(found[name].mean())
        assert table.loc[name, "low"] == pytest.approx(found[name].min())
        assert table.loc[name, "high"] == pytest.approx(found[name].max())
        own = np.asarray(store.rows([query]))[0, block].astype(float)
        others = np.asarray(store.rows(everything))[:, block].astype(float)
        usual = 1 - np.linalg.norm(others - own, axis=1) / 2
        assert table.loc[name, "catalogue"] == pytest.approx(usual.mean(), abs=1e-3)
