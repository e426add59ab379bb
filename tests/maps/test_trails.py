from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import NotReadyError, WorkbenchError
from workbench.maps.store import Drawing, Layout, MapFacts
from workbench.maps.trails import trails

IDS = np.arange(10, 50)


def places(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(IDS), 2)).astype(np.float32)


def save(
    ws: Workspace, version: str, xy: np.ndarray, *, on: str | None = None, at: str = "2026-01-01"
) -> None:
    """Store a map of genre alone, which lies on that of version `on`."""
    drawing = Drawing(aligned_to=on, known=1.0)
    facts = MapFacts(version, len(xy), created_at=at, drawings={"genre": drawing})
    ws.maps.save(version, {"genre": Layout(IDS[: len(xy)], xy)}, facts)


def test_trails_on_aligned_maps_are_the_stored_places(ws: Workspace) -> None:
    xy, moved = places(), places()
    moved[:4] += [2, 0]
    save(ws, "v0001", xy)
    save(ws, "v0002", moved, on="v0001", at="2026-02-01")
    found = trails(ws, "v0001", "v0002")["genre"]
    np.testing.assert_array_equal(found.ids, IDS)
    np.testing.assert_array_equal(found.before, xy)
    np.testing.assert_array_equal(found.after, moved)
    np.testing.assert_allclose(found.moved[:4], 2 / np.ptp(moved, axis=0).max(), rtol=1e-5)
    assert (found.moved[4:] == 0).all()


def test_maps_that_lie_on_a_common_one_are_taken_as_they_are(ws: Workspace) -> None:
    for version, on, at in (("v0001", None, "1"), ("v0002", "v0001", "2"), ("v0003", "v0001", "3")):
        save(ws, version, places(int(at)), on=on, at=at)
    found = trails(ws, "v0003", "v0002")["genre"]
    np.testing.assert_array_equal(found.before, places(3))


@pytest.mark.parametrize("linked", [False, True])
def test_other_maps_are_turned_and_scaled_onto_the_later(ws: Workspace, linked: bool) -> None:
    xy = places()
    angle = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]])
    save(ws, "v0001", (3 * xy @ angle * [1, -1] + 4).astype(np.float32), at="2026-03-01")
    # The link is void: the first map was drawn again after the second had been laid on it.
    save(ws, "v0002", xy, on="v0001" if linked else None, at="2026-02-01")
    found = trails(ws, "v0001", "v0002")["genre"]
    np.testing.assert_allclose(found.before, xy, atol=1e-4)
    np.testing.assert_array_equal(found.after, xy)
    assert found.moved.max() < 1e-4


def test_only_items_on_both_maps_have_trails(ws: Workspace) -> None:
    save(ws, "v0001", places()[:30])
    save(ws, "v0002", places(), on="v0001", at="2026-02-01")
    np.testing.assert_array_equal(trails(ws, "v0001", "v0002")["genre"].ids, IDS[:30])
    np.testing.assert_array_equal(trails(ws, "v0002", "v0001")["genre"].ids, IDS[:30])


def test_maps_with_nothing_in_common_are_told(ws: Workspace) -> None:
    save(ws, "v0001", places())
    ws.maps.save("v0002", {"tempo": Layout(IDS, places())})
    ws.maps.save("v0003", {"genre": Layout(IDS + 100, places())})
    for other in ("v0002", "v0003"):
        with pytest.raises(WorkbenchError, match="no dimension and items in common"):
            trails(ws, "v0001", other)
    with pytest.raises(NotReadyError, match="workbench map"):
        trails(ws, "v0001", "v0009")
