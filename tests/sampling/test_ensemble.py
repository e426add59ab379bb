from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from songs_workspace import add_model
from synthetic import ENCODER, add_songs, judge, opinion

from workbench import Workspace
from workbench.sampling.ensemble import Ensemble, fit_ensemble

ITEMS = np.arange(1, 33)


def fit(ws: Workspace, dimension: str = "genre", seed: int = 0, **options: int) -> Ensemble | None:
    return fit_ensemble(ws, dimension, ITEMS, np.random.default_rng(seed), **options)


def test_before_any_answer_heads_differ_and_are_unit_vectors(songs_ws: Workspace) -> None:
    found = fit(songs_ws, heads=5)
    assert found is not None
    assert found.vectors.shape == (5, 32, 8)
    assert np.linalg.norm(found.vectors, axis=2) == pytest.approx(1, abs=1e-4)
    assert found.vectors.std(axis=0).mean() > 0.01
    assert found.ids.tolist() == ITEMS.tolist()


def test_answers_of_one_head_bring_the_others_to_its_side(songs_ws: Workspace) -> None:
    before = fit(songs_ws)
    assert before is not None
    rng = np.random.default_rng(1)
    rows = np.stack([rng.permutation(32)[:3] for _ in range(300)])
    heard = before.chances(rows)[:, 0] > 0.5
    asked = [("genre", *(row + 1), "ab"[not a]) for row, a in zip(rows, heard, strict=True)]
    judge(songs_ws, asked[:200])
    after = fit(songs_ws, seed=2)
    assert after is not None

    def agree(found: Ensemble) -> float:
        return float(((found.chances(rows[200:]) > 0.5) == heard[200:, None])[:, 1:].mean())

    assert agree(after) > agree(before) + 0.05


def test_one_log_and_seed_give_one_ensemble(songs_ws: Workspace) -> None:
    judge(songs_ws, opinion(ITEMS, 30, np.random.default_rng(2)))
    first, again = fit(songs_ws), fit(songs_ws)
    assert first is not None
    assert again is not None
    assert np.array_equal(first.vectors, again.vectors)


def test_heads_start_from_the_ancestor_that_learned_from_no_judgement(songs_ws: Workspace) -> None:
    taught = add_model(songs_ws, taught=True)
    found = fit(songs_ws)
    assert found is not None
    assert songs_ws.models.current() == taught == "v0002"
    assert found.model_version == "v0001"


def test_a_large_catalogue_is_looked_at_a_part_at_a_time(songs_ws: Workspace) -> None:
    found, other = fit(songs_ws, pool=10), fit(songs_ws, pool=10, seed=1)
    assert found is not None
    assert other is not None
    assert len(found.ids) == 10
    assert set(found.ids) < set(ITEMS)
    assert found.ids.tolist() != other.ids.tolist()


def test_items_without_vectors_are_left_out(songs_ws: Workspace) -> None:
    stored = songs_ws.vectors(ENCODER)
    stored.write(stored.ids[4:], np.array(stored.vectors[4:]))
    judge(songs_ws, opinion(ITEMS, 40, np.random.default_rng(3)))
    found = fit(songs_ws)
    assert found is not None
    assert found.ids.tolist() == ITEMS[4:].tolist()


@pytest.mark.parametrize("lack", ["model", "dimension", "gains", "vectors", "items"])
def test_there_is_none_where_there_is_nothing_to_start_from(tmp_path: Path, lack: str) -> None:
    ws = Workspace.create(tmp_path / "songs")
    add_songs(ws, 8)
    if lack != "model":
        add_model(ws, "mask" if lack == "gains" else "linear")
    if lack == "vectors":
        (ws.vectors(ENCODER).folder / "current").unlink()
    items = [1, 2] if lack == "items" else range(1, 9)
    dimension = "mood" if lack == "dimension" else "genre"
    assert fit_ensemble(ws, dimension, items, np.random.default_rng(0)) is None
