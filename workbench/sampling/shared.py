"""Ensembles on disk, so that of all processes that rate one workspace only one fits each.

Fifty pages that each fit for themselves would take the processor from those who answer. What is
drawn from an ensemble is drawn by each page for itself, as before.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.array_files import opened_arrays
from workbench.errors import WorkbenchError
from workbench.files import atomic_write, one_at_a_time
from workbench.sampling.ensemble import Ensemble

_log = logging.getLogger(__name__)
REFIT_AFTER = 10  # answers about a dimension
REFIT_SHARE = 0.02  # of the answers, where that is more: a few of thousands change nothing


@dataclass(frozen=True)
class State:
    """What an ensemble depends on: the current model and how many answers stand."""

    version: str | None
    judged: int

    def is_old(self, now: State) -> bool:
        """Return whether enough has changed for another fit."""
        enough = max(REFIT_AFTER, int(REFIT_SHARE * self.judged))
        return self.version != now.version or abs(self.judged - now.judged) >= enough


class StoredEnsembles:
    """The latest ensemble of each dimension, in a folder that may be deleted at any time.

    Parameters
    ----------
    folder
        Where they are; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, dimension: str, items: np.ndarray) -> tuple[Ensemble, State] | None:
        """Return the ensemble of a dimension and what it was fitted to.

        None where there is none for these items, or none that can be read.
        """
        try:
            with opened_arrays(self._path(dimension, ".npz")) as stored:
                about = json.loads(stored["about"].item())
                if about["dimension"] != dimension or about["items"] != _digest(items):
                    return None
                ensemble = Ensemble(stored["ids"], stored["vectors"], about["model_version"])
            return ensemble, State(about["version"], about["judged"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            _log.warning("A stored ensemble of %s cannot be read: %s", dimension, error)
            return None

    def write(self, dimension: str, items: np.ndarray, ensemble: Ensemble, state: State) -> None:
        """Put an ensemble in the place of the last one; where that is not possible, do nothing."""
        about = vars(state) | {"dimension": dimension, "items": _digest(items)}
        about["model_version"] = ensemble.model_version
        said = np.array(json.dumps(about))
        try:
            with atomic_write(self._path(dimension, ".npz")) as file:
                np.savez(file, ids=ensemble.ids, vectors=ensemble.vectors, about=said)
        except (OSError, WorkbenchError) as error:
            _log.warning("The ensemble of %s is not shared: %s", dimension, error)

    def one_process_at_a_time(self, dimension: str) -> AbstractContextManager[None]:
        """Wait until no other process fits this dimension; without locks nobody waits."""
        return one_at_a_time(self._path(dimension, ".lock"))

    def _path(self, dimension: str, suffix: str) -> Path:
        return self._folder / (hashlib.sha256(dimension.encode()).hexdigest()[:16] + suffix)


def _digest(items: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(items, dtype=np.int64).tobytes()).hexdigest()
