"""Ensembles fitted again in the background as answers come, so that nobody waits.

Sessions of one process that share a workspace share its ensembles. A fit that fails is logged and
the last one that succeeded stays in use.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.judgements.rows import JUDGED
from workbench.sampling.ensemble import Ensemble, fit_ensemble

if TYPE_CHECKING:
    from workbench.workspace import Workspace

REFIT_AFTER = 10  # answers about a dimension
Fit = Callable[..., Ensemble | None]

_log = logging.getLogger(__name__)
_of_workspaces: weakref.WeakKeyDictionary[Workspace, Ensembles] = weakref.WeakKeyDictionary()
_opening = threading.Lock()


@dataclass(frozen=True)
class _State:
    """What an ensemble depends on: the current model and how many answers stand."""

    version: str | None
    judged: int

    def is_old(self, now: _State) -> bool:
        return self.version != now.version or abs(self.judged - now.judged) >= REFIT_AFTER


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
        self._fitted: dict[str, _State] = {}  # to what, whether or not it succeeded
        self._running: dict[str, threading.Thread] = {}
        self._changing = threading.Lock()
        self._one_at_a_time = threading.Lock()  # fits; a page needs its cores

    def latest(self, ws: Workspace, dimension: str, items: np.ndarray) -> Ensemble | None:
        """Return the last ensemble fitted, None before the first; start another if it is old.

        This never waits for a fit.
        """
        now = _state(ws, dimension)
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
        return self._fit_to(ws, dimension, items, _state(ws, dimension))

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until no fit is running."""
        for thread in list(self._running.values()):
            thread.join(timeout_s)

    def _in_background(
        self, ws: Workspace, dimension: str, items: np.ndarray, state: _State
    ) -> None:
        try:
            self._fit_to(ws, dimension, items, state)
        except Exception:
            _log.exception("The ensemble of %s could not be fitted; the old one stays", dimension)
        finally:
            with self._changing:
                self._fitted[dimension] = state  # a failure is not repeated at once
                del self._running[dimension]

    def _fit_to(
        self, ws: Workspace, dimension: str, items: np.ndarray, state: _State
    ) -> Ensemble | None:
        with self._one_at_a_time:
            rng = np.random.default_rng([state.judged, len(dimension)])
            ensemble = self._fit(ws, dimension, items, rng)
        with self._changing:
            self._latest[dimension], self._fitted[dimension] = ensemble, state
        return ensemble


def ensembles_of(ws: Workspace) -> Ensembles:
    """Return the ensembles that all sessions share which have this workspace open."""
    with _opening:
        return _of_workspaces.setdefault(ws, Ensembles())


def _state(ws: Workspace, dimension: str) -> _State:
    judged = ws.judgements.counts(choices=JUDGED).get(dimension, 0)
    return _State(ws.models.current(), judged)
