"""Processes that rate one workspace share what one of them has fitted, and nothing else changes."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from synthetic import judge, opinion

from workbench import Workspace
from workbench.sampling.ensemble import Ensemble
from workbench.sampling.refitting import Ensembles
from workbench.sampling.shared import REFIT_AFTER, State, StoredEnsembles

ITEMS = np.arange(1, 33)


class CountedFit:
    """A fit that takes a moment and counts how often it ran."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(
        self, ws: Workspace, dimension: str, items: np.ndarray, rng: np.random.Generator
    ) -> Ensemble:
        self.count += 1
        time.sleep(0.05)
        return Ensemble(items, rng.normal(size=(3, len(items), 2)).astype(np.float32), "v1")


def test_of_many_processes_one_fits_and_all_use_it(songs_ws: Workspace) -> None:
    fit = CountedFit()
    others = [Ensembles(fit) for _ in range(8)]
    # Locks of files hold between open files, whether or not they are of one process.
    threads = [threading.Thread(target=e.latest, args=(songs_ws, "genre", ITEMS)) for e in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in others:
        each.wait()
    found = [each.latest(songs_ws, "genre", ITEMS) for each in others]
    assert fit.count == 1
    assert all(np.array_equal(each.vectors, found[0].vectors) for each in found)


def test_a_page_that_opens_later_has_the_ensemble_at_once(songs_ws: Workspace) -> None:
    fit = CountedFit()
    fitted = Ensembles(fit).refit(songs_ws, "genre", ITEMS)
    found = Ensembles(fit).latest(songs_ws, "genre", ITEMS)
    assert found is not None
    assert fitted is not None
    assert np.array_equal(found.ids, fitted.ids)
    assert found.model_version == fitted.model_version
    assert fit.count == 1


def test_what_is_shared_is_what_each_would_have_fitted(fitted: Workspace) -> None:
    ids = fitted.catalogue.items(kind="song").index.to_numpy()
    judge(fitted, opinion(ids, 30, np.random.default_rng(0)))
    own = Ensembles().refit(fitted, "genre", ids)
    shared = Ensembles().latest(fitted, "genre", ids)
    again = Ensembles().refit(fitted, "genre", ids)
    assert own is not None
    assert shared is not None
    assert again is not None
    assert np.array_equal(shared.vectors, own.vectors)
    assert np.array_equal(shared.vectors, again.vectors)


@pytest.mark.parametrize("change", ["items", "model", "answers", "damage"])
def test_what_is_old_or_of_others_or_damaged_is_fitted_anew(
    songs_ws: Workspace, change: str, monkeypatch
) -> None:
    fit = CountedFit()
    Ensembles(fit).refit(songs_ws, "genre", ITEMS)
    items = ITEMS
    if change == "items":
        items = ITEMS[1:]
    elif change == "model":
        monkeypatch.setattr(songs_ws.models, "current", lambda: "another")
    elif change == "answers":
        judge(songs_ws, opinion(ITEMS, REFIT_AFTER, np.random.default_rng(0)))
    else:
        file = next((songs_ws.cache_folder / "ensembles").glob("*.npz"))
        file.write_bytes(file.read_bytes()[:200])
    later = Ensembles(fit)
    later.latest(songs_ws, "genre", items)
    later.wait()
    assert fit.count == 2


def test_dimensions_are_kept_apart(tmp_path) -> None:
    stored = StoredEnsembles(tmp_path / "not yet there")
    for number, name in enumerate(("genre", "tempo", "a/../b")):
        ensemble = Ensemble(ITEMS, np.full((1, 32, 2), number, np.float32), "v1")
        stored.write(name, ITEMS, ensemble, State("v1", number))
    for number, name in enumerate(("genre", "tempo", "a/../b")):
        ensemble, state = stored.read(name, ITEMS)
        assert (ensemble.vectors == number).all()
        assert state == State("v1", number)
    assert stored.read("mood", ITEMS) is None


def test_where_nothing_can_be_written_everybody_fits_alone(tmp_path) -> None:
    (tmp_path / "file").touch()
    stored = StoredEnsembles(tmp_path / "file" / "below")
    with stored.one_process_at_a_time("genre"):
        ensemble = Ensemble(ITEMS, np.zeros((1, 32, 2), np.float32), "v1")
        stored.write("genre", ITEMS, ensemble, State(None, 0))
    assert stored.read("genre", ITEMS) is None


@pytest.mark.parametrize(
    ("judged", "more", "old"),
    [
        (0, 9, False),
        (0, 10, True),
        (400, 10, True),
        (5000, 99, False),
        (5000, 100, True),
        (5000, -100, True),
    ],
)
def test_the_more_answers_there_are_the_more_have_to_come(
    judged: int, more: int, old: bool
) -> None:
    assert State("v1", judged).is_old(State("v1", judged + more)) is old
