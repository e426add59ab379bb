from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import WorkbenchError
from workbench.exchange.arrays import load_arrays, of_items, of_judgements, save_arrays


def test_rows_say_that_the_second_is_closer(judged: Workspace) -> None:
    table = judged.judgements.table()
    arrays = of_judgements(table)
    decided = table[table["choice"].isin(["a", "b"])].to_dict("records")
    assert len(arrays) == len(decided)
    for triplet, name, row in zip(arrays.items.tolist(), arrays.dimensions, decided, strict=True):
        other = {"a": "b", "b": "a"}[row["choice"]]
        assert triplet == [row["anchor_id"], row[f"{row['choice']}_id"], row[f"{other}_id"]]
        assert name == row["dimension"]
    assert arrays.triplets.max() == len(arrays.ids) - 1


def test_queries_and_responses_say_the_same(judged: Workspace) -> None:
    arrays = of_judgements(judged.judgements.table())
    queries, responses = arrays.counts()
    assert set(responses.tolist()) == {1, -1}
    for triplet, (i, j, k), response in zip(arrays.triplets, queries, responses, strict=True):
        assert triplet.tolist() == ([i, j, k] if response == 1 else [i, k, j])
        assert j < k


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_arrays_come_back(judged: Workspace, tmp_path: Path, suffix: str) -> None:
    arrays = of_judgements(judged.judgements.table())
    save_arrays(tmp_path / f"t{suffix}", arrays)
    found = load_arrays(tmp_path / f"t{suffix}")
    assert np.array_equal(found.triplets, arrays.triplets)
    assert np.array_equal(found.ids, arrays.ids)
    if suffix == ".npz":
        assert np.array_equal(found.dimensions, arrays.dimensions)
        raw = np.load(tmp_path / "t.npz")
        assert set(raw) == {"triplets", "queries", "responses", "ids", "dimensions"}


def test_queries_alone_are_enough_and_bare_numbers_are_item_ids(tmp_path: Path) -> None:
    np.savez(tmp_path / "q.npz", queries=[[7, 3, 9], [7, 9, 3]], responses=[-1, 1])
    assert load_arrays(tmp_path / "q.npz").items.tolist() == [[7, 9, 3], [7, 9, 3]]
    np.save(tmp_path / "t.npy", np.array([[7, 3, 9]]))
    assert load_arrays(tmp_path / "t.npy").ids.tolist() == [3, 7, 9]


def test_no_triplets_are_empty_arrays(tmp_path: Path) -> None:
    save_arrays(tmp_path / "none.npz", of_items([]))
    found = load_arrays(tmp_path / "none.npz")
    assert found.triplets.shape == found.items.shape == (0, 3)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"triplets": np.array([[1, 2]])}, "holds no triplets"),
        ({"triplets": np.array([[1.0, 2.0, 3.0]])}, "holds no triplets"),
        ({"other": np.array([1])}, "holds no triplets"),
        ({"triplets": np.array([[0, 1, 5]]), "ids": np.array([1, 2])}, "rows that it does not"),
        ({"triplets": np.array([[0, -1, 1]]), "ids": np.array([1, 2])}, "rows that it does not"),
        ({"queries": np.array([[0, 1, 2]]), "responses": np.array([0])}, "no response of 1 or -1"),
        ({"triplets": np.array([[object()] * 3])}, "cannot be read as arrays"),
    ],
)
def test_what_is_no_triplets_is_one_sentence(
    tmp_path: Path, arrays: dict[str, np.ndarray], sentence: str
) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(WorkbenchError, match=sentence):
        load_arrays(tmp_path / "bad.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", b"\x93NUMPY\x01\x00torn"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(WorkbenchError, match=r"damaged|cannot be read"):
        load_arrays(tmp_path / "bad.npz")
    with pytest.raises(WorkbenchError, match="There is no file"):
        load_arrays(tmp_path / "none.npz")
    with pytest.raises(WorkbenchError, match="suffix"):
        save_arrays(tmp_path / "x.txt", of_items([]))
