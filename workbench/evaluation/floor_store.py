"""The floors of a workspace: computed from the sound once per item, then kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.array_files import opened_arrays
from workbench.errors import StorageError, WorkbenchError
from workbench.evaluation.floors import (
    Codebook,
    Floor,
    frame_statistics,
    mfcc_codebook,
    mfcc_frames,
    mfcc_histograms,
    standardised,
)
from workbench.features.spectral import SAMPLE_RATE
from workbench.files import atomic_write
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.subspaces.model import Model
    from workbench.subspaces.store import ModelCard
    from workbench.vectors.store import VectorStore
    from workbench.workspace import Workspace

RAW, EVEN = "encoder", "encoder, standardised"
STATISTICS, QUANTISED = "MFCC statistics", "MFCC-VQ"
_STORES = {STATISTICS: "floor-mfcc-1", QUANTISED: "floor-mfcc-vq-1"}
FLOOR_SETS = tuple(_STORES.values())
"""Vectors that are always files: the codebook they are counted by lies beside them."""
_CODEBOOK_ITEMS = 200  # enough for 1024 words, and few enough to hold in memory
_KEEP_EVERY = 100  # items; what an interruption can lose


def workspace_floors(
    ws: Workspace, model: Model, ids: np.ndarray, *, progress: Progress | None = None
) -> tuple[dict[str, Floor], dict[int, str]]:
    """Return the floors of a model on some items.

    Parameters
    ----------
    ws
        The workspace.
    model
        The model; its encoder's vectors are two of the floors.
    ids
        The n items, int64 [n].
    progress
        Told about every item whose sound has to be read.

    Returns
    -------
    floors
        ``encoder`` (its vectors as they are, cosine), ``encoder, standardised`` (each column
        standardised and each block of equal length, cosine: what heads start from),
        ``MFCC statistics`` (each column standardised, Euclidean) and ``MFCC-VQ`` (Euclidean).
        Items without sound have rows of NaN.
    silent
        Why the sound of an item could not be read, by item.
    """
    raw = ws.vectors(model.card.encoder).rows(ids)
    floors = {RAW: Floor(raw, "cosine"), EVEN: Floor(model.normaliser(raw), "cosine")}
    stores = {name: _store(ws, key) for name, key in _STORES.items()}
    silent = _compute(ws, stores, ids, progress or Progress())
    heard = ~np.isin(ids, list(silent))
    for name, store in stores.items():
        if heard.any():
            floors[name] = _of_sound(name, store, ids, heard)
    return floors, silent


def stored_floors(ws: Workspace, card: ModelCard, ids: np.ndarray) -> dict[str, Floor]:
    """Return the floors of a model that can be had without reading sounds or weights.

    Parameters
    ----------
    ws, card
        The workspace and the model's card.
    ids
        The n items, int64 [n]; each has a vector of the model's encoder.

    Returns
    -------
    ``encoder``, and those of `workspace_floors` that an evaluation has stored. Items whose sound it
    did not read have rows of NaN.
    """
    floors = {RAW: Floor(ws.vectors(card.encoder).rows(ids), "cosine")}
    for name, key in _STORES.items():
        store = _store(ws, key)
        heard = np.isin(ids, store.ids) if store.exists else np.zeros(len(ids), bool)
        if heard.any():
            floors[name] = _of_sound(name, store, ids, heard)
    return floors


def _store(ws: Workspace, key: str) -> VectorStore:
    """Return the vectors of one of `FLOOR_SETS`."""
    from workbench.vectors.store import VectorStore

    return VectorStore(ws.root / "vectors" / key)


def _of_sound(name: str, store: VectorStore, ids: np.ndarray, heard: np.ndarray) -> Floor:
    found = store.rows(ids[heard])
    if name == STATISTICS:
        found = standardised(found)
    rows = np.full((len(ids), found.shape[1]), np.nan, np.float32)
    rows[heard] = found
    return Floor(rows, "euclidean")


def _compute(
    ws: Workspace, stores: dict[str, VectorStore], ids: np.ndarray, progress: Progress
) -> dict[int, str]:
    """Fill the stores for `ids`; return the items whose sound cannot be read, and why."""
    from workbench.audio.decode import decode

    done = [set(store.ids.tolist()) if store.exists else set() for store in stores.values()]
    missing = [int(i) for i in np.unique(ids) if not all(int(i) in d for d in done)]
    silent: dict[int, str] = {}
    if not missing:
        return silent
    file = stores[QUANTISED].folder / "codebook.npz"
    codebook = _load_codebook(file)
    waiting: dict[int, np.ndarray] = {}
    statistics: dict[int, np.ndarray] = {}
    histograms: dict[int, np.ndarray] = {}
    order = np.random.default_rng(0).permutation(missing)  # any item may teach the codebook
    progress.stage("Reading sounds for the floors", len(missing))
    for number, item_id in enumerate(order.tolist(), start=1):
        try:
            frames = mfcc_frames(decode(ws.catalogue.media_path(item_id)).mono(SAMPLE_RATE))
            statistics[item_id] = frame_statistics(frames)
            waiting[item_id] = frames
        except WorkbenchError as error:
            silent[item_id] = str(error)
        last = number == len(order)
        if codebook is None and waiting and (last or len(waiting) == _CODEBOOK_ITEMS):
            codebook = mfcc_codebook(list(waiting.values()))
            _save_codebook(file, codebook)
        if codebook is not None:
            counted = mfcc_histograms(list(waiting.values()), codebook)
            histograms |= dict(zip(waiting, counted, strict=True))
            waiting = {}
            if last or len(histograms) >= _KEEP_EVERY:
                _add(stores[STATISTICS], statistics)
                _add(stores[QUANTISED], histograms)
                statistics, histograms = {}, {}
        progress.advance()
    progress.close()
    return silent


def _add(store: VectorStore, rows: dict[int, np.ndarray]) -> None:
    """Add rows to a store; one that is there already stays as it is."""
    if not rows:
        return
    ids: Sequence[np.ndarray] = [np.array(list(rows), dtype=np.int64)]
    vectors: Sequence[np.ndarray] = [np.array(list(rows.values()), dtype=np.float32)]
    if store.exists:
        ids, vectors = [store.ids, *ids], [np.asarray(store.vectors), *vectors]
    all_ids, first = np.unique(np.concatenate(ids), return_index=True)
    store.write(all_ids, np.concatenate(vectors)[first])


def _load_codebook(file: Path) -> Codebook | None:
    """Return the stored codebook, so that items counted later are counted alike."""
    try:
        with opened_arrays(file) as arrays:
            return Codebook(arrays["mean"], arrays["scale"], arrays["words"])
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StorageError(
            f"{file} is damaged; delete {file.parent} and run the command again."
        ) from error


def _save_codebook(file: Path, codebook: Codebook) -> None:
    with atomic_write(file) as stream:
        np.savez(stream, **vars(codebook))
