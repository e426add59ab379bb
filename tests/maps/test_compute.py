from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from postgres import copied
from synthetic import ENCODER, add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, WorkbenchError
from workbench.maps import compute
from workbench.maps.compute import compute_maps
from workbench.maps.layout import extent
from workbench.maps.store import Layout
from workbench.search.subspaces import read_subspaces
from workbench.training.initial import fit_initial, store_model


@pytest.fixture(scope="module")
def mapped(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    ws = Workspace.create(tmp_path_factory.mktemp("maps") / "workspace")
    add_songs(ws, 60)
    ws.catalogue.add_item(kind="song", domain="symbolic", title="A score")
    fit_initial(ws)
    compute_maps(ws)
    return ws


@pytest.fixture
def own(mapped: Workspace, tmp_path: Path) -> Workspace:
    """A copy that a test may change."""
    return copied(mapped, tmp_path / "own")


def child_of(
    ws: Workspace, change: Callable[[np.ndarray], np.ndarray] = lambda weight: weight
) -> str:
    """Store a model that differs from the first in the head of genre alone; return its version."""
    parent = ws.models.load("v0001")
    heads = dict(parent.heads)
    heads["genre"] = {"weight": change(parent.heads["genre"]["weight"])}
    child = replace(parent, card=replace(parent.card, parent="v0001"), heads=heads)
    return store_model(ws, child, promote=False).version


def far(ws: Workspace, name: str, before: str, after: str) -> np.ndarray:
    """How far each item lies from where it lay, in units of the map."""
    old, new = ws.maps.load(before)[name], ws.maps.load(after)[name]
    return np.linalg.norm(new.xy - old.xy, axis=1) / extent(old.xy)


def embed_more(ws: Workspace, count: int) -> np.ndarray:
    """Add songs that sound almost as the first ones do; return their ids."""
    store = ws.vectors(ENCODER)
    new = [ws.catalogue.add_item(kind="song", domain="audio", title=f"New {i}")
           for i in range(count)]  # fmt: skip
    vectors = np.concatenate([store.vectors, store.vectors[:count] + 1e-3])
    store.write(np.concatenate([store.ids, new]), vectors)
    return np.array(new)


def test_every_dimension_has_a_place_for_every_sound(mapped: Workspace) -> None:
    found = mapped.maps.load("v0001")
    assert list(found) == mapped.models.card().dimensions
    sounds = mapped.catalogue.items(domain="audio").index.to_numpy()
    for layout in found.values():
        np.testing.assert_array_equal(layout.ids, sounds)
        assert layout.xy.shape == (len(sounds), 2)
        assert np.isfinite(layout.xy).all()


def test_items_that_share_a_genre_lie_together_on_its_map(mapped: Workspace) -> None:
    layout = mapped.maps.load("v0001")["genre"]
    tags = mapped.catalogue.tags("genre").set_index("item_id")["value"].loc[layout.ids].to_numpy()
    apart = np.linalg.norm(layout.xy[:, None] - layout.xy[None], axis=2)
    same = tags[:, None] == tags[None, :]
    np.fill_diagonal(apart, np.nan)
    assert np.nanmean(apart[same]) < 0.7 * np.nanmean(apart[~same])


def test_what_is_known_of_a_map_is_stored_with_it(mapped: Workspace) -> None:
    from sklearn.manifold import trustworthiness

    facts = mapped.maps.facts("v0001")
    store, blocks = read_subspaces(mapped)
    assert (facts.items, facts.placed, facts.parent) == (60, 0, None)
    assert (facts.neighbours, facts.min_dist, facts.seed) == (15, 0.15, 0)
    assert facts.generation == store.generation
    for name, layout in mapped.maps.load("v0001").items():
        drawing = facts.drawings[name]
        expected = trustworthiness(store.vectors[:, blocks[name]], layout.xy, n_neighbors=15)
        assert drawing.trustworthiness == pytest.approx(expected, abs=1e-4)
        assert (drawing.neighbourhood, drawing.sample, drawing.aligned_to) == (15, 60, None)


def test_maps_that_are_up_to_date_stay(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "follow", None)  # calling it would fail
    assert compute_maps(own).done == "fresh"


def test_drawn_again_they_are_the_same_and_other_settings_draw_others(own: Workspace) -> None:
    before = own.maps.load("v0001")["mood"].xy
    assert compute_maps(own, again=True).done == "drawn"
    np.testing.assert_array_equal(own.maps.load("v0001")["mood"].xy, before)
    report = compute_maps(own, seed=3, neighbours=8)
    assert report.done == "drawn"
    assert (report.facts.seed, report.facts.neighbours) == (3, 8)
    assert not np.allclose(own.maps.load("v0001")["mood"].xy, before)


def test_the_map_of_a_new_version_lies_as_its_parents(own: Workspace) -> None:
    def shaken(weight: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(0)
        return (weight + 0.2 * weight.std() * rng.normal(size=weight.shape)).astype(np.float32)

    version = child_of(own, shaken)
    facts = compute_maps(own, version=version, seed=5).facts
    stranger = store_model(own, own.models.load("v0001"), promote=False).version
    compute_maps(own, version=stranger, seed=5)
    for name, drawing in facts.drawings.items():
        moved = far(own, name, "v0001", version)
        assert drawing.aligned_to == facts.parent == "v0001"
        assert drawing.known == 1
        assert drawing.moved == pytest.approx(moved.mean(), rel=1e-3)
        assert moved.mean() < 0.5 * far(own, name, "v0001", stranger).mean()
    unchanged = [d.moved for name, d in facts.drawings.items() if name != "genre"]
    assert max(unchanged) < 1e-5 < facts.drawings["genre"].moved


def test_a_subspace_that_has_nothing_of_its_parents_is_drawn_anew(own: Workspace) -> None:
    def other(weight: np.ndarray) -> np.ndarray:
        return np.random.default_rng(1).normal(size=weight.shape).astype(np.float32)

    version = child_of(own, other)
    drawing = compute_maps(own, version=version).facts.drawings["genre"]
    assert drawing.aligned_to == "v0001"
    assert drawing.moved > 0.1
    assert drawing.trustworthiness is not None
    alone = store_model(
        own,
        replace(own.models.load(version), card=replace(own.models.card(version), parent=None)),
        promote=False,
    )
    expected = compute_maps(own, version=alone.version).facts.drawings["genre"]
    assert drawing.trustworthiness == pytest.approx(expected.trustworthiness, abs=0.05)


def test_a_few_new_items_are_placed_beside_the_others(own: Workspace) -> None:
    before = own.maps.load("v0001")
    new = embed_more(own, 4)
    report = compute_maps(own)
    assert (report.done, report.facts.items, report.facts.placed) == ("placed", 64, 4)
    assert own.maps.facts("v0001") == report.facts
    for name, layout in own.maps.load("v0001").items():
        np.testing.assert_array_equal(layout.places(before[name].ids), before[name].xy)
        apart = np.linalg.norm(layout.places(new) - before[name].xy[:4], axis=1)
        assert np.median(apart) < 0.15 * extent(layout.xy)
    assert compute_maps(own).done == "fresh"


def test_many_new_items_are_laid_out_with_the_others_which_stay(own: Workspace) -> None:
    embed_more(own, 4)
    compute_maps(own)
    embed_more(own, 4)  # four and four are more than a tenth
    report = compute_maps(own)
    assert (report.done, report.facts.items, report.facts.placed) == ("drawn", 68, 0)
    for drawing in report.facts.drawings.values():
        assert drawing.known == pytest.approx(64 / 68)
        assert drawing.moved < 0.1


def test_vectors_that_changed_are_not_taken_for_those_that_were_drawn(own: Workspace) -> None:
    store, _ = read_subspaces(own)
    store.write(store.ids, np.roll(store.vectors, 7, axis=0))
    assert compute_maps(own).done == "drawn"
    assert own.maps.facts("v0001").drawings["genre"].trustworthiness > 0.8  # type: ignore[operator]


def test_vectors_written_again_as_they_were_are_taken_for_the_same(own: Workspace) -> None:
    store, _ = read_subspaces(own)
    before = own.maps.facts("v0001")
    store.write(store.ids, np.array(store.vectors))
    assert compute_maps(own).done == "fresh"
    after = own.maps.facts("v0001")
    assert after == replace(before, generation=read_subspaces(own)[0].generation)


def test_damaged_maps_are_drawn_again(own: Workspace) -> None:
    (own.root / "maps" / "v0001.npz").write_bytes(b"PK\x03\x04 torn")
    assert compute_maps(own).done == "drawn"
    assert own.maps.facts("v0001").items == 60


def test_a_damaged_map_of_the_parent_is_done_without(own: Workspace) -> None:
    (own.root / "maps" / "v0001.npz").write_bytes(b"PK\x03\x04 torn")
    facts = compute_maps(own, version=child_of(own)).facts
    assert {drawing.aligned_to for drawing in facts.drawings.values()} == {None}


def test_maps_of_the_first_format_keep_their_position(own: Workspace) -> None:
    old = own.maps.load("v0001")
    ids = old["genre"].ids
    np.savez(
        own.root / "maps" / "v0001.npz",
        ids=ids,
        **{name: layout.xy @ [[0, 1], [1, 0]] for name, layout in old.items()},
    )
    report = compute_maps(own)
    assert report.done == "drawn"
    assert {drawing.aligned_to for drawing in report.facts.drawings.values()} == {"v0001"}
    for name, layout in own.maps.load("v0001").items():
        for axis in (0, 1):
            alike = np.corrcoef(layout.xy[:, axis], old[name].xy[:, 1 - axis])[0, 1]
            assert alike > 0.5


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_items_have_maps(own: Workspace, count: int) -> None:
    store = own.vectors(ENCODER)
    store.write(store.ids[:count], np.array(store.vectors[:count]))
    facts = compute_maps(own).facts
    assert facts.items == count
    assert facts.drawings["genre"].trustworthiness is None
    for layout in own.maps.load("v0001").values():
        assert np.isfinite(layout.xy).all()


def test_without_items_there_is_nothing_to_draw(own: Workspace) -> None:
    store = own.vectors(ENCODER)
    store.write(store.ids[:0], np.array(store.vectors[:0]))
    with pytest.raises(NotReadyError, match="workbench embed"):
        compute_maps(own)


@pytest.mark.parametrize(
    "setting", [{"neighbours": 1}, {"neighbours": 31}, {"min_dist": -0.1}, {"min_dist": 1.0}]
)
def test_settings_that_cannot_be_used_are_told(mapped: Workspace, setting: dict) -> None:
    with pytest.raises(WorkbenchError, match="2 to 30 neighbours"):
        compute_maps(mapped, **setting)


def test_layouts_saved_by_others_are_gone_on_from(own: Workspace) -> None:
    layouts = own.maps.load("v0001")
    own.maps.save("v0001", {n: Layout(x.ids[:50], x.xy[:50]) for n, x in layouts.items()})
    drawing = compute_maps(own).facts.drawings["genre"]
    assert drawing.known == pytest.approx(50 / 60)
