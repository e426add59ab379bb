from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from synthetic import judge, opinion

from workbench import Workspace
from workbench.sampling.ensemble import Ensemble
from workbench.sampling.refitting import REFIT_AFTER, Ensembles, ensembles_of

ITEMS = np.arange(1, 33)


class Fits:
    """A fit that can be held up and can fail, and counts how often it ran."""

    def __init__(self) -> None:
        self.may_go_on, self.fails, self.count = threading.Event(), False, 0
        self.at_once = self.most_at_once = 0
        self.may_go_on.set()

    def __call__(
        self, ws: Workspace, dimension: str, items: np.ndarray, rng: np.random.Generator
    ) -> Ensemble:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.may_go_on.wait(30)
        self.at_once -= 1
        self.count += 1
        if self.fails:
            raise RuntimeError("no memory left")
        return Ensemble(items, np.zeros((1, len(items), 2), np.float32), f"v{self.count}")


@pytest.fixture
def fits() -> Fits:
    return Fits()


def answers(ws: Workspace, count: int, seed: int) -> None:
    judge(ws, opinion(ITEMS, count, np.random.default_rng(seed)))


def version(found: Ensemble | None) -> str | None:
    return None if found is None else found.model_version


def test_nobody_waits_for_a_fit(songs_ws: Workspace, fits: Fits) -> None:
    ensembles = Ensembles(fits)
    fits.may_go_on.clear()
    assert ensembles.latest(songs_ws, "genre", ITEMS) is None  # returns although the fit is held up
    assert ensembles.latest(songs_ws, "genre", ITEMS) is None
    fits.may_go_on.set()
    ensembles.wait()
    assert version(ensembles.latest(songs_ws, "genre", ITEMS)) == "v1"
    assert fits.count == 1


def test_the_old_ensemble_is_used_while_a_new_one_is_fitted(
    songs_ws: Workspace, fits: Fits
) -> None:
    ensembles = Ensembles(fits)
    ensembles.refit(songs_ws, "genre", ITEMS)
    answers(songs_ws, REFIT_AFTER, 0)
    fits.may_go_on.clear()
    assert version(ensembles.latest(songs_ws, "genre", ITEMS)) == "v1"
    fits.may_go_on.set()
    ensembles.wait()
    assert version(ensembles.latest(songs_ws, "genre", ITEMS)) == "v2"


def test_ten_answers_about_the_dimension_make_a_new_ensemble(
    songs_ws: Workspace, fits: Fits
) -> None:
    ensembles = Ensembles(fits)

    def fitted() -> int:
        ensembles.latest(songs_ws, "genre", ITEMS)
        ensembles.wait()
        return fits.count

    assert fitted() == 1
    answers(songs_ws, REFIT_AFTER - 1, 0)
    judge(songs_ws, opinion(ITEMS, 20, np.random.default_rng(1), dimension="tempo"))
    assert fitted() == 1
    answers(songs_ws, 1, 2)
    assert fitted() == 2
    assert fitted() == 2


def test_a_failure_leaves_the_old_one_in_use_and_is_not_repeated_at_once(
    songs_ws: Workspace, fits: Fits, caplog: pytest.LogCaptureFixture
) -> None:
    ensembles = Ensembles(fits)
    ensembles.refit(songs_ws, "genre", ITEMS)
    fits.fails = True
    answers(songs_ws, REFIT_AFTER, 0)
    for _ in range(3):
        assert version(ensembles.latest(songs_ws, "genre", ITEMS)) == "v1"
        ensembles.wait()
    assert fits.count == 2
    assert "no memory left" in caplog.text
    fits.fails = False
    answers(songs_ws, REFIT_AFTER, 1)
    ensembles.latest(songs_ws, "genre", ITEMS)
    ensembles.wait()
    assert version(ensembles.latest(songs_ws, "genre", ITEMS)) == "v3"


def test_sessions_at_the_same_time_start_one_fit_and_dimensions_take_turns(
    songs_ws: Workspace, fits: Fits
) -> None:
    ensembles = Ensembles(fits)
    names = ["genre", "tempo"] * 8
    threads = [
        threading.Thread(target=ensembles.latest, args=(songs_ws, name, ITEMS)) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ensembles.wait()
    assert fits.count == 2
    assert fits.most_at_once == 1


def test_sessions_of_one_workspace_share_its_ensembles_and_they_go_with_it(
    songs_ws: Workspace,
) -> None:
    assert ensembles_of(songs_ws) is ensembles_of(songs_ws)
    other = Workspace(songs_ws.root)
    theirs = ensembles_of(other)
    assert theirs is not ensembles_of(songs_ws)
    theirs.refit(other, "genre", ITEMS)
    gone = weakref.ref(theirs)
    del other, theirs
    gc.collect()
    assert gone() is None


def test_a_refit_says_what_went_wrong(songs_ws: Workspace, fits: Fits) -> None:
    fits.fails = True
    with pytest.raises(RuntimeError, match="memory"):
        Ensembles(fits).refit(songs_ws, "genre", ITEMS)
