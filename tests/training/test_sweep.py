"""Sweeps over the options of heads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import CancelledError, UnknownNameError, WorkbenchError
from workbench.evaluation.answers import answers
from workbench.evaluation.scores import Score, count_right
from workbench.progress import Progress
from workbench.subspaces.triplets import relations, sample_triplets
from workbench.training import sweep as module
from workbench.training.initial import HeadOptions
from workbench.training.sweep import sweep


class Impatient(Progress):
    """Ask to stop after a few folds."""

    def __init__(self, folds: int) -> None:
        self.left = folds

    def advance(self, count: int = 1, label: str = "") -> None:
        self.left -= count

    def cancelled(self) -> bool:
        return self.left <= 0


def test_every_combination_has_a_row_and_the_best_is_first(fitted: Workspace, tmp_path) -> None:
    found = sweep(
        fitted, {"width": [2, 16, 16], "rate": [0.5, 1], "steps": [4]}, tmp_path, processes=1
    )
    assert {tuple(row) for row in found.table[["width", "rate"]].to_numpy()} == {
        (2, 0.5), (2, 1), (16, 0.5), (16, 1),
    }  # fmt: skip
    assert found.table["k"].is_monotonic_decreasing
    assert (found.computed, found.failures) == (12, {})
    stored = pd.read_csv(tmp_path / "sweep.csv")
    np.testing.assert_allclose(stored["overall"], found.table["overall"])
    assert len(json.loads((tmp_path / "sweep.json").read_text())["combinations"]) == 4
    assert set(found.table["pull"]) == {HeadOptions().pull}


def test_a_fold_is_scored_on_songs_that_took_no_part(
    fitted: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads that answer by the vectors as they are, counted again by hand."""
    asked: list[np.ndarray] = []
    encoder = module.encoder_with_vectors(fitted).key
    store = fitted.vectors(encoder)
    width = store.vectors.shape[1]

    def plain(ws, ids, normaliser, *_args, **_options):
        asked.append(ids)
        return {name: {"weight": np.eye(width, dtype=np.float32)} for name in relations(ws, [])}, []

    class Nothing:
        fit = staticmethod(lambda _raw, _blocks: lambda raw: raw)

    monkeypatch.setattr(module, "weighted_heads", plain)
    monkeypatch.setattr(module, "Normaliser", Nothing)
    row = sweep(fitted, {"width": [width]}, tmp_path, processes=1).table.iloc[0]
    items = fitted.catalogue.items()
    songs = items[items["kind"] == "song"]
    expected, tested = Score(), []
    for fold, seen in enumerate(asked):
        unseen = songs.index[~songs.index.isin(seen)].to_numpy()
        assert not set(songs.loc[unseen, "artist"]) & set(songs["artist"][songs.index.isin(seen)])
        assert not items.loc[seen, "parent_id"].isin(unseen).any()
        x = np.asarray(store.rows(unseen), dtype=np.float64)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        for relation in relations(fitted, unseen.tolist()).values():
            rng = np.random.default_rng([0, fold])
            expected += count_right(answers(x, sample_triplets(relation, 1000, rng)))
        tested += unseen.tolist()
    assert sorted(tested) == songs.index.tolist()
    assert row["n"] == expected.n
    assert row["k"] == pytest.approx(expected.k, abs=0.002 * expected.n)  # float32 beside float64


def test_a_stopped_sweep_goes_on_and_ends_as_if_it_had_not(fitted: Workspace, tmp_path) -> None:
    grid = {"width": [4, 8], "steps": [4]}
    whole = sweep(fitted, grid, tmp_path / "whole", processes=1)
    with pytest.raises(CancelledError, match="kept"):
        sweep(fitted, grid, tmp_path / "parted", processes=1, progress=Impatient(2))
    again = sweep(fitted, grid, tmp_path / "parted", processes=1)
    assert again.computed == 4
    pd.testing.assert_frame_equal(again.table, whole.table)
    more = sweep(fitted, {"width": [4, 8, 12], "steps": [4]}, tmp_path / "parted", processes=1)
    assert more.computed == 3


def test_other_tags_are_fitted_anew(fitted: Workspace, tmp_path: Path) -> None:
    assert sweep(fitted, {"width": [4], "steps": [4]}, tmp_path, processes=1).computed == 3
    song = int(fitted.catalogue.items(kind="song").index[0])
    fitted.catalogue.set_tags({song: [TagValue("genre", "polka", "test")]})
    assert sweep(fitted, {"width": [4], "steps": [4]}, tmp_path, processes=1).computed == 3


def test_processes_find_what_one_finds(fitted: Workspace, tmp_path: Path) -> None:
    grid = {"pull": [1.0, 10.0], "steps": [4]}
    one = sweep(fitted, grid, tmp_path / "one", processes=1)
    two = sweep(fitted, grid, tmp_path / "two", processes=2)
    pd.testing.assert_frame_equal(one.table, two.table, rtol=0.01)


@pytest.mark.parametrize(
    ("grid", "error", "words"),
    [
        ({"depth": [1]}, UnknownNameError, "no option 'depth'"),
        ({"width": [0]}, WorkbenchError, "whole number above zero"),
        ({"width": [2.5]}, WorkbenchError, "whole number above zero"),
        ({"rate": [float("nan")]}, WorkbenchError, "number above zero"),
        ({}, WorkbenchError, "at least one option"),
        ({"rate": []}, WorkbenchError, "at least one option"),
    ],
)
def test_a_grid_that_cannot_be_used_is_told(
    ws: Workspace, tmp_path: Path, grid: dict, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        sweep(ws, grid, tmp_path)
