"""Stored maps: the 2-D layout of each subspace of a model, computed by UMAP and never by a page."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import NotReadyError, StorageError
from workbench.files import atomic_write
from workbench.progress import Progress
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True)
class Layout:
    """Where the items of one map lie: `ids` int64 [n], `xy` float32 [n, 2]."""

    ids: np.ndarray
    xy: np.ndarray


class MapStore:
    """The maps of a workspace, one file per model version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, version: str) -> Path:
        return self._folder / f"{version}.npz"

    def exists(self, version: str) -> bool:
        """Return whether the maps of a model version have been computed."""
        return self._file(version).is_file()

    def load(self, version: str) -> dict[str, Layout]:
        """Return the layout of each dimension.

        Raises
        ------
        NotReadyError
            If the maps of this version have not been computed.
        """
        if not self.exists(version):
            raise NotReadyError(
                f"The maps of model {version} have not been computed yet; run `workbench map`."
            )
        try:
            with np.load(self._file(version), allow_pickle=False) as stored:
                ids = stored["ids"]
                return {name: Layout(ids, stored[name]) for name in stored.files if name != "ids"}
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise StorageError(
                f"{self._file(version)} is damaged; delete it and run `workbench map`."
            ) from error

    def save(self, version: str, layouts: dict[str, Layout]) -> None:
        """Store the layouts of all dimensions of a model version (the same items in each)."""
        ids = next(iter(layouts.values())).ids
        with atomic_write(self._file(version)) as stream:
            arrays = {name: layout.xy for name, layout in layouts.items()}
            np.savez(stream, allow_pickle=False, ids=ids, **arrays)


def compute_maps(
    ws: Workspace,
    *,
    version: str | None = None,
    neighbours: int = 15,
    seed: int = 0,
    progress: Progress | None = None,
) -> str:
    """Lay out every subspace of a model in two dimensions, store the maps, return the version.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.
    neighbours
        UMAP's neighbourhood size; smaller catalogues use at most a third of their items.
    seed
        Makes the layout reproducible.
    progress
        Told about every dimension.

    Notes
    -----
    UMAP: McInnes, Healy and Melville 2018. A map starts from the layout of the parent version
    where there is one, moves in small steps and is turned to agree with it (Procrustes), so that
    an item keeps its place unless the model moved it.
    """
    progress = progress or Progress()
    card = ws.models.card(version)
    store, blocks = read_subspaces(ws, card.version)
    items = ws.catalogue.items()
    rows = np.flatnonzero(np.isin(store.ids, items.index.to_numpy()))
    if len(rows) < 4:
        raise NotReadyError("A map needs at least four items with vectors; import more music.")
    ids = store.ids[rows]
    previous = ws.maps.load(card.parent) if card.parent and ws.maps.exists(card.parent) else {}
    layouts = {}
    progress.stage("Drawing maps", len(blocks))
    for name, block in blocks.items():
        vectors = np.asarray(store.vectors[rows, block])
        start = _previous_places(previous.get(name), ids)
        xy = _umap(vectors, start, neighbours=neighbours, seed=seed)
        layouts[name] = Layout(ids, xy if start is None else _turned(xy, start))
        progress.advance(label=name)
    ws.maps.save(card.version, layouts)
    progress.close()
    return card.version


def _umap(
    vectors: np.ndarray, start: np.ndarray | None, *, neighbours: int, seed: int
) -> np.ndarray:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba and umap announce what a user cannot change
        import umap

        few = len(vectors) < 50  # a spectral start needs more points than this to be stable
        mapper = umap.UMAP(
            n_neighbors=int(np.clip(len(vectors) // 3, 2, neighbours)),
            min_dist=0.15,
            metric="euclidean",  # unit vectors: the same order as cosine, and faster
            init=start if start is not None else ("random" if few else "spectral"),
            learning_rate=1.0 if start is None else 0.1,
            n_epochs=None if start is None else 100,
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(mapper.fit_transform(vectors), dtype=np.float32)


def _turned(xy: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return places shifted, turned and mirrored to lie as near to `target` as they can."""
    centred = xy - xy.mean(axis=0)
    u, _, v = np.linalg.svd(centred.T @ (target - target.mean(axis=0)))
    return (centred @ (u @ v) + target.mean(axis=0)).astype(np.float32)


def _previous_places(previous: Layout | None, ids: np.ndarray) -> np.ndarray | None:
    """Return where items lay before, new ones in the middle, a little shaken to tell them apart.

    None if most of the items are new.
    """
    if previous is None:
        return None
    known = {int(item): place for item, place in zip(previous.ids, previous.xy, strict=True)}
    if sum(int(i) in known for i in ids) < len(ids) / 2:
        return None
    centre = previous.xy.mean(axis=0)
    places = np.stack([known.get(int(i), centre) for i in ids]).astype(np.float32)
    noise = np.random.default_rng(0).normal(scale=1e-3, size=places.shape)
    span = np.ptp(previous.xy, axis=0).max() or 1.0
    return (places + noise * span).astype(np.float32)
