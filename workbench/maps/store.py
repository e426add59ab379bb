"""Stored maps: where the items of every subspace of a model lie, and what is known of each map."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workbench.array_files import Arrays, opened_arrays
from workbench.errors import NotReadyError, StorageError
from workbench.files import atomic_write, from_json

_LOG = logging.getLogger(__name__)
_FACTS = "facts"
_PLACES = "places/"  # before a dimension's name, which might be any word


@dataclass(frozen=True)
class Layout:
    """Where the items of one map lie: `ids` int64 [n], `xy` float32 [n, 2]."""

    ids: np.ndarray
    xy: np.ndarray

    def places(self, ids: np.ndarray) -> np.ndarray:
        """Return where items lie, float32 [len(ids), 2]; all of them are on the map."""
        order = np.argsort(self.ids)
        return np.asarray(self.xy[order[np.searchsorted(self.ids, ids, sorter=order)]])


@dataclass(frozen=True)
class Drawing:
    """How well one map shows its subspace, and how it came to lie as it does.

    Attributes
    ----------
    trustworthiness, continuity : float | None
        See `workbench.maps.quality`; None for maps that were stored without.
    neighbourhood : int | None
        The k of both.
    sample : int | None
        Over how many items both were measured.
    aligned_to : str | None
        The version on whose map it lies; None if it lies as it came out.
    known : float
        The share of items that were on that map.
    moved : float
        How far they moved on average, in units of that map's extent.
    """

    trustworthiness: float | None = None
    continuity: float | None = None
    neighbourhood: int | None = None
    sample: int | None = None
    aligned_to: str | None = None
    known: float = 0.0
    moved: float = 0.0


@dataclass(frozen=True)
class MapFacts:
    """What is known of the maps of one model version without reading where things lie.

    Attributes
    ----------
    version, parent
        The model's, and the version it comes from.
    items
        How many are on the maps.
    placed
        How many of them were added to finished maps.
    created_at
        When they were stored, UTC; None for maps that were stored without.
    seed, neighbours, min_dist
        How they were drawn.
    drawings
        What is known of each dimension's map.
    generation
        The write of vectors that they show (see `VectorStore.generation`).
    digest
        A hash of those vectors.
    """

    version: str
    items: int
    parent: str | None = None
    placed: int = 0
    created_at: str | None = None
    seed: int | None = None
    neighbours: int | None = None
    min_dist: float | None = None
    drawings: dict[str, Drawing] = field(default_factory=dict)
    generation: str | None = None
    digest: str | None = None


class MapStore:
    """The maps of a workspace, one file per model version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, version: str) -> Path:
        return self._folder / f"{version}.npz"

    def exists(self, version: str) -> bool:
        """Return whether the maps of a model version have been drawn."""
        return self._file(version).is_file()

    def load(self, version: str) -> dict[str, Layout]:
        """Return the layout of each dimension.

        Raises
        ------
        NotReadyError
            If the maps of this version have not been drawn.
        StorageError
            If their file is damaged.
        """
        with self._opened(version) as stored:
            ids = stored["ids"]
            layouts = {name: Layout(ids, stored[key]) for name, key in _places(stored).items()}
            if not layouts or any(layout.xy.shape != (len(ids), 2) for layout in layouts.values()):
                raise ValueError("places and ids differ in number")
            return layouts

    def ids(self, version: str) -> np.ndarray:
        """Return the items on the maps of a version, int64 [n]; the places are not read."""
        with self._opened(version) as stored:
            return np.asarray(stored["ids"])

    def facts(self, version: str) -> MapFacts:
        """Return what is known of the maps of a version; the places are not read.

        Raises
        ------
        NotReadyError, StorageError
            As `load`.
        """
        with self._opened(version) as stored:
            if _FACTS not in stored:  # written before facts were kept
                drawings = {name: Drawing() for name in _places(stored)}
                return MapFacts(version, items=len(stored["ids"]), drawings=drawings)
            told: dict[str, Any] = from_json(str(stored[_FACTS]))
            drawings = {name: Drawing(**drawing) for name, drawing in told["drawings"].items()}
            return MapFacts(**told | {"drawings": drawings})

    def save(
        self, version: str, layouts: Mapping[str, Layout], facts: MapFacts | None = None
    ) -> None:
        """Store the layouts of all dimensions of a model version (the same items in each)."""
        ids = next(iter(layouts.values())).ids
        if facts is None:
            facts = MapFacts(version, len(ids), drawings={name: Drawing() for name in layouts})
        places = {_PLACES + name: layout.xy for name, layout in layouts.items()}
        told = np.array(json.dumps(asdict(facts)))
        with atomic_write(self._file(version)) as stream:
            np.savez(stream, allow_pickle=False, ids=ids, **{_FACTS: told}, **places)
        _LOG.info("Maps stored", extra={"version": version, "items": len(ids)})

    @contextmanager
    def _opened(self, version: str) -> Iterator[Arrays]:
        """Open the file of a version and tell damage in a sentence."""
        file = self._file(version)
        if not file.is_file():
            raise NotReadyError(
                f"The maps of model {version} have not been drawn yet; run `workbench map`."
            )
        try:
            with opened_arrays(file) as stored:
                yield stored
        except (OSError, ValueError, AttributeError) as error:
            raise StorageError(f"{file} is damaged; delete it and run `workbench map`.") from error


def _places(stored: Arrays) -> dict[str, str]:
    """Return the array of each dimension; maps written before have no prefix and no facts."""
    if _FACTS in stored:
        names = [key for key in stored if key.startswith(_PLACES)]
        return {key.removeprefix(_PLACES): key for key in names}
    return {key: key for key in stored if key != "ids"}
