from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.errors import NotReadyError, StorageError
from workbench.maps.store import Drawing, Layout, MapFacts, MapStore


def layouts(*names: str) -> dict[str, Layout]:
    rng = np.random.default_rng(0)
    return {n: Layout(np.arange(5), rng.random((5, 2)).astype(np.float32)) for n in names}


def test_layouts_come_back_as_they_were_saved(tmp_path: Path) -> None:
    store, saved = MapStore(tmp_path / "maps"), layouts("a", "facts", "ids")
    assert not store.exists("v0001")
    store.save("v0001", saved)
    assert store.exists("v0001")
    found = store.load("v0001")
    assert list(found) == ["a", "facts", "ids"]  # names that the file uses itself do no harm
    for name, layout in found.items():
        np.testing.assert_array_equal(layout.ids, saved[name].ids)
        np.testing.assert_array_equal(layout.xy, saved[name].xy)
    np.testing.assert_array_equal(store.ids("v0001"), np.arange(5))


def test_facts_come_back_as_they_were_saved(tmp_path: Path) -> None:
    store = MapStore(tmp_path)
    drawing = Drawing(0.98, 0.95, 15, 5, aligned_to="v0001", known=0.8, moved=0.02)
    facts = MapFacts("v0002", 5, "v0001", 1, "2026-03-01T10:00:00+00:00", 3, 15, 0.1,
                     {"mood": drawing}, "abc", "def")  # fmt: skip
    store.save("v0002", layouts("mood"), facts)
    assert store.facts("v0002") == facts


def test_maps_saved_without_facts_have_what_can_be_counted(tmp_path: Path) -> None:
    store = MapStore(tmp_path)
    store.save("v0001", layouts("a", "b"))
    facts = store.facts("v0001")
    assert (facts.items, list(facts.drawings)) == (5, ["a", "b"])
    assert facts.drawings["a"].trustworthiness is None


def test_maps_of_the_first_format_are_read_and_their_quality_is_unknown(tmp_path: Path) -> None:
    store, saved = MapStore(tmp_path), layouts("genre", "mood")
    np.savez(tmp_path / "v0001.npz", ids=np.arange(5), **{n: x.xy for n, x in saved.items()})
    for name, layout in store.load("v0001").items():
        np.testing.assert_array_equal(layout.xy, saved[name].xy)
    facts = store.facts("v0001")
    assert (facts.items, facts.created_at, facts.generation) == (5, None, None)
    assert facts.drawings == {"genre": Drawing(), "mood": Drawing()}


def test_maps_not_drawn_yet_are_told_with_the_command(tmp_path: Path) -> None:
    for read in (MapStore(tmp_path).load, MapStore(tmp_path).facts, MapStore(tmp_path).ids):
        with pytest.raises(NotReadyError, match="workbench map"):
            read("v0001")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 torn", b"\x80\x04K\x01.", b"\x93NUMPY\x01\x00", None]
)
def test_a_damaged_file_is_told_with_the_way_out(tmp_path: Path, content: bytes | None) -> None:
    store = MapStore(tmp_path)
    store.save("v0001", layouts("a"))
    whole = (tmp_path / "v0001.npz").read_bytes()
    (tmp_path / "v0001.npz").write_bytes(whole[: len(whole) // 2] if content is None else content)
    for read in (store.load, store.facts, store.ids):
        with pytest.raises(StorageError, match="delete it and run `workbench map`"):
            read("v0001")


def test_facts_that_are_no_facts_are_told(tmp_path: Path) -> None:
    with (tmp_path / "v0001.npz").open("wb") as stream:
        np.savez(stream, ids=np.arange(3), facts=np.array('{"drawings": {"a": {"wrong": 1}}}'))
    with pytest.raises(StorageError, match="damaged"):
        MapStore(tmp_path).facts("v0001")


def test_places_and_ids_that_differ_in_number_are_damage(tmp_path: Path) -> None:
    np.savez(tmp_path / "v0001.npz", ids=np.arange(3), genre=np.zeros((4, 2), np.float32))
    with pytest.raises(StorageError, match="damaged"):
        MapStore(tmp_path).load("v0001")


def test_places_are_found_by_item_in_any_order() -> None:
    layout = Layout(np.array([7, 3, 5]), np.array([[7, 70], [3, 30], [5, 50]], np.float32))
    assert layout.places(np.array([5, 7])).tolist() == [[5, 50], [7, 70]]
