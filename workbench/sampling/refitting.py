"""Ensembles fitted again in the background as answers come, so that nobody waits.

Sessions of one process that share a workspace share its ensembles, and processes share them by
files (`shared`). A fit that fails is logged and the last one that succeeded stays in use.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from workbench.judgements.rows import JUDGED
from workbench.sampling.ensemble import Ensemble, fit_ensemble
from workbench.sampling.shared import REFIT_AFTER, State, StoredEnsembles

if TYPE_CHECKING:
    from workbench.workspace import Workspace

__all__ = ["REFIT_AFTER", "Ensembles", "ensembles_of"]

Fit = Callable[..., Ensemble | None]

_log = logging.getLogger(__name__)
_of_workspaces: weakref.WeakKeyDictionary[Workspace, Ensembles] = weakref.WeakKeyDictionary()
_opening = threading.Lock()


class Ensembles:
    """The latest ensemble of each dimension of a workspace.

    Parameters
    ----------
    fit
        ``fit(ws, dimension, items, rng)``, as `fit_ensemble`.
    """

    def __init__(self, fit: Fit = fit_ensemble) -> None:
        self._fit = fit
        self._latest: dict[str, Ensemble | None] = {}
        self._fitted: dict[str, State] = {}  # to what, whether or not it succeeded
        self._running: dict[str, threading.Thread] = {}
        self._changing = threading.Lock()
        self._one_at_a_time = threading.Lock()  # fits; a page needs its cores

    def latest(self, ws: Workspace, dimension: str, items: np.ndarray) -> Ensemble | None:
        """Return the last ensemble fitted, None before the first; start another if it is old.

        This never waits for a fit.
        """
        now = _state(ws, dimension)
        if dimension not in self._fitted:  # another process may have fitted it
            self._take_stored(ws, dimension, items, now)
        with self._changing:
            fitted = self._fitted.get(dimension)
            if (fitted is None or fitted.is_old(now)) and dimension not in self._running:
                self._running[dimension] = thread = threading.Thread(
                    target=self._in_background,
                    args=(ws, dimension, items, now),
                    name=f"ensemble of {dimension}",
                    daemon=True,  # a process that ends does not wait for it either
                )
                thread.start()
            return self._latest.get(dimension)

    def refit(self, ws: Workspace, dimension: str, items: np.ndarray) -> Ensemble | None:
        """Fit now and wait for it; one log of judgements gives one ensemble.

        Raises
        ------
        Exception
            Whatever stopped the fit.
        """
        return self._fit_to(ws, dimension, items, _state(ws, dimension), anew=True)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until no fit is running."""
        for thread in list(self._running.values()):
            thread.join(timeout_s)

    def _in_background(
        self, ws: Workspace, dimension: str, items: np.ndarray, state: State
    ) -> None:
        try:
            self._fit_to(ws, dimension, items, state)
        except Exception:
            _log.exception("The ensemble of %s could not be fitted; the old one stays", dimension)
            with self._changing:
                self._fitted[dimension] = state  # not repeated at once
        finally:
            _give_memory_back()
            with self._changing:
                del self._running[dimension]

    def _fit_to(
        self,
        ws: Workspace,
        dimension: str,
        items: np.ndarray,
        state: State,
        *,
        anew: bool = False,
    ) -> Ensemble | None:
        stored = _stored(ws)
        with self._one_at_a_time, stored.one_process_at_a_time(dimension):
            if not anew and self._take_stored(ws, dimension, items, state):  # while this one waited
                return self._latest[dimension]
            rng = np.random.default_rng([state.judged, len(dimension)])
            ensemble = self._fit(ws, dimension, items, rng)
            if ensemble is not None:
                stored.write(dimension, items, ensemble, state)
        with self._changing:
            self._latest[dimension], self._fitted[dimension] = ensemble, state
        return ensemble

    def _take_stored(self, ws: Workspace, dimension: str, items: np.ndarray, now: State) -> bool:
        """Take what another process has fitted, if it is not old; return whether it was."""
        found = _stored(ws).read(dimension, items)
        if found is None or found[1].is_old(now):
            return False
        with self._changing:
            self._latest[dimension], self._fitted[dimension] = found
        return True


def ensembles_of(ws: Workspace) -> Ensembles:
    """Return the ensembles that all sessions share which have this workspace open."""
    with _opening:
        return _of_workspaces.setdefault(ws, Ensembles())


def _give_memory_back() -> None:
    """Return to the system what a fit has freed: its arrays are large, and pages stay open."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # there may be no such call
        ctypes.CDLL(None).malloc_trim(0)


def _stored(ws: Workspace) -> StoredEnsembles:
    return StoredEnsembles(ws.cache_folder / "ensembles")


def _state(ws: Workspace, dimension: str) -> State:
    judged = ws.judgements.counts(choices=JUDGED).get(dimension, 0)
    return State(ws.models.current(), judged)
